//! Errors of an Identity Engine sign-in.

use thiserror::Error;

use super::message::{self, Message};
use crate::okta::error::OktaError;
use crate::okta::hint;
use crate::okta::json::JsonError;
use crate::okta::link::ForeignHost;
use crate::report::{ErrorCode, Report};

/// Why a sign-in ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdxError {
    /// HTML or an empty 403 instead of JSON: bot protection, or an API that is closed.
    #[error("Okta answered with a page instead of data (HTTP status {0})")]
    BrowserRequired(u16),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Refused(#[from] OktaError),
    #[error("Okta answered with HTTP status {0}")]
    HttpStatus(u16),
    #[error("the answer is not of Identity Engine's shape")]
    Shape,
    #[error("a link leads to another origin ({0})")]
    ForeignLink(String),
    /// At least one message and no remediation.
    #[error("{}", join(.0))]
    Ended(Vec<Message>),
    #[error("there is no choice number {0}")]
    NoSuchChoice(usize),
}

impl From<ForeignHost> for IdxError {
    fn from(ForeignHost(host): ForeignHost) -> Self {
        Self::ForeignLink(host)
    }
}

impl From<IdxError> for Report {
    fn from(error: IdxError) -> Self {
        let (code, hint) = match &error {
            IdxError::Json(error) => return (*error).into(),
            IdxError::Refused(error) => return error.clone().into(),
            IdxError::Ended(messages) => {
                return message::report_all(messages).unwrap_or_else(|| IdxError::Shape.into());
            }
            IdxError::BrowserRequired(_) => (
                ErrorCode::OktaIdxWantsBrowser,
                "this org requires a sign-in in the browser: set `sign_in = \"browser\"` and \
                 `client_id =` in [org]",
            ),
            IdxError::HttpStatus(429) => (ErrorCode::OktaIdxRateLimited, hint::RATE_LIMITED),
            IdxError::HttpStatus(500..) => (ErrorCode::OktaIdxServerError, hint::SERVER_ERROR),
            IdxError::HttpStatus(_) => (ErrorCode::OktaIdxHttpStatus, hint::LOGIN_AGAIN),
            IdxError::Shape => (
                ErrorCode::OktaIdxShape,
                "`sign_in = \"browser\"` in [org] goes another way; `ob login` starts again",
            ),
            IdxError::ForeignLink(_) => (ErrorCode::OktaIdxForeignLink, hint::ORG_URL_THEN_LOGIN),
            IdxError::NoSuchChoice(_) => (ErrorCode::OktaIdxNoSuchChoice, hint::LOGIN_AGAIN),
        };
        Self::new(code, "cannot sign in to Okta")
            .cause(error)
            .hint(hint)
    }
}

fn join(messages: &[Message]) -> String {
    let texts: Vec<String> = messages.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
