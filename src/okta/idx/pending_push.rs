//! A push that waits for the user.

use std::time::Duration;

use serde_json::{Value, json};

use super::error::IdxError;
use super::remediation::filled_values;
use super::response::Response;
use super::selection::{SELECT, Selection, detail};
use crate::model::Timestamp;
use crate::okta::post::Post;

/// The remediation that asks whether the user has acted.
pub(super) const POLL: &str = "challenge-poll";
/// The remediation that sends a code or a push again.
pub(super) const RESEND: &str = "resend";

/// A push was sent.
#[derive(Debug)]
pub struct PendingPush(pub(super) Response);

impl PendingPush {
    /// Returns the time between polls, if Okta says so.
    pub fn poll_interval(&self) -> Option<Duration> {
        self.0.remediation(POLL)?.refresh
    }

    /// Returns the number to tap on the phone. Zero is a valid number.
    pub fn number(&self) -> Option<&str> {
        let mut numbers = self.0.contextual("correctAnswer").filter_map(Value::as_str);
        numbers.find(|number| !number.is_empty())
    }

    /// Returns the name of the device. Untrusted text.
    pub fn detail(&self) -> Option<String> {
        detail(self.0.current())
    }

    /// Returns when Okta ends the transaction.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.expires_at
    }

    /// Whether Okta still waits; if not, the push was rejected or has timed out.
    pub fn is_polling(&self) -> bool {
        self.0.has(POLL)
    }

    /// Builds the request that asks whether the user has acted.
    pub fn poll(&self) -> Result<Post, IdxError> {
        self.0.follow(POLL, json!({}))
    }

    pub fn can_resend(&self) -> bool {
        self.0.has(RESEND)
    }

    /// Builds the request for another push.
    pub fn resend(&self) -> Result<Post, IdxError> {
        let form = self.0.remediation(RESEND).ok_or(IdxError::Shape)?;
        let authenticator = filled_values(form.inner_fields("authenticator"));
        let members = match authenticator.is_empty() {
            true => json!({}),
            false => json!({ "authenticator": authenticator }),
        };
        self.0.post(form, members)
    }

    /// Whether another authenticator can be selected instead.
    pub fn can_choose_other(&self) -> bool {
        self.0.has(SELECT)
    }

    /// Returns to the selection of authenticators.
    pub fn choose_other(self) -> Selection {
        Selection::new(self.0, SELECT)
    }
}
