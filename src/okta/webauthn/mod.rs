//! A security key's part in a sign-in: what it is asked to sign, and whether its answer is one to the question.
//!
//! The relying party is the org's host as it was used, whatever the server would like: a key's answer for one
//! site must be worth nothing to another. (W3C "Web Authentication" Level 2, 5.8.1 "Client Data", 5.10.4
//! "User Verification", 6.1 "Authenticator Data", 10.1 "FIDO AppID Extension".)

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD, URL_SAFE_NO_PAD,
};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use thiserror::Error;
use url::{Host, Url};

use super::json::{text, text_at};
use crate::model::{OKTA_DOMAINS, Org};
use crate::report::{Exit, Report};

/// More keys than anybody has.
const MOST_KEYS: usize = 64;
/// The bytes of a credential's id (CTAP 2.1, 6.1: no key takes more).
const LONGEST_ID: usize = 1023;
/// The bytes of a challenge: Okta's have 15, the standard wants 16 at the least.
const CHALLENGE: std::ops::RangeInclusive<usize> = 8..=512;
/// Hash, flags and counter: all there is in an answer without extensions.
const DATA: usize = 37;
const LONGEST_DATA: usize = 1024;
/// An RSA key's signature may be as long; P-256's has 72 bytes at the most.
const LONGEST_SIGNATURE: usize = 1024;
/// The person was there.
const PRESENT: u8 = 1;
/// The key knows who the person is.
const VERIFIED: u8 = 1 << 2;
/// A new credential is described: never in an answer to this question.
const ATTESTED: u8 = 1 << 6;
const EXTENDED: u8 = 1 << 7;

/// base64url; some servers pad it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a security key is asked to sign, as Okta wrote it: not to be believed before [`Self::for_org`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthnChallenge {
    /// base64url, as received.
    pub challenge: String,
    /// The keys that may answer, base64url.
    pub credential_ids: Vec<String>,
    /// `required`, `preferred`, `discouraged`.
    pub user_verification: Option<String>,
    /// For keys that were enrolled as U2F: the old app id.
    pub app_id: Option<String>,
    /// The relying party that the server names, if it does.
    pub rp_id: Option<String>,
}

impl WebAuthnChallenge {
    /// From the object with `challenge` in it and the ids of the keys that may answer.
    pub(super) fn parse<'a>(
        challenge: &Value,
        credential_ids: impl Iterator<Item = &'a str>,
    ) -> Option<Self> {
        Some(Self {
            challenge: text(challenge, "challenge")?.to_owned(),
            credential_ids: credential_ids.map(str::to_owned).collect(),
            user_verification: text(challenge, "userVerification").map(str::to_owned),
            app_id: text_at(challenge, "/extensions/appid").map(str::to_owned),
            rp_id: text(challenge, "rpId").map(str::to_owned),
        })
    }

    /// What a key is really asked, at this org.
    ///
    /// # Errors
    /// When the challenge or a key's id is none, or the relying party is somebody else.
    pub fn for_org(&self, org: &Org) -> Result<AssertionRequest, WebAuthnError> {
        let challenge = decode_base64url(&self.challenge).ok_or(WebAuthnError::Challenge)?;
        if !CHALLENGE.contains(&challenge.len()) {
            return Err(WebAuthnError::Challenge);
        }
        let mut credential_ids: Vec<Vec<u8>> = Vec::new();
        for id in &self.credential_ids {
            let id = decode_base64url(id).ok_or(WebAuthnError::CredentialId)?;
            if id.is_empty() || id.len() > LONGEST_ID {
                return Err(WebAuthnError::CredentialId);
            }
            if !credential_ids.contains(&id) {
                credential_ids.push(id);
            }
        }
        if credential_ids.is_empty() || credential_ids.len() > MOST_KEYS {
            return Err(WebAuthnError::NoKeys);
        }
        let origin = json!(org.origin()).to_string();
        Ok(AssertionRequest {
            rp_id: checked_rp_id(org, self.rp_id.as_deref())?,
            // One that is not the org's belongs to keys that could not be used here by any browser either.
            app_id: self
                .app_id
                .clone()
                .filter(|app_id| is_app_id_of(org, app_id)),
            client_data: format!(
                r#"{{"type":"webauthn.get","challenge":"{}","origin":{origin},"crossOrigin":false}}"#,
                URL_SAFE_NO_PAD.encode(challenge)
            ),
            credential_ids,
            verification: match self.user_verification.as_deref() {
                Some("required") => Verification::Required,
                Some("discouraged") => Verification::Discouraged,
                // What a browser does with a word it does not know.
                _ => Verification::Preferred,
            },
        })
    }
}

/// Whether the key has to know the person, by its PIN or a finger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    Required,
    Preferred,
    Discouraged,
}

/// What a key is asked, checked and complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionRequest {
    pub rp_id: String,
    /// Stands for the relying party where a key was enrolled as U2F.
    pub app_id: Option<String>,
    /// The JSON text of which the key signs the hash.
    pub client_data: String,
    pub credential_ids: Vec<Vec<u8>>,
    pub verification: Verification,
}

