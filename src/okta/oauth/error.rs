//! Why the OAuth server gives no token, and what helps.

use serde_json::Value;
use thiserror::Error;

use super::error_messages::{ASSURANCE, NO_WEB_SSO, OVER, WORDS};
use crate::okta::json::text;
use crate::okta::{JsonError, OktaError};
use crate::report::{Exit, Report};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OauthError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("Okta answered with HTTP status {0}")]
    HttpStatus(u16),
    #[error("the page to open belongs to another host ({0})")]
    ForeignPage(String),
    #[error(transparent)]
    Okta(#[from] OktaError),
    /// RFC 6749's `error` and Okta's words, both foreign text.
    #[error("{description} ({error})")]
    Refused {
        http_status: u16,
        error: String,
        description: String,
    },
}

impl OauthError {
    pub(super) fn of(http_status: u16, answer: &Value) -> Self {
        if let Some(error) = OktaError::from_value(http_status, answer) {
            return error.into();
        }
        let Some(error) = text(answer, "error") else {
            return Self::HttpStatus(http_status);
        };
        Self::Refused {
            http_status,
            error: error.to_owned(),
            description: text(answer, "error_description")
                .unwrap_or("no reason given")
                .to_owned(),
        }
    }

    /// The app's policy asks for more than the sign-in proves, or for a newer one.
    pub fn is_assurance(&self) -> bool {
        self.says(ASSURANCE)
    }

    /// The tokens are over: newer ones help, or a new sign-in.
    pub fn is_over(&self) -> bool {
        OVER.iter().any(|words| self.says(words))
    }

    /// This app takes no `web_sso_token` of this client.
    pub fn is_without_web_sso(&self) -> bool {
        self.says(NO_WEB_SSO)
    }

    /// The server's considered no, whatever it calls the reason (RFC 6749, 5.2): asking again changes nothing.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                http_status: 400 | 401 | 403,
                ..
            }
        )
    }

    /// Something of what was asked for is not granted.
    pub(super) fn is_scope(&self) -> bool {
        matches!(self, Self::Refused { error, .. } if error == "invalid_scope")
            || self.says("scopes were denied by the policy")
    }

    pub(super) fn says(&self, words: &str) -> bool {
        matches!(self, Self::Refused { description, .. } if description.contains(words))
    }

    /// The report's stable name, exit class and hint.
    fn told(&self) -> (&'static str, Exit, &'static str) {
        const SETUP: &str = "check `client_id` in [org]: the app must be a native OIDC app with the grants Device Authorization and Token Exchange";
        let Self::Refused { error, .. } = self else {
            return match self {
                Self::HttpStatus(429) => (
                    "okta.rate_limited",
                    Exit::Unreachable,
                    "wait a minute, then run `ob login` again",
                ),
                Self::HttpStatus(500..) => (
                    "okta.server_error",
                    Exit::Unreachable,
                    "run the same command again in a minute; https://status.okta.com tells whether Okta is down",
                ),
                Self::ForeignPage(_) => (
                    "okta.oauth.foreign_page",
                    Exit::Refused,
                    "set `org.url` to the address your browser shows when you sign in",
                ),
                _ => (
                    "okta.oauth.answer",
                    Exit::Failed,
                    "check the org's address with `ob config check`",
                ),
            };
        };
        let word = WORDS.iter().find(|(words, ..)| self.says(words));
        if let Some((_, name, exit, hint)) = word {
            return (name, *exit, hint);
        }
        match error.as_str() {
            "expired_token" => (
                "okta.oauth.code_expired",
                Exit::SignIn,
                "`ob login` shows a new code; it is good for ten minutes",
            ),
            "access_denied" => (
                "okta.oauth.denied",
                Exit::Refused,
                "`ob login` starts again; if you did not refuse it, a policy did: ask your Okta admin",
            ),
            "invalid_scope" => (
                "okta.oauth.scope",
                Exit::Refused,
                "the app needs the scopes profile, okta.apps.sso and okta.users.read.self (a machine: its own, `scope =` in [org])",
            ),
            "use_dpop_nonce" | "invalid_dpop_proof" => (
                "okta.oauth.dpop",
                Exit::Refused,
                "the app demands DPoP: ask your Okta admin to switch \"Require DPoP\" off, or name another one with `client_id =`",
            ),
            "unauthorized_client" => (
                "okta.oauth.grant",
                Exit::Refused,
                "ask your Okta admin to switch on the app's grants: Device Authorization and Token Exchange (a browser), Refresh Token (longer sessions), Client Credentials (a machine)",
            ),
            _ => ("okta.oauth.refused", Exit::Refused, SETUP),
        }
    }
}

impl From<OauthError> for Report {
    fn from(error: OauthError) -> Self {
        let (name, exit, hint) = match &error {
            OauthError::Json(error) => return (*error).into(),
            OauthError::Okta(error) => return error.clone().into(),
            told => told.told(),
        };
        Self::new(exit, name, "Okta gives no token")
            .cause(error)
            .hint(hint)
    }
}
