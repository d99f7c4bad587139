//! A password that has expired, or soon will: replaced within the sign-in, or put off where that is offered.

use serde_json::{Value, json};

use super::IdxError;
use super::form::Remediation;
use super::response::Response;
use crate::okta::Post;
use crate::okta::json::text_at;
use crate::secret::Secret;

/// Both names of the form that takes a new password.
const FORMS: [&str; 2] = ["reenroll-authenticator", "reenroll-authenticator-warning"];
/// The same where the org has sent its people to a page of its own.
const ELSEWHERE: [&str; 2] = [
    "reenroll-custom-password-expiry",
    "reenroll-custom-password-expiry-warning",
];

/// The password's age stands in the way.
#[derive(Debug)]
pub struct PasswordChange(Response);

impl PasswordChange {
    /// Whether `response` is about a password's age.
    pub(super) fn is_in(response: &Response) -> bool {
        let is_about_it = FORMS
            .iter()
            .chain(&ELSEWHERE)
            .any(|name| response.remediation(name).is_some());
        // Other authenticators can be asked for anew in the same words.
        let kind = text_at(response.current(), "/type").unwrap_or("password");
        is_about_it && kind == "password"
    }

    pub(super) fn new(response: Response) -> Self {
        Self(response)
    }

    /// Days left, where Okta says so (`settings.daysToExpiry`).
    pub fn days_left(&self) -> Option<u64> {
        let days = self.0.current().pointer("/settings/daysToExpiry");
        days.and_then(Value::as_u64)
    }

    /// Whether it can be put off.
    pub fn can_skip(&self) -> bool {
        self.0.remediation("skip").is_some()
    }

    /// Goes on with the old password.
    ///
    /// # Errors
    /// When there is no such link, or it leads elsewhere.
    pub fn skip(&self) -> Result<Post, IdxError> {
        let skip = self.0.remediation("skip").ok_or(IdxError::Shape)?;
        skip.post(&self.0.org, &self.0.handle, Value::Null)
    }

    /// Whether Okta takes a new password here. The old one was given already.
    pub fn can_change(&self) -> bool {
        self.form().is_some_and(|form| {
            let fields = form.inner("credentials");
            fields.iter().any(|field| field["name"] == "passcode")
        })
    }

    /// The page of the org where the password is changed, if that is not here; foreign text.
    pub fn custom_url(&self) -> Option<String> {
        let all = self.0.raw.0.pointer("/remediation/value")?.as_array()?;
        let address = all
            .iter()
            .find_map(|found| text_at(found, "/customExpiredPasswordURL"));
        address.map(str::to_owned)
    }

    /// Changes the password.
    ///
    /// # Errors
    /// When there is no form for it, or it leads elsewhere.
    pub fn change(self, new: &Secret) -> Result<Post, IdxError> {
        let form = self.form().ok_or(IdxError::Shape)?;
        let members = json!({ "credentials": { "passcode": new.expose() } });
        form.post(&self.0.org, &self.0.handle, members)
    }

    fn form(&self) -> Option<&Remediation> {
        FORMS.iter().find_map(|name| self.0.remediation(name))
    }
}
