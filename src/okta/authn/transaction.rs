//! The state of a transaction, parsed from a response of `/api/v1/authn`.

use std::fmt;

use serde_json::Value;
use url::Url;

use super::enrollment::Enrollment;
use super::error::AuthnError;
use super::handle::{Handle, Links, expires_at};
use super::mfa_challenge::MfaChallenge;
use super::mfa_required::MfaRequired;
use super::password_change::PasswordChange;
use crate::model::{Org, Timestamp};
use crate::okta::error::OktaError;
use crate::okta::json::{self, text};
use crate::okta::link;
use crate::secret::Secret;

/// The state of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `UNAUTHENTICATED`: user name and password are missing.
    Unauthenticated,
    /// `MFA_REQUIRED`, `FACTOR_REQUIRED`.
    MfaRequired(MfaRequired),
    /// `MFA_CHALLENGE`, `FACTOR_CHALLENGE`.
    MfaChallenge(Box<MfaChallenge>),
    Success(Success),
    /// `PASSWORD_WARN`: the password expires soon; changing it may be skipped.
    PasswordWarn(PasswordChange),
    /// `PASSWORD_EXPIRED`, `PASSWORD_RESET`: the password must be changed first.
    PasswordExpired(PasswordChange),
    /// `LOCKED_OUT` (with HTTP 200). Never retried automatically.
    LockedOut,
    /// `MFA_ENROLL…`, `FACTOR_ENROLL…`: the policy requires a factor that the user does not
    /// have.
    MfaEnroll(Enrollment),
    /// `RECOVERY…`: account recovery is in progress (RECOVERY).
    Recovery,
    /// A status unknown to `ob`, under Okta's name. Untrusted text.
    Other(String),
}

impl Transaction {
    /// Parses the response to a [`Post`](crate::okta::Post).
    ///
    /// # Errors
    /// [`AuthnError::Refused`] with an error body, [`AuthnError::HttpStatus`] without one; other
    /// variants if the response is not of this API.
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, AuthnError> {
        let is_success = (200..300).contains(&http_status);
        let answer = match json::parse(content_type, body) {
            Ok(answer) => answer,
            Err(error) if is_success => return Err(error.into()),
            Err(_) => return Err(AuthnError::HttpStatus(http_status)),
        };
        if let Some(error) = OktaError::from_value(http_status, &answer) {
            return Err(error.into());
        }
        if !is_success {
            return Err(AuthnError::HttpStatus(http_status));
        }
        let status = text(&answer, "status").ok_or(AuthnError::NoStatus)?;
        Ok(match status {
            "UNAUTHENTICATED" => {
                Handle::parse(org, &answer)?;
                Self::Unauthenticated
            }
            "MFA_REQUIRED" | "FACTOR_REQUIRED" => {
                Self::MfaRequired(MfaRequired::parse(org, &answer)?)
            }
            "MFA_CHALLENGE" | "FACTOR_CHALLENGE" => {
                Self::MfaChallenge(Box::new(MfaChallenge::parse(org, &answer)?))
            }
            "SUCCESS" => Self::Success(Success::parse(org, &answer)?),
            "PASSWORD_WARN" => Self::PasswordWarn(PasswordChange::parse(org, &answer)?),
            "PASSWORD_EXPIRED" | "PASSWORD_RESET" => {
                Self::PasswordExpired(PasswordChange::parse(org, &answer)?)
            }
            "LOCKED_OUT" => Self::LockedOut,
            "MFA_ENROLL" | "MFA_ENROLL_ACTIVATE" | "FACTOR_ENROLL" | "FACTOR_ENROLL_ACTIVATE" => {
                Self::MfaEnroll(Enrollment::parse(org, &answer)?)
            }
            "RECOVERY" | "RECOVERY_CHALLENGE" => Self::Recovery,
            other => Self::Other(other.to_owned()),
        })
    }
}

/// A finished transaction.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Success {
    /// Opens one session or app; valid for about five minutes.
    pub session_token: Option<Secret>,
    /// When the session token expires.
    pub expires_at: Option<Timestamp>,
    /// After a step-up: the address to GET with the session's cookies to reach the app.
    pub return_url: Option<ReturnUrl>,
}

/// The address that a step-up returns to. Its query carries the state token, so Debug hides it.
#[derive(PartialEq, Eq)]
pub struct ReturnUrl(pub Url);

impl fmt::Debug for ReturnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnUrl")
    }
}

impl Success {
    fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let session_token = text(answer, "sessionToken").map(Secret::new);
        let links = Links::parse(answer);
        let return_url = match links.get("next").map(|next| link::parse(org, &next.href)) {
            Some(Err(foreign)) if session_token.is_none() => return Err(foreign.into()),
            Some(url) => url.ok().map(ReturnUrl),
            None => None,
        };
        Ok(Self {
            session_token,
            expires_at: expires_at(answer),
            return_url,
        })
    }
}
