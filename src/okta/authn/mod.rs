//! Okta Classic's authentication transaction (`/api/v1/authn`) as states that are consumed.
//!
//! Each state knows what may be POSTed next; sending a [`Post`] and reading the answer with
//! [`Transaction::parse`] makes the next one. Okta says that the order of states is the org's policy,
//! so links are followed and never guessed, and no link leads the state token to another origin.
//! (Okta developer docs, "Authentication API reference".)

mod challenge;
mod factor;
mod link;
mod required;
mod transaction;

#[cfg(test)]
mod tests;

use serde_json::json;
use thiserror::Error;
use url::Url;

pub use challenge::{Delivery, FactorResult, MfaChallenge};
pub use factor::{Factor, FactorInput, FactorKind};
pub use required::{MfaRequired, Policy, Selected};
pub use transaction::{
    Enrollment, PasswordChange, Required, ReturnUrl, Success, Transaction, Unauthenticated,
};

use super::error_code::OktaError;
use super::json::JsonError;
use crate::model::Org;
use crate::report::{Exit, Report};
use crate::secret::Secret;

/// A request to send: `POST url`, `Content-Type: application/json`, `Accept: application/json`.
#[derive(Debug, PartialEq, Eq)]
pub struct Post {
    /// Always at the org.
    pub url: Url,
    /// The JSON text; it carries a password, a passcode or a state token.
    pub body: Secret,
}

impl Post {
    pub(super) fn new(url: Url, body: &serde_json::Value) -> Self {
        Self {
            url,
            body: Secret::new(body.to_string()),
        }
    }

    /// The same once more, for what may be sent twice: a poll, an order that was turned down.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            url: self.url.clone(),
            body: self.body.duplicate(),
        }
    }

    fn remember_device(&mut self, remember: bool) {
        let remember = remember.to_string();
        self.url
            .query_pairs_mut()
            .append_pair("rememberDevice", &remember);
    }
}

/// The first step: name and password.
///
/// # Errors
/// When the org's address cannot carry the path (it always can).
pub fn start(org: &Org, username: &str, password: &Secret) -> Result<Post, AuthnError> {
    let body = json!({
        "username": username,
        "password": password.expose(),
        "options": { "multiOptionalFactorEnroll": false, "warnBeforePasswordExpired": true },
    });
    Ok(Post::new(authn_url(org)?, &body))
}

/// Asks where the transaction of `state_token` stands: how a step-up that a page asked for begins.
///
/// # Errors
/// When the org's address cannot carry the path (it always can).
pub fn resume(org: &Org, state_token: &Secret) -> Result<Post, AuthnError> {
    let body = json!({ "stateToken": state_token.expose() });
    Ok(Post::new(authn_url(org)?, &body))
}

fn authn_url(org: &Org) -> Result<Url, AuthnError> {
    Url::parse(&org.at("/api/v1/authn")).map_err(|_| AuthnError::MissingLink("authn"))
}

/// Why a transaction does not go on.
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

impl From<AuthnError> for Report {
    fn from(error: AuthnError) -> Self {
        let (name, exit, hint) = match error {
            AuthnError::Json(error) => return error.into(),
            AuthnError::Refused(error) => return error.into(),
            AuthnError::HttpStatus(500..) => (
                "okta.authn.server_error",
                Exit::Unreachable,
                "run the same command again in a minute; https://status.okta.com tells whether Okta is down",
            ),
            AuthnError::HttpStatus(429) => (
                "okta.authn.rate_limited",
                Exit::Unreachable,
                "wait a minute, then run `ob login` again",
            ),
            AuthnError::HttpStatus(_) => (
                "okta.authn.http_status",
                Exit::Failed,
                "check the org's address with `ob config check`",
            ),
            AuthnError::ForeignLink(_) => (
                "okta.authn.foreign_link",
                Exit::Failed,
                "set `org.url` to the address your browser shows when you sign in",
            ),
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
            AuthnError::WrongAnswer => (
                "okta.authn.wrong_answer",
                Exit::Failed,
                "`ob login` starts again",
            ),
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

const UNEXPECTED: &str = "`ob login` starts again; if it stays so, `ob login -vv` shows the steps";
