//! One answer: its handle, what may be done next, what Okta has to say.

use std::fmt;

use serde_json::Value;

use super::form::Remediation;
use super::{IdxError, Step};
use crate::model::{Org, Timestamp};
use crate::okta::json::{self, text, text_at};
use crate::okta::{JsonError, OktaError};
use crate::secret::Secret;

/// More remediations than any page has.
const MOST: usize = 64;
/// Messages that are read of one list; a device check lists each missing requirement.
const MAX_MESSAGES: usize = 24;

/// An answer of `/idp/idx/…`.
#[derive(Debug)]
pub struct Response {
    pub(super) org: Org,
    pub(super) handle: Secret,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) remediations: Vec<Remediation>,
    pub(super) raw: Raw,
    /// Above the form and beside its fields, in order.
    pub messages: Vec<Message>,
}

/// The whole answer; never shown, since it holds the handle.
pub(super) struct Raw(pub(super) Value);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Raw")
    }
}

/// What Okta says to the person; foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    /// Okta's name for it (`i18n.key`).
    pub key: String,
    pub class: MessageClass,
}

/// How Okta classes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageClass {
    Info,
    Warning,
    /// `ERROR`; a message without a class counts as one.
    Error,
}

impl Message {
    pub fn is_error(&self) -> bool {
        self.class == MessageClass::Error
    }

    /// The text, with its class where it is a warning.
    pub fn labelled_text(&self) -> String {
        match self.class {
            MessageClass::Warning => format!("warning: {}", self.text),
            MessageClass::Info | MessageClass::Error => self.text.clone(),
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            f.write_str(&self.text)
        } else {
            write!(f, "{} ({})", self.text, self.key)
        }
    }
}

impl Response {
    /// Reads the answer to a [`crate::okta::Post`].
    ///
    /// # Errors
    /// When it is over (messages and no way on), refused in another form, or not of this interface.
    pub fn parse(
        org: &Org,
        http_status: u16,
        content_type: &str,
        body: &[u8],
    ) -> Result<Self, IdxError> {
        let answer = match json::parse(content_type, body) {
            Ok(answer) => answer,
            Err(JsonError::IsHtml) => return Err(IdxError::BrowserRequired(http_status)),
            Err(_) if http_status == 403 => return Err(IdxError::BrowserRequired(403)),
            Err(_) if http_status >= 400 => return Err(IdxError::HttpStatus(http_status)),
            Err(error) => return Err(error.into()),
        };
        if let Some(error) = OktaError::from_value(http_status, &answer) {
            return Err(error.into());
        }
        let mut messages = listed(&answer["messages"]);
        let all = answer
            .pointer("/remediation/value")
            .and_then(Value::as_array);
        let all = all.map(Vec::as_slice).unwrap_or_default();
        for remediation in all {
            collect(&remediation["value"], &mut messages, 0);
        }
        let remediations: Vec<Remediation> = all
            .iter()
            .take(MOST)
            .filter_map(Remediation::parse)
            .collect();
        let is_over = text_at(&answer, "/success/href").is_some();
        let handle = text(&answer, "stateHandle");
        if remediations.is_empty() && !is_over {
            return Err(match messages.is_empty() {
                false => IdxError::Ended(messages),
                true if http_status == 403 => IdxError::BrowserRequired(403),
                true if http_status >= 400 => IdxError::HttpStatus(http_status),
                true => IdxError::Shape,
            });
        }
        Ok(Self {
            org: org.clone(),
            handle: Secret::new(handle.unwrap_or_default()),
            expires_at: text(&answer, "expiresAt").and_then(Timestamp::from_rfc3339),
            remediations,
            raw: Raw(answer),
            messages,
        })
    }

    /// The first thing that went wrong.
    pub fn error(&self) -> Option<&Message> {
        self.messages.iter().find(|message| message.is_error())
    }

    /// The next step, of those that Okta offers the one a sign-in takes.
    ///
    /// # Errors
    /// When a link that it needs leads elsewhere.
    pub fn into_step(self) -> Result<Step, IdxError> {
        Step::of(self)
    }

    /// What ends the transaction at the server.
    pub fn cancel(&self) -> Option<crate::okta::Post> {
        let cancel = Remediation::parse(&self.raw.0["cancel"])?;
        cancel.post(&self.org, &self.handle, Value::Null).ok()
    }

    pub(super) fn remediation(&self, name: &str) -> Option<&Remediation> {
        self.remediations
            .iter()
            .find(|remediation| remediation.name == name)
    }

    /// The authenticator that is asked about.
    pub(super) fn current(&self) -> &Value {
        let raw = &self.raw.0;
        let enrolled = &raw["currentAuthenticatorEnrollment"]["value"];
        if enrolled.is_object() {
            enrolled
        } else {
            &raw["currentAuthenticator"]["value"]
        }
    }
}

fn listed(messages: &Value) -> Vec<Message> {
    let all = messages["value"].as_array().into_iter().flatten();
    all.take(MAX_MESSAGES)
        .filter_map(|message| {
            let key = text_at(message, "/i18n/key");
            Some(Message {
                text: text(message, "message").or(key)?.to_owned(),
                key: key.unwrap_or_default().to_owned(),
                class: match text(message, "class") {
                    None | Some("ERROR") => MessageClass::Error,
                    Some("WARNING") => MessageClass::Warning,
                    Some(_) => MessageClass::Info,
                },
            })
        })
        .collect()
}

/// The messages beside fields, however deep the form is.
fn collect(fields: &Value, messages: &mut Vec<Message>, depth: usize) {
    if depth > 6 {
        return;
    }
    for field in fields.as_array().into_iter().flatten() {
        messages.extend(listed(&field["messages"]));
        collect(&field["form"]["value"], messages, depth + 1);
        for option in field["options"].as_array().into_iter().flatten() {
            collect(&option["value"]["form"]["value"], messages, depth + 1);
        }
    }
}
