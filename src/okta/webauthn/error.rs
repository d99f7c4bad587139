//! Errors of security keys.

use thiserror::Error;

use crate::okta::hint;
use crate::report::{ErrorCode, Report};

/// Why a key is not asked, or its answer not sent.
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
        let (code, hint) = match &error {
            WebAuthnError::Challenge | WebAuthnError::CredentialId | WebAuthnError::NoKeys => (
                ErrorCode::WebauthnChallenge,
                "`ob login` starts again; `--factor` takes another factor",
            ),
            WebAuthnError::RelyingParty(_) => {
                (ErrorCode::WebauthnRelyingParty, hint::ORG_URL_THEN_LOGIN)
            }
            WebAuthnError::NotVerified => (
                ErrorCode::WebauthnNotVerified,
                "set a PIN on the key (or a fingerprint), then `ob login`",
            ),
            _ => (
                ErrorCode::WebauthnAnswer,
                "`ob login` tries again; `--factor` takes another factor",
            ),
        };
        Self::new(code, "cannot verify with the security key")
            .cause(error)
            .hint(hint)
    }
}
