//! The request for an assertion, and the check of a key's answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::error::WebAuthnError;

/// Length of hash, flags and counter: authenticator data without extensions.
const DATA_BYTES: usize = 37;
const MAX_DATA_BYTES: usize = 1024;
/// Limit of a signature. RSA's may be as long; P-256's has at most 72 bytes.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// Flag UP: the user touched the key.
pub(super) const USER_PRESENT: u8 = 1;
/// Flag UV: the key verified the user by PIN or fingerprint.
pub(super) const USER_VERIFIED: u8 = 1 << 2;
/// Flag AT: a new credential is described, which an assertion never does.
pub(super) const ATTESTED: u8 = 1 << 6;
/// Flag ED: extensions follow.
pub(super) const EXTENDED: u8 = 1 << 7;

/// Whether the key must verify the user, by PIN or fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    Required,
    Preferred,
    Discouraged,
}

/// A checked request for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionRequest {
    pub rp_id: String,
    /// Replaces the RP ID for keys that were enrolled as U2F.
    pub app_id: Option<String>,
    /// The JSON text whose hash the key signs.
    pub client_data: String,
    pub credential_ids: Vec<Vec<u8>>,
    pub verification: Verification,
}

/// A key's answer, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAssertion {
    pub credential_id: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl AssertionRequest {
    /// Checks a key's answer. Only Okta has the public key and can check the signature.
    ///
    /// # Errors
    /// [`WebAuthnError::OtherKey`], [`WebAuthnError::Shape`], [`WebAuthnError::OtherSite`],
    /// [`WebAuthnError::NotPresent`], [`WebAuthnError::NotVerified`].
    pub fn check(&self, answer: KeyAssertion) -> Result<CheckedAssertion, WebAuthnError> {
        if !self.credential_ids.contains(&answer.credential_id) {
            return Err(WebAuthnError::OtherKey);
        }
        let data = &answer.authenticator_data;
        if !(DATA_BYTES..=MAX_DATA_BYTES).contains(&data.len())
            || !(1..=MAX_SIGNATURE_BYTES).contains(&answer.signature.len())
        {
            return Err(WebAuthnError::Shape);
        }
        let (hash, flags) = (&data[..32], data[32]);
        let has = |flag| flags & flag != 0;
        if has(ATTESTED) || has(EXTENDED) != (data.len() > DATA_BYTES) {
            return Err(WebAuthnError::Shape);
        }
        let is_of = |site: &str| digest(&SHA256, site.as_bytes()).as_ref() == hash;
        if !is_of(&self.rp_id) && !self.app_id.as_deref().is_some_and(is_of) {
            return Err(WebAuthnError::OtherSite);
        }
        if !has(USER_PRESENT) {
            return Err(WebAuthnError::NotPresent);
        }
        if self.verification == Verification::Required && !has(USER_VERIFIED) {
            return Err(WebAuthnError::NotVerified);
        }
        Ok(CheckedAssertion {
            client_data: self.client_data.clone().into_bytes(),
            authenticator_data: answer.authenticator_data,
            signature: answer.signature,
        })
    }
}

/// A key's answer that belongs to the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedAssertion {
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
}

impl CheckedAssertion {
    /// Returns the request members as Okta's sign-in page sends them: standard base64.
    pub(in crate::okta) fn members(&self) -> Value {
        json!({
            "clientData": STANDARD.encode(&self.client_data),
            "authenticatorData": STANDARD.encode(&self.authenticator_data),
            "signatureData": STANDARD.encode(&self.signature),
        })
    }
}
