//! Errors of the OAuth server.

use serde_json::Value;
use thiserror::Error;

use super::error_messages::{ASSURANCE, EXPIRED, MESSAGES, NO_TRUST, NO_WEB_SSO};
use crate::okta::error::OktaError;
use crate::okta::hint;
use crate::okta::json::{JsonError, text};
use crate::okta::link::ForeignHost;
use crate::report::{ErrorCode, Report};

/// Why there is no token.
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
    /// An error response (RFC 6749, 5.2). Untrusted texts.
    #[error("{description} ({error})")]
    Refused {
        http_status: u16,
        error: String,
        description: String,
    },
}

impl From<ForeignHost> for OauthError {
    fn from(ForeignHost(host): ForeignHost) -> Self {
        Self::ForeignPage(host)
    }
}

impl OauthError {
    pub(super) fn from_value(http_status: u16, answer: &Value) -> Self {
        if let Some(error) = OktaError::from_value(http_status, answer) {
            return error.into();
        }
        let Some(error) = text(answer, "error") else {
            return Self::HttpStatus(http_status);
        };
        let description = text(answer, "error_description").unwrap_or("no reason given");
        Self::Refused {
            http_status,
            error: error.to_owned(),
            description: description.to_owned(),
        }
    }

    /// Whether the app's policy requires more than the sign-in proves, or a newer one.
    pub fn is_assurance(&self) -> bool {
        self.has_message(ASSURANCE)
    }

    /// Whether the tokens have expired: a renewal or a new sign-in helps.
    pub fn is_expired(&self) -> bool {
        EXPIRED.iter().any(|message| self.has_message(message))
    }

    /// Whether the app accepts no `web_sso_token` of this client.
    pub fn is_without_web_sso(&self) -> bool {
        self.has_message(NO_WEB_SSO)
    }

    /// Whether the app does not trust this client with interclient tokens.
    pub fn is_untrusted(&self) -> bool {
        NO_TRUST.iter().any(|message| self.has_message(message))
    }

    /// Whether the server refused the request for good, whatever its reason (RFC 6749, 5.2).
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                http_status: 400 | 401 | 403,
                ..
            }
        )
    }

    /// Whether a requested scope is not granted.
    pub(super) fn is_scope(&self) -> bool {
        self.has_code("invalid_scope") || self.has_message("scopes were denied by the policy")
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused { error, .. } if error == code)
    }

    /// Whether the description contains a part of one of Okta's messages.
    pub(super) fn has_message(&self, message: &str) -> bool {
        matches!(self, Self::Refused { description, .. } if description.contains(message))
    }
}

impl From<OauthError> for Report {
    fn from(error: OauthError) -> Self {
        let (code, hint) = match &error {
            OauthError::Json(error) => return (*error).into(),
            OauthError::Okta(error) => return error.clone().into(),
            OauthError::HttpStatus(429) => (ErrorCode::OktaRateLimited, hint::RATE_LIMITED),
            OauthError::HttpStatus(500..) => (ErrorCode::OktaServerError, hint::SERVER_ERROR),
            OauthError::HttpStatus(_) => (ErrorCode::OktaOauthAnswer, hint::CHECK_ORG),
            OauthError::ForeignPage(_) => (ErrorCode::OktaOauthForeignPage, hint::ORG_URL),
            OauthError::Refused { error: code, .. } => {
                let known = MESSAGES
                    .iter()
                    .find(|(parts, ..)| parts.iter().any(|part| error.has_message(part)));
                known.map_or_else(|| refusal(code), |(_, code, hint)| (code.clone(), *hint))
            }
        };
        Self::new(code, "Okta gives no token")
            .cause(error)
            .hint(hint)
    }
}

/// Returns the code of the report and the hint for an error of OAuth.
fn refusal(code: &str) -> (ErrorCode, &'static str) {
    match code {
        "expired_token" => (
            ErrorCode::OktaOauthCodeExpired,
            "`ob login` shows a new code; it is good for ten minutes",
        ),
        "access_denied" => (
            ErrorCode::OktaOauthDenied,
            "`ob login` starts again; if you did not refuse it, a policy did: ask your Okta admin",
        ),
        "invalid_scope" => (
            ErrorCode::OktaOauthScope,
            "the app needs the scopes profile, okta.apps.sso and okta.users.read.self (a machine: \
             its own, `scope =` in [org])",
        ),
        "use_dpop_nonce" | "invalid_dpop_proof" => (
            ErrorCode::OktaOauthDpop,
            "the app demands DPoP: ask your Okta admin to switch \"Require DPoP\" off, or name \
             another one with `client_id =`",
        ),
        "unauthorized_client" => (
            ErrorCode::OktaOauthGrant,
            "ask your Okta admin to switch on the app's grants: Device Authorization and Token \
             Exchange (a browser), Refresh Token (longer sessions), Client Credentials (a machine)",
        ),
        _ => (
            ErrorCode::OktaOauthRefused,
            "check `client_id` in [org]: the app must be a native OIDC app with the grants Device \
             Authorization and Token Exchange",
        ),
    }
}
