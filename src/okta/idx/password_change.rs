//! A password that has expired or expires soon.

use serde_json::{Value, json};

use super::error::IdxError;
use super::response::Response;
use crate::okta::json::{text, text_at};
use crate::okta::post::Post;
use crate::secret::Secret;

/// The remediations that take a new password.
const FORMS: [&str; 2] = ["reenroll-authenticator", "reenroll-authenticator-warning"];
/// The remediations that send the user to a page of the organisation.
const CUSTOM_PAGES: [&str; 2] = [
    "reenroll-custom-password-expiry",
    "reenroll-custom-password-expiry-warning",
];
/// The remediation that skips an optional step.
pub(super) const SKIP: &str = "skip";

/// The password must or should be changed.
#[derive(Debug)]
pub struct PasswordChange(Response);

impl PasswordChange {
    /// Whether `response` asks for a new password. Okta asks for other authenticators to be
    /// enrolled again with the same remediations.
    pub(super) fn is_in(response: &Response) -> bool {
        let mut names = FORMS.iter().chain(&CUSTOM_PAGES);
        let kind = text_at(response.current(), "/type").unwrap_or("password");
        names.any(|name| response.has(name)) && kind == "password"
    }

    pub(super) fn new(response: Response) -> Self {
        Self(response)
    }

    /// Returns the days left, if Okta says so (`settings.daysToExpiry`).
    pub fn days_left(&self) -> Option<u64> {
        let days = self.0.current().pointer("/settings/daysToExpiry");
        days.and_then(Value::as_u64)
    }

    /// Whether the old password may be kept for now.
    pub fn can_skip(&self) -> bool {
        self.0.has(SKIP)
    }

    /// Builds the request that keeps the old password.
    pub fn skip(&self) -> Result<Post, IdxError> {
        self.0.follow(SKIP, json!({}))
    }

    /// Whether Okta accepts a new password in this transaction. It has the old one already.
    pub fn can_change(&self) -> bool {
        let form = self.form().and_then(|name| self.0.remediation(name));
        let mut fields = form.into_iter();
        fields.any(|form| {
            let fields = form.inner_fields("credentials");
            fields.iter().any(|field| field["name"] == "passcode")
        })
    }

    /// Returns the organisation's page for changing the password, if there is one. Untrusted text.
    pub fn custom_url(&self) -> Option<String> {
        let mut remediations = self.0.raw_remediations().iter();
        let url = remediations.find_map(|found| text(found, "customExpiredPasswordURL"));
        url.map(str::to_owned)
    }

    /// Builds the request with a new password.
    pub fn change(self, new: &Secret) -> Result<Post, IdxError> {
        let members = json!({ "credentials": { "passcode": new.expose() } });
        self.0.follow(self.form().ok_or(IdxError::Shape)?, members)
    }

    fn form(&self) -> Option<&'static str> {
        FORMS.into_iter().find(|name| self.0.has(name))
    }
}
