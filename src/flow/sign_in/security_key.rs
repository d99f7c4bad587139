//! A security key, in either pipeline: what it is asked goes to the client beside which it is plugged in, its
//! answer is looked at before it goes to Okta.

use crate::flow::{Conversation, Unanswered};
use crate::http::CookieClient;
use crate::model::Timestamp;
use crate::okta::webauthn::{
    AssertionRequest, CheckedAssertion, KeyAssertion, Verification, WebAuthnChallenge,
    WebAuthnError, decode_base64url, encode_base64url,
};
use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, KeyChallenge, KeySigned, PinUse};

/// A key blinks half a minute by itself; nobody looks for one longer than this, in seconds.
const TOUCH: i64 = 60;

/// One question to a key.
pub(in crate::flow) struct Asked<'a> {
    pub(in crate::flow) challenge: &'a WebAuthnChallenge,
    /// When the transaction ends, and the challenge with it.
    pub(in crate::flow) ends: Option<Timestamp>,
    pub(in crate::flow) can_change: bool,
}

/// What became of it.
pub(in crate::flow) enum Touched {
    Signed(CheckedAssertion),
    OtherFactor,
}

/// Has a key beside the person sign the challenge.
///
/// # Errors
/// When the challenge is not for this org, nobody is there, or the answer is not one to the question.
pub(in crate::flow) async fn touch(
    asked: Asked<'_>,
    browser: &CookieClient,
    conversation: &impl Conversation,
) -> Result<Touched, Report> {
    let demand = asked.challenge.for_org(browser.org())?;
    let left = match (asked.ends, browser.server_time()) {
        (Some(end), Some(now)) => end.seconds_since(now).clamp(1, TOUCH),
        _ => TOUCH,
    };
    let ask = Ask::SecurityKey {
        challenge: on_the_wire(&demand, left.unsigned_abs()),
        can_change: asked.can_change,
    };
    let question = ask.kind();
    match conversation.ask(ask).await? {
        Answer::SecurityKey(signed) => Ok(Touched::Signed(demand.check(read(signed)?)?)),
        Answer::OtherFactor if asked.can_change => Ok(Touched::OtherFactor),
        _ => Err(Unanswered::Mismatched(question).into()),
    }
}

fn on_the_wire(demand: &AssertionRequest, seconds: u64) -> KeyChallenge {
    let ids = demand.credential_ids.iter();
    KeyChallenge {
        rp_id: demand.rp_id.clone(),
        app_id: demand.app_id.clone(),
        client_data: demand.client_data.clone(),
        credential_ids: ids.map(|id| encode_base64url(id)).collect(),
        pin: match demand.verification {
            Verification::Required => PinUse::Required,
            Verification::Preferred => PinUse::Preferred,
            Verification::Discouraged => PinUse::Discouraged,
        },
        seconds,
    }
}

fn read(signed: KeySigned) -> Result<KeyAssertion, WebAuthnError> {
    let bytes = |text: &str| decode_base64url(text).ok_or(WebAuthnError::Shape);
    Ok(KeyAssertion {
        credential_id: bytes(&signed.credential_id)?,
        authenticator_data: bytes(&signed.authenticator_data)?,
        signature: bytes(signed.signature.0.expose())?,
    })
}

/// A key's answer that Okta turned down, to be given Okta's reason.
pub(in crate::flow) fn refused() -> Report {
    Report::new(
        ErrorCode::OktaKeyRefused,
        "Okta does not accept the security key's answer",
    )
    .hint("`ob login` tries again; if it stays so, set the key up anew in your Okta settings")
}