/// What a key answered, as it came from the client's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAssertion {
    pub credential_id: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl AssertionRequest {
    /// Takes an answer to this question; whether the signature is right only Okta can tell.
    ///
    /// # Errors
    /// When another key answered, for another site, without a person, or in another shape.
    pub fn check(&self, answer: KeyAssertion) -> Result<CheckedAssertion, WebAuthnError> {
        if !self.credential_ids.contains(&answer.credential_id) {
            return Err(WebAuthnError::OtherKey);
        }
        let data = &answer.authenticator_data;
        let signature = answer.signature.len();
        if !(DATA..=LONGEST_DATA).contains(&data.len())
            || !(1..=LONGEST_SIGNATURE).contains(&signature)
        {
            return Err(WebAuthnError::Shape);
        }
        let (hash, flags) = (&data[..32], data[32]);
        let extended = flags & EXTENDED != 0;
        if flags & ATTESTED != 0 || extended != (data.len() > DATA) {
            return Err(WebAuthnError::Shape);
        }
        let is_of = |site: &str| digest(&SHA256, site.as_bytes()).as_ref() == hash;
        if !is_of(&self.rp_id) && !self.app_id.as_deref().is_some_and(is_of) {
            return Err(WebAuthnError::OtherSite);
        }
        if flags & PRESENT == 0 {
            return Err(WebAuthnError::NotPresent);
        }
        if self.verification == Verification::Required && flags & VERIFIED == 0 {
            return Err(WebAuthnError::NotVerified);
        }
        Ok(CheckedAssertion {
            client_data: self.client_data.clone().into_bytes(),
            authenticator_data: answer.authenticator_data,
            signature: answer.signature,
        })
    }
}

/// A security key's answer, raw bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAssertion {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl CheckedAssertion {
    /// Its members as Okta's sign-in page sends them, in both pipelines: standard base64.
    pub(super) fn members(&self) -> Value {
        json!({
            "clientData": STANDARD.encode(&self.client_data),
            "authenticatorData": STANDARD.encode(&self.authenticator_data),
            "signatureData": STANDARD.encode(&self.signature),
        })
    }
}

/// The relying party: the org's host, or a domain above it that the server names and that is nobody else's.
///
/// # Errors
/// When the server names another site.
pub fn checked_rp_id(org: &Org, named: Option<&str>) -> Result<String, WebAuthnError> {
    let named = named.unwrap_or(org.host()).to_ascii_lowercase();
    match is_at_or_above(org, &named) {
        true => Ok(named),
        false => Err(WebAuthnError::RelyingParty(named)),
    }
}

/// Whether `client_data` is of a sign-in at this org: what the client looks at before a key signs it.
pub fn is_client_data_for(org: &Org, client_data: &str) -> bool {
    let client: Value = serde_json::from_str(client_data).unwrap_or_default();
    client["type"] == "webauthn.get" && client["origin"] == org.origin()
}

/// Whether an app id is the org's: an address at its host, or at a domain above it.
pub fn is_app_id_of(org: &Org, app_id: &str) -> bool {
    let url = Url::parse(app_id).ok();
    url.filter(|url| matches!(url.scheme(), "https") || url.scheme() == org.url().scheme())
        .is_some_and(|url| is_at_or_above(org, url.host_str().unwrap_or_default()))
}

fn is_at_or_above(org: &Org, name: &str) -> bool {
    if name == org.host() {
        return true;
    }
    let above = matches!(org.url().host(), Some(Host::Domain(_)))
        && org
            .host()
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('.'));
    // Every org is below one of Okta's domains, so none of them is an org's own.
    above && name.contains('.') && !OKTA_DOMAINS.contains(&name)
}

/// Bytes from base64url.
pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}

/// base64url from bytes.
pub fn encode_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Why a security key is not asked, or its answer not sent on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WebAuthnError {
    #[error("Okta sent no challenge that could be signed")]
    Challenge,
    #[error("Okta names a security key in a way that cannot be read")]
    CredentialId,
    #[error("Okta names no security key that may answer, or too many")]
    NoKeys,
    #[error("the challenge is for {0:?}, which is not this org")]
    RelyingParty(String),
    #[error("the answer is of a key that was not asked")]
    OtherKey,
    #[error("the answer has another shape")]
    Shape,
    #[error("the answer is for another site")]
    OtherSite,
    #[error("the answer was given without a touch")]
    NotPresent,
    #[error("the org wants the key's PIN or a fingerprint, and the key did without")]
    NotVerified,
}

impl From<WebAuthnError> for Report {
    fn from(error: WebAuthnError) -> Self {
        let (name, exit, hint) = match &error {
            WebAuthnError::Challenge | WebAuthnError::CredentialId | WebAuthnError::NoKeys => (
                "webauthn.challenge",
                Exit::Failed,
                "`ob login` starts again; `--factor` takes another factor",
            ),
            WebAuthnError::RelyingParty(_) => (
                "webauthn.relying_party",
                Exit::Refused,
                "set `org.url` to the address your browser shows when you sign in, then `ob login`",
            ),
            WebAuthnError::NotVerified => (
                "webauthn.not_verified",
                Exit::SignIn,
                "set a PIN on the key (or a fingerprint), then `ob login`",
            ),
            _ => (
                "webauthn.answer",
                Exit::Failed,
                "`ob login` tries again; `--factor` takes another factor",
            ),
        };
        Self::new(exit, name, "cannot verify with the security key")
            .cause(error)
            .hint(hint)
    }
}
