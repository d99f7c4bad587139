//! Errors of a Classic transaction.

use thiserror::Error;

use crate::okta::error::OktaError;
use crate::okta::hint;
use crate::okta::json::JsonError;
use crate::okta::link::ForeignHost;
use crate::report::{Exit, Report};

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
        let (name, exit, hint) = match error {
            AuthnError::Json(error) => return error.into(),
            AuthnError::Refused(error) => return error.into(),
            AuthnError::HttpStatus(500..) => (
                "okta.authn.server_error",
                Exit::Unreachable,
                hint::SERVER_ERROR,
            ),
            AuthnError::HttpStatus(429) => (
                "okta.authn.rate_limited",
                Exit::Unreachable,
                hint::RATE_LIMITED,
            ),
            AuthnError::HttpStatus(_) => ("okta.authn.http_status", Exit::Failed, hint::CHECK_ORG),
            AuthnError::ForeignLink(_) => ("okta.authn.foreign_link", Exit::Failed, hint::ORG_URL),
            AuthnError::NoSuchFactor(_) => (
                "okta.authn.no_such_factor",
                Exit::SignIn,
                "`ob login` lists the factors to choose from",
            ),
            AuthnError::FactorUnusable(_) => (
                "okta.authn.factor_unusable",
                Exit::SignIn,
                "choose another factor, or sign in by browser with `sign_in = \"browser\"`",
            ),
            AuthnError::WrongAnswer => ("okta.authn.wrong_answer", Exit::Failed, hint::LOGIN_AGAIN),
            AuthnError::NoStatus => ("okta.authn.no_status", Exit::Failed, UNEXPECTED),
            AuthnError::NoStateToken => ("okta.authn.no_state_token", Exit::Failed, UNEXPECTED),
            AuthnError::NoSessionToken => ("okta.authn.no_session_token", Exit::Failed, UNEXPECTED),
            AuthnError::MissingLink(_) => ("okta.authn.missing_link", Exit::Failed, UNEXPECTED),
        };
        Self::new(exit, name, "cannot sign in to Okta")
            .cause(error)
            .hint(hint)
    }
}
