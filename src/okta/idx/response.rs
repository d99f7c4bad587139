//! A response: its state handle, its remediations and its messages.

use std::fmt;

use serde_json::{Value, json};

use super::error::IdxError;
use super::message::{self, Message};
use super::remediation::Remediation;
use crate::model::{Org, Timestamp};
use crate::okta::error::OktaError;
use crate::okta::json::{self, JsonError, elements, text, text_at};
use crate::okta::link;
use crate::okta::post::Post;
use crate::secret::Secret;

const MAX_REMEDIATIONS: usize = 64;

/// A response of `/idp/idx/…`.
pub struct Response {
    org: Org,
    handle: Secret,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) remediations: Vec<Remediation>,
    pub(super) raw: Value,
    /// The messages above the form, then those beside its fields.
    pub messages: Vec<Message>,
}

/// Hides the raw response: it holds the handle.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("remediations", &self.remediations)
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}

impl Response {
    /// Parses the response to a [`Post`].
    ///
    /// # Errors
    /// [`IdxError::Ended`] with messages and no remediation, [`IdxError::Refused`] for an error
    /// body of the other APIs, other variants if the response is not of this API.
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, IdxError> {
        let raw = match json::parse(content_type, body) {
            Ok(answer) => answer,
            Err(JsonError::IsHtml) => return Err(IdxError::BrowserRequired(http_status)),
            Err(_) if http_status == 403 => return Err(IdxError::BrowserRequired(403)),
            Err(_) if http_status >= 400 => return Err(IdxError::HttpStatus(http_status)),
            Err(error) => return Err(error.into()),
        };
        if let Some(error) = OktaError::from_value(http_status, &raw) {
            return Err(error.into());
        }
        let listed = elements(&raw["remediation"]["value"]);
        let messages = message::parse_all(&raw, listed);
        let listed = listed.iter().take(MAX_REMEDIATIONS);
        let remediations: Vec<_> = listed.filter_map(Remediation::parse).collect();
        let is_done = text_at(&raw, "/success/href").is_some();
        if remediations.is_empty() && !is_done {
            return Err(match messages.is_empty() {
                false => IdxError::Ended(messages),
                true if http_status == 403 => IdxError::BrowserRequired(403),
                true if http_status >= 400 => IdxError::HttpStatus(http_status),
                true => IdxError::Shape,
            });
        }
        Ok(Self {
            org: org.clone(),
            handle: Secret::new(text(&raw, "stateHandle").unwrap_or_default()),
            expires_at: text(&raw, "expiresAt").and_then(Timestamp::from_rfc3339),
            remediations,
            raw,
            messages,
        })
    }

    /// Builds the request that ends the transaction.
    pub fn cancel(&self) -> Option<Post> {
        let cancel = Remediation::parse(&self.raw["cancel"])?;
        self.post(&cancel, json!({})).ok()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.remediation(name).is_some()
    }

    pub(super) fn remediation(&self, name: &str) -> Option<&Remediation> {
        let mut remediations = self.remediations.iter();
        remediations.find(|remediation| remediation.name == name)
    }

    /// Returns the raw remediations, those without an address included.
    pub(super) fn raw_remediations(&self) -> &[Value] {
        elements(&self.raw["remediation"]["value"])
    }

    /// Builds the POST of the remediation `name` with `members` and the newest handle.
    pub(super) fn follow(&self, name: &str, members: Value) -> Result<Post, IdxError> {
        self.post(self.remediation(name).ok_or(IdxError::Shape)?, members)
    }

    /// Builds the POST of `members` and the newest handle.
    pub(super) fn post(&self, to: &Remediation, members: Value) -> Result<Post, IdxError> {
        let url = link::parse(&self.org, &to.href)?;
        Ok(Post::with_token(url, members, "stateHandle", &self.handle))
    }

    /// Parses a link of the org.
    pub(super) fn url(&self, href: &str) -> Result<url::Url, IdxError> {
        Ok(link::parse(&self.org, href)?)
    }

    /// Returns the authenticator in use.
    pub(super) fn current(&self) -> &Value {
        let enrolled = &self.raw["currentAuthenticatorEnrollment"]["value"];
        if enrolled.is_object() {
            enrolled
        } else {
            &self.raw["currentAuthenticator"]["value"]
        }
    }

    /// Returns a member of `contextualData`, which may be in either of two places.
    pub(super) fn contextual(&self, member: &str) -> impl Iterator<Item = &Value> {
        ["currentAuthenticator", "currentAuthenticatorEnrollment"]
            .into_iter()
            .filter_map(move |holder| self.raw[holder]["value"]["contextualData"].get(member))
    }
}
