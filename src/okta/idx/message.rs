//! Messages to the user in a response.

use std::fmt;

use serde_json::Value;

use crate::okta::error;
use crate::okta::hint;
use crate::okta::json::{elements, text, text_at};
use crate::report::{ErrorCode, Report};

/// Limit for one list of messages. A device check lists each missing requirement.
const MAX_MESSAGES: usize = 24;
/// Limit of forms nested in forms.
const MAX_DEPTH: usize = 6;
/// A message to the user. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub text: String,
    /// Okta's name of the message (`i18n.key`).
    pub key: String,
    pub class: MessageClass,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageClass {
    Info,
    Warning,
    /// `ERROR`, or no class.
    Error,
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

impl Message {
    fn parse(value: &Value) -> Option<Self> {
        let key = text_at(value, "/i18n/key");
        Some(Self {
            text: text(value, "message").or(key)?.to_owned(),
            key: key.unwrap_or_default().to_owned(),
            class: match text(value, "class") {
                None | Some("ERROR") => MessageClass::Error,
                Some("WARNING") => MessageClass::Warning,
                Some(_) => MessageClass::Info,
            },
        })
    }

    pub fn is_error(&self) -> bool {
        self.class == MessageClass::Error
    }

    /// Returns the text, marked if it is a warning.
    pub fn labelled_text(&self) -> String {
        match self.class {
            MessageClass::Warning => format!("warning: {}", self.text),
            MessageClass::Info | MessageClass::Error => self.text.clone(),
        }
    }

    /// Returns the report of a message that ends the sign-in.
    pub fn report(&self) -> Report {
        let new = |code, summary, hint| Report::new(code, summary).hint(hint);
        let report = match self.key.as_str() {
            "idx.session.expired" => new(
                ErrorCode::OktaTransactionOver,
                "this sign-in ran out",
                "`ob login` starts anew",
            ),
            "security.access_denied" => new(
                ErrorCode::OktaDeniedByPolicy,
                "the org's sign-on policy does not let you in",
                "ask your Okta admin which rule applies, then `ob login`",
            ),
            "tooManyRequests" => new(
                ErrorCode::OktaRateLimited,
                "Okta's rate limit is reached",
                hint::RATE_LIMITED,
            ),
            "idx.error.user.not.assigned.to.app" => new(
                ErrorCode::OktaNotAssigned,
                "the app is not assigned to you",
                "ask your Okta admin for it; `ob roles` shows what you have",
            ),
            "errors.E0000004" => error::report("E0000004", 403),
            "errors.E0000119" => error::report("E0000119", 403),
            "password.passwordRequirementsNotMet" | "errors.E0000014" | "errors.E0000080" => new(
                ErrorCode::OktaPasswordPolicy,
                "Okta does not accept the new password",
                "`ob login` asks for another one; the org's sign-in page shows the rules",
            ),
            "errors.E0000035" => new(
                ErrorCode::OktaPasswordPolicy,
                "Okta lets you change no password here",
                "change it where your organisation has you do it, then `ob login`",
            ),
            "authfactor.challenge.soft_token.used_passcode" => error::report("E0000082", 403),
            key if key.starts_with("authfactor.webauthn.error") => new(
                ErrorCode::OktaKeyRefused,
                "Okta does not accept the security key's answer",
                "`ob login` tries again; if it stays so, set the key up anew in your Okta settings",
            ),
            key if key.starts_with("api.authn.error") => error::report("E0000068", 403),
            _ => new(
                ErrorCode::OktaIdxRefused,
                "Okta refused",
                "`ob login` tries again; what Okta says is what your admin can look up",
            ),
        };
        report.cause(self)
    }
}

/// Returns one report of all messages: that of the first known key, else of the first error. The
/// others are its causes. `None` without messages.
pub(super) fn report_all(messages: &[Message]) -> Option<Report> {
    let is_known = |message: &&Message| message.report().code != ErrorCode::OktaIdxRefused;
    let main = messages
        .iter()
        .find(is_known)
        .or_else(|| messages.iter().find(|message| message.is_error()))
        .or(messages.first())?;
    let others = messages.iter().filter(|message| *message != main);
    Some(others.fold(main.report(), |report, message| {
        report.cause(message.labelled_text())
    }))
}

/// Parses the messages of a response, then those beside the fields of its forms.
pub(super) fn parse_all(answer: &Value, remediations: &[Value]) -> Vec<Message> {
    let mut messages = Vec::new();
    extend(&mut messages, &answer["messages"]);
    for remediation in remediations {
        extend_from_fields(&mut messages, &remediation["value"], 0);
    }
    messages
}

fn extend(messages: &mut Vec<Message>, value: &Value) {
    let listed = elements(&value["value"]).iter().take(MAX_MESSAGES);
    messages.extend(listed.filter_map(Message::parse));
}

fn extend_from_fields(messages: &mut Vec<Message>, fields: &Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    for field in elements(fields) {
        extend(messages, &field["messages"]);
        extend_from_fields(messages, &field["form"]["value"], depth + 1);
        for option in elements(&field["options"]) {
            extend_from_fields(messages, &option["value"]["form"]["value"], depth + 1);
        }
    }
}
