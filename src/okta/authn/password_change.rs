//! `PASSWORD_WARN`, `PASSWORD_EXPIRED`: a password that expires soon or has expired.

use serde_json::{Value, json};

use super::error::AuthnError;
use super::handle::Handle;
use crate::model::Org;
use crate::okta::link;
use crate::okta::post::Post;
use crate::secret::Secret;

/// The password must or should be changed.
#[derive(Debug, PartialEq, Eq)]
pub struct PasswordChange {
    pub handle: Handle,
    /// Days left, if Okta says so (`policy.expiration.passwordExpireDays`).
    pub days_left: Option<u64>,
    /// The page outside the org where the password is changed, if there is one (custom link).
    pub custom_url: Option<String>,
}

impl PasswordChange {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let handle = Handle::parse(org, answer)?;
        let days_left = answer.pointer("/_embedded/policy/expiration/passwordExpireDays");
        let next = handle.links.get("next");
        let foreign = next.filter(|next| link::parse(org, &next.href).is_err());
        Ok(Self {
            days_left: days_left.and_then(Value::as_u64),
            custom_url: foreign.map(|next| next.href.clone()),
            handle,
        })
    }

    /// Builds the request that keeps the old password.
    pub fn skip(self) -> Result<Post, AuthnError> {
        self.handle.follow("skip")
    }

    /// Whether Okta accepts a new password in this transaction.
    pub fn can_change(&self) -> bool {
        let next = self.handle.links.get("next");
        self.custom_url.is_none() && next.is_some_and(|next| next.is_named("changePassword"))
    }

    /// Builds the request with a new password. Okta keeps this state until it accepts one.
    pub fn change(&self, old: &Secret, new: &Secret) -> Result<Post, AuthnError> {
        let next = self.handle.links.get("next");
        let members = json!({ "oldPassword": old.expose(), "newPassword": new.expose() });
        self.handle
            .post(next.ok_or(AuthnError::MissingLink("next"))?, members)
    }
}
