//! A security key as the authenticator that is asked about.

use serde_json::{Value, json};

use super::{Challenge, IdxError};
use crate::model::Timestamp;
use crate::okta::Post;
use crate::okta::json::text;
use crate::okta::webauthn::{CheckedAssertion, WebAuthnChallenge};

impl Challenge {
    /// What a security key is asked to sign. The keys that may answer are the enrolments beside it.
    pub fn security_key(&self) -> Option<WebAuthnChallenge> {
        let raw = &self.response.raw.0;
        let challenge = [
            "/currentAuthenticator/value/contextualData/challengeData",
            "/currentAuthenticatorEnrollment/value/contextualData/challengeData",
        ]
        .into_iter()
        .find_map(|path| raw.pointer(path))?;
        let enrolled = raw.pointer("/authenticatorEnrollments/value");
        let enrolled = enrolled.and_then(Value::as_array).into_iter().flatten();
        let keys = enrolled.filter(|one| one["key"] == "webauthn");
        WebAuthnChallenge::parse(challenge, keys.filter_map(|key| text(key, "credentialId")))
    }

    /// When the transaction ends by itself.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.response.expires_at
    }

    /// Sends a security key's answer.
    ///
    /// # Errors
    /// When the form leads elsewhere.
    pub fn sign(self, answer: &CheckedAssertion) -> Result<Post, IdxError> {
        let form = self.form().ok_or(IdxError::Shape)?;
        let members = json!({ "credentials": answer.members() });
        form.post(&self.response.org, &self.response.handle, members)
    }
}
