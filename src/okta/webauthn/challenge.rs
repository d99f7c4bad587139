//! The challenge as Okta sends it.

use serde_json::{Value, json};

use super::assertion::{AssertionRequest, Verification};
use super::base64url::{decode_base64url, encode_base64url};
use super::error::WebAuthnError;
use super::rp_id::{checked_rp_id, is_app_id_of};
use crate::model::Org;
use crate::okta::json::{text, text_at};

const MAX_KEYS: usize = 64;
/// Limit of a credential id (CTAP 2.1, 6.1).
const MAX_ID_BYTES: usize = 1023;
/// Length of a challenge in bytes: Okta's have 15, the standard requires 16.
const CHALLENGE_BYTES: std::ops::RangeInclusive<usize> = 8..=512;

/// A challenge as received. Untrusted until [`Self::for_org`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthnChallenge {
    /// base64url.
    pub challenge: String,
    /// The keys that may answer, in base64url.
    pub credential_ids: Vec<String>,
    /// `required`, `preferred`, `discouraged`.
    pub user_verification: Option<String>,
    /// The app id of keys that were enrolled as U2F.
    pub app_id: Option<String>,
    /// The RP ID, if the server names one.
    pub rp_id: Option<String>,
}

impl WebAuthnChallenge {
    /// Parses the object that contains `challenge`.
    pub(in crate::okta) fn parse<'a>(
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

    /// Checks the challenge and returns the request for a key at this org.
    ///
    /// # Errors
    /// [`WebAuthnError::Challenge`], [`WebAuthnError::CredentialId`], [`WebAuthnError::NoKeys`],
    /// [`WebAuthnError::RelyingParty`].
    pub fn for_org(&self, org: &Org) -> Result<AssertionRequest, WebAuthnError> {
        let challenge = decode_base64url(&self.challenge)
            .filter(|challenge| CHALLENGE_BYTES.contains(&challenge.len()))
            .ok_or(WebAuthnError::Challenge)?;
        let mut credential_ids: Vec<Vec<u8>> = Vec::new();
        for id in &self.credential_ids {
            let id = decode_base64url(id)
                .filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()))
                .ok_or(WebAuthnError::CredentialId)?;
            if !credential_ids.contains(&id) {
                credential_ids.push(id);
            }
        }
        if credential_ids.is_empty() || credential_ids.len() > MAX_KEYS {
            return Err(WebAuthnError::NoKeys);
        }
        let challenge = encode_base64url(&challenge);
        let origin = json!(org.origin());
        // The member order is part of the standard (5.8.1.1), so this is no `json!` object.
        let client_data = format!(
            concat!(
                r#"{{"type":"webauthn.get","challenge":"{challenge}","#,
                r#""origin":{origin},"crossOrigin":false}}"#
            ),
            challenge = challenge,
            origin = origin
        );
        Ok(AssertionRequest {
            rp_id: checked_rp_id(org, self.rp_id.as_deref())?,
            // Browsers refuse a foreign app id as well, so no key depends on it.
            app_id: self
                .app_id
                .clone()
                .filter(|app_id| is_app_id_of(org, app_id)),
            client_data,
            credential_ids,
            verification: match self.user_verification.as_deref() {
                Some("required") => Verification::Required,
                Some("discouraged") => Verification::Discouraged,
                // Browsers treat unknown values as this.
                _ => Verification::Preferred,
            },
        })
    }
}
