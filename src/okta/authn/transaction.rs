//! An answer of `/api/v1/authn` into the state it stands for.

use std::fmt;

use serde_json::Value;
use url::Url;

use super::challenge::MfaChallenge;
use super::factor::Factor;
use super::link::{Handle, Links, at_org};
use super::required::MfaRequired;
use super::{AuthnError, Post};
use crate::model::{Org, Timestamp};
use crate::okta::error_code::OktaError;
use crate::okta::json::{self, text};
use crate::secret::Secret;

/// Where a sign-in stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Transaction {
    /// `UNAUTHENTICATED`: a state token is known, name and password are not.
    Unauthenticated(Unauthenticated),
    /// `MFA_REQUIRED`, `FACTOR_REQUIRED`: choose a factor.
    MfaRequired(MfaRequired),
    /// `MFA_CHALLENGE`, `FACTOR_CHALLENGE`: answer, or wait.
    MfaChallenge(Box<MfaChallenge>),
    Success(Success),
    /// `PASSWORD_WARN`: the password ends soon; it may be skipped.
    PasswordWarn(PasswordChange),
    /// `PASSWORD_EXPIRED`, `PASSWORD_RESET`: it must be changed first.
    PasswordExpired(PasswordChange),
    /// `LOCKED_OUT` (with HTTP 200). Never try again by ourselves.
    LockedOut,
    /// `MFA_ENROLL…`, `FACTOR_ENROLL…`: the policy asks for a factor that the user does not have yet.
    MfaEnroll(Enrollment),
    /// `RECOVERY…`: somebody started to recover this account.
    Recovery,
    /// What this program does not know, by Okta's name for it.
    Other(String),
}

impl Transaction {
    /// Reads the answer to a [`Post`].
    ///
    /// # Errors
    /// When Okta refuses (an [`OktaError`]), or the answer is not one of its API.
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, AuthnError> {
        let answer = match json::parse(content_type, body) {
            Ok(answer) => answer,
            Err(_) if !(200..300).contains(&http_status) => {
                return Err(AuthnError::HttpStatus(http_status));
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(error) = OktaError::from_value(http_status, &answer) {
            return Err(error.into());
        }
        if !(200..300).contains(&http_status) {
            return Err(AuthnError::HttpStatus(http_status));
        }
        let status = text(&answer, "status").ok_or(AuthnError::NoStatus)?;
        Ok(match status {
            "UNAUTHENTICATED" => Self::Unauthenticated(Unauthenticated {
                handle: Handle::parse(org, &answer)?,
            }),
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

/// A transaction that a page started, before anyone said who they are.
#[derive(Debug, PartialEq, Eq)]
pub struct Unauthenticated {
    handle: Handle,
}

impl Unauthenticated {
    /// Name and password within this transaction.
    ///
    /// # Errors
    /// When the org's address cannot carry the path (it always can).
    pub fn sign_in(self, username: &str, password: &Secret) -> Result<Post, AuthnError> {
        let members = serde_json::json!({ "username": username, "password": password.expose() });
        let href = self.handle.org.at("/api/v1/authn");
        self.handle.post(&href, members)
    }
}

/// The end of a transaction: `SUCCESS`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Success {
    /// Good once, for about five minutes, to open a session or an app.
    pub session_token: Option<Secret>,
    /// When the session token ends.
    pub expires_at: Option<Timestamp>,
    /// After a step-up within a session: GET this with its cookies to reach the app.
    pub return_url: Option<ReturnUrl>,
}

/// The address a step-up leads back to; its query carries the state token, so it is not shown.
#[derive(PartialEq, Eq)]
pub struct ReturnUrl(pub Url);

impl fmt::Debug for ReturnUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReturnUrl")
    }
}

impl Success {
    /// # Errors
    /// [`AuthnError::ForeignLink`] when there is no session token and the way back leads elsewhere.
    fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let session_token = text(answer, "sessionToken").map(Secret::new);
        let links = Links::parse(answer);
        let return_url = match links.one("next").map(|next| at_org(org, &next.href)) {
            Some(Err(error)) if session_token.is_none() => return Err(error),
            Some(return_url) => return_url.ok().map(ReturnUrl),
            None => None,
        };
        Ok(Self {
            session_token,
            expires_at: text(answer, "expiresAt").and_then(Timestamp::from_rfc3339),
            return_url,
        })
    }
}

/// The password's age stands in the way.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordChange {
    handle: Handle,
    /// Days left, where Okta says so (`policy.expiration.passwordExpireDays`).
    pub days_left: Option<u64>,
    /// The page of another company where the password is changed (a custom link), if there is one.
    pub elsewhere: Option<String>,
}

impl PasswordChange {
    fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let handle = Handle::parse(org, answer)?;
        let days_left = answer.pointer("/_embedded/policy/expiration/passwordExpireDays");
        let elsewhere = handle
            .links
            .one("next")
            .filter(|next| at_org(org, &next.href).is_err())
            .map(|next| next.href.clone());
        Ok(Self {
            days_left: days_left.and_then(Value::as_u64),
            elsewhere,
            handle,
        })
    }

    /// Goes on with the old password, where the policy lets that happen.
    ///
    /// # Errors
    /// When there is no such link.
    pub fn skip(self) -> Result<Post, AuthnError> {
        self.handle.follow("skip")
    }

    /// Whether Okta takes a new password here, from someone who knows the old one.
    pub fn can_change(&self) -> bool {
        let next = self.handle.links.one("next");
        self.elsewhere.is_none()
            && next.is_some_and(|next| next.name.as_deref() == Some("changePassword"))
    }

    /// Changes the password. The state stays as it is until Okta takes the new one, so this consumes nothing.
    ///
    /// # Errors
    /// When there is no link to the change.
    pub fn change(&self, old: &Secret, new: &Secret) -> Result<Post, AuthnError> {
        let next = self.handle.links.one("next");
        let next = next.ok_or(AuthnError::MissingLink("next"))?;
        let members =
            serde_json::json!({ "oldPassword": old.expose(), "newPassword": new.expose() });
        self.handle.post(&next.href, members)
    }

    /// Ends the transaction at the server.
    pub fn cancel(&self) -> Option<Post> {
        self.handle.cancel()
    }
}

/// A factor has to be set up, which is done in a browser.
#[derive(Debug, PartialEq, Eq)]
pub struct Enrollment {
    handle: Handle,
    /// What could be set up, and whether it must be.
    pub factors: Vec<(Factor, Required)>,
}

/// Whether a factor must be set up (`enrollment`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    Yes,
    No,
}

impl Enrollment {
    fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let listed = answer
            .pointer("/_embedded/factors")
            .and_then(Value::as_array);
        let factors = listed.into_iter().flatten().map(|factor| {
            let required = match text(factor, "enrollment") {
                Some("REQUIRED") => Required::Yes,
                _ => Required::No,
            };
            (Factor::parse(factor), required)
        });
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            factors: factors.collect(),
        })
    }

    /// Whether it can be put off.
    pub fn can_skip(&self) -> bool {
        self.handle.links.one("skip").is_some()
    }

    /// Goes on without, where all of them are optional.
    ///
    /// # Errors
    /// When there is no such link.
    pub fn skip(self) -> Result<Post, AuthnError> {
        self.handle.follow("skip")
    }

    /// Ends the transaction at the server.
    pub fn cancel(&self) -> Option<Post> {
        self.handle.cancel()
    }
}
