//! The verification with a security key: the client that it is plugged into signs the challenge.

use crate::flow::conversation::{Conversation, Unanswered};
use crate::http::CookieClient;
use crate::model::Timestamp;
use crate::okta::webauthn::{
    AssertionRequest, CheckedAssertion, KeyAssertion, Verification, WebAuthnChallenge,
    WebAuthnError, decode_base64url, encode_base64url,
};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, AskKind, KeyChallenge, KeySigned, PinUse};

/// A key blinks for half a minute; the user may have to find it first.
const MAX_TOUCH_SECONDS: i64 = 60;

/// A challenge, and what else the user can do.
pub(super) struct KeyRequest<'a> {
    pub(super) challenge: &'a WebAuthnChallenge,
    /// When the transaction ends.
    pub(super) expires_at: Option<Timestamp>,
    /// Whether another factor can be chosen.
    pub(super) can_change: bool,
}

/// What the user did.
pub(super) enum KeyOutcome {
    Signed(CheckedAssertion),
    OtherFactor,
}

/// Has a security key sign the challenge, and checks its answer.
///
/// # Errors
/// If the challenge is not for this org, no client can ask the key, or the answer does not match.
pub(super) async fn sign(
    request: KeyRequest<'_>,
    client: &CookieClient,
    conversation: &impl Conversation,
) -> Result<KeyOutcome, Report> {
    let assertion_request = request.challenge.for_org(client.org())?;
    let seconds = match (request.expires_at, client.server_time()) {
        (Some(end), Some(now)) => end.seconds_since(now).clamp(1, MAX_TOUCH_SECONDS),
        _ => MAX_TOUCH_SECONDS,
    };
    let ask = Ask::SecurityKey {
        challenge: to_wire(&assertion_request, seconds.unsigned_abs()),
        can_change: request.can_change,
    };
    match conversation.ask(ask).await? {
        Answer::SecurityKey(signed) => {
            let answer = assertion_request.check(from_wire(&signed)?)?;
            Ok(KeyOutcome::Signed(answer))
        }
        Answer::OtherFactor if request.can_change => Ok(KeyOutcome::OtherFactor),
        _ => Err(Unanswered::Mismatched(AskKind::SecurityKey).into()),
    }
}

fn to_wire(assertion_request: &AssertionRequest, seconds: u64) -> KeyChallenge {
    let ids = assertion_request.credential_ids.iter();
    KeyChallenge {
        rp_id: assertion_request.rp_id.clone(),
        app_id: assertion_request.app_id.clone(),
        client_data: assertion_request.client_data.clone(),
        credential_ids: ids.map(|id| encode_base64url(id)).collect(),
        pin: match assertion_request.verification {
            Verification::Required => PinUse::Required,
            Verification::Preferred => PinUse::Preferred,
            Verification::Discouraged => PinUse::Discouraged,
        },
        seconds,
    }
}

fn from_wire(signed: &KeySigned) -> Result<KeyAssertion, WebAuthnError> {
    let bytes = |text: &str| decode_base64url(text).ok_or(WebAuthnError::Shape);
    Ok(KeyAssertion {
        credential_id: bytes(&signed.credential_id)?,
        authenticator_data: bytes(&signed.authenticator_data)?,
        signature: bytes(signed.signature.0.expose())?,
    })
}

/// Returns the report of an answer that Okta refused, without Okta's reason.
pub(super) fn refused() -> Report {
    Report::new(
        ErrorCode::OktaKeyRefused,
        "Okta does not accept the security key's answer",
    )
    .hint("`ob login` tries again; if it stays so, set the key up anew in your Okta settings")
}
