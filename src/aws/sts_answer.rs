//! Parses what STS answers to a request for credentials.

use thiserror::Error;

use super::credential_check::Issued;
use super::iam_answer::element_texts;
use super::sts_fault::StsRefusal;
use crate::model::Timestamp;
use crate::secret::Secret;

/// Why a successful response has no credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StsAnswerError {
    /// The document is none of STS's, but a page of an intermediary.
    #[error("it is no answer of STS")]
    NotSts,
    #[error("it holds no credentials")]
    NoCredentials,
}

impl Issued {
    /// Parses the answer to `action`, such as `AssumeRoleWithSAML`.
    ///
    /// # Errors
    /// [`StsAnswerError`] if the document is not that answer. The values are checked by
    /// [`Self::check`].
    pub fn parse(action: &str, body: &[u8]) -> Result<Self, StsAnswerError> {
        let root = format!("{action}Response");
        let Ok([_]) = element_texts(body, &[&root]).as_deref() else {
            return Err(StsAnswerError::NotSts);
        };
        let text = |path: &[&str]| element_texts(body, path).ok()?.pop();
        let field = |name: &str| text(&["Credentials", name]);
        let expires_at = field("Expiration").and_then(|text| Timestamp::from_rfc3339(&text));
        Ok(Self {
            access_key_id: field("AccessKeyId").unwrap_or_default(),
            secret_access_key: Secret::new(field("SecretAccessKey").unwrap_or_default()),
            session_token: Secret::new(field("SessionToken").unwrap_or_default()),
            expires_at: expires_at.ok_or(StsAnswerError::NoCredentials)?,
            assumed_role_arn: text(&["AssumedRoleUser", "Arn"]).unwrap_or_default(),
        })
    }
}

impl StsRefusal {
    /// Parses the error document of a failed request. STS and IAM have the same form.
    pub fn parse(http_status: u16, body: &[u8]) -> Self {
        let text = |name| {
            element_texts(body, &["Error", name])
                .ok()?
                .into_iter()
                .next()
        };
        let code = text("Code").unwrap_or_default();
        let message = text("Message").unwrap_or_default();
        Self::classify(&code, &message, http_status)
    }
}
