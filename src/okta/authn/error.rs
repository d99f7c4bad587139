//! Errors of a Classic transaction.

use thiserror::Error;

use crate::okta::error::OktaError;
use crate::okta::hint;
use crate::okta::json::JsonError;
use crate::okta::link::ForeignHost;
use crate::report::{ErrorCode, Report};

/// Why a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthnError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Refused(#[from] OktaError),
    #[error("Okta answered with HTTP status {0}")]
    HttpStatus(u16),
    #[error("the answer names no status")]
    NoStatus,
    #[error("the answer carries no state token")]
    NoStateToken,
    #[error("the answer says SUCCESS and carries no session token")]
    NoSessionToken,
    #[error("the answer has no link '{0}'")]
    MissingLink(&'static str),
    #[error("a link leads to another origin ({0})")]
    ForeignLink(String),
    #[error("there is no factor number {0}")]
    NoSuchFactor(usize),
    #[error("the factor {0} cannot be used from a terminal")]
    FactorUnusable(String),
    #[error("the factor does not take this kind of answer")]
    WrongAnswer,
}

impl From<ForeignHost> for AuthnError {
    fn from(ForeignHost(host): ForeignHost) -> Self {
        Self::ForeignLink(host)
    }
}

impl From<AuthnError> for Report {
    fn from(error: AuthnError) -> Self {
        const UNEXPECTED: &str =
            "`ob login` starts again; if it stays so, `ob login -vv` shows the steps";
        let (code, hint) = match error {
            AuthnError::Json(error) => return error.into(),
            AuthnError::Refused(error) => return error.into(),
            AuthnError::HttpStatus(500..) => (ErrorCode::OktaAuthnServerError, hint::SERVER_ERROR),
            AuthnError::HttpStatus(429) => (ErrorCode::OktaAuthnRateLimited, hint::RATE_LIMITED),
            AuthnError::HttpStatus(_) => (ErrorCode::OktaAuthnHttpStatus, hint::CHECK_ORG),
            AuthnError::ForeignLink(_) => (ErrorCode::OktaAuthnForeignLink, hint::ORG_URL),
            AuthnError::NoSuchFactor(_) => (
                ErrorCode::OktaAuthnNoSuchFactor,
                "`ob login` lists the factors to choose from",
            ),
            AuthnError::FactorUnusable(_) => (
                ErrorCode::OktaAuthnFactorUnusable,
                "choose another factor, or sign in by browser with `sign_in = \"browser\"`",
            ),
            AuthnError::WrongAnswer => (ErrorCode::OktaAuthnWrongAnswer, hint::LOGIN_AGAIN),
            AuthnError::NoStatus => (ErrorCode::OktaAuthnNoStatus, UNEXPECTED),
            AuthnError::NoStateToken => (ErrorCode::OktaAuthnNoStateToken, UNEXPECTED),
            AuthnError::NoSessionToken => (ErrorCode::OktaAuthnNoSessionToken, UNEXPECTED),
            AuthnError::MissingLink(_) => (ErrorCode::OktaAuthnMissingLink, UNEXPECTED),
        };
        Self::new(code, "cannot sign in to Okta")
            .cause(error)
            .hint(hint)
    }
}
