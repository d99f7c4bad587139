//! Why an IDX sign-in does not go on.

use thiserror::Error;

use super::response::Message;
use crate::okta::JsonError;
use crate::okta::OktaError;
use crate::report::{Exit, Report};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IdxError {
    /// A page or an empty refusal where data belongs: bot protection, or an interface that is closed.
    #[error("Okta answered with a page instead of data (HTTP status {0})")]
    BrowserRequired(u16),
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error(transparent)]
    Refused(#[from] OktaError),
    #[error("Okta answered with HTTP status {0}")]
    HttpStatus(u16),
    #[error("the answer is not of Identity Engine's shape")]
    Shape,
    #[error("a link leads to another origin ({0})")]
    ForeignLink(String),
    /// Messages, at least one, and nothing that could be done next.
    #[error("{}", in_one_line(.0))]
    Ended(Vec<Message>),
    #[error("there is no choice number {0}")]
    NoSuchChoice(usize),
}

impl From<IdxError> for Report {
    fn from(error: IdxError) -> Self {
        const START: &str = "`ob login` starts again";
        let (name, exit, hint) = match &error {
            IdxError::Json(error) => return (*error).into(),
            IdxError::Refused(error) => return error.clone().into(),
            IdxError::Ended(messages) => return refusal(messages),
            IdxError::BrowserRequired(_) => (
                "okta.idx.wants_browser",
                Exit::Refused,
                "this org wants a browser: set `sign_in = \"browser\"` and `client_id =` in [org]",
            ),
            IdxError::HttpStatus(429) => (
                "okta.idx.rate_limited",
                Exit::Unreachable,
                "wait a minute, then run `ob login` again",
            ),
            IdxError::HttpStatus(500..) => (
                "okta.idx.server_error",
                Exit::Unreachable,
                "run the same command again in a minute; https://status.okta.com tells whether Okta is down",
            ),
            IdxError::HttpStatus(_) => ("okta.idx.http_status", Exit::Failed, START),
            IdxError::Shape => (
                "okta.idx.shape",
                Exit::Failed,
                "`sign_in = \"browser\"` in [org] goes another way; `ob login` starts again",
            ),
            IdxError::ForeignLink(_) => (
                "okta.idx.foreign_link",
                Exit::Failed,
                "set `org.url` to the address your browser shows when you sign in, then `ob login`",
            ),
            IdxError::NoSuchChoice(_) => ("okta.idx.no_such_choice", Exit::SignIn, START),
        };
        Self::new(exit, name, "cannot sign in to Okta")
            .cause(error)
            .hint(hint)
    }
}

/// A report of all `messages`: its name is that of the first whose key is known, else the first error's.
fn refusal(messages: &[Message]) -> Report {
    let is_named = |message: &&Message| message.report().name != "okta.idx.refused";
    let first_error = messages.iter().find(|message| message.is_error());
    let main = messages
        .iter()
        .find(is_named)
        .or(first_error)
        .or(messages.first());
    let Some(main) = main else {
        return IdxError::Shape.into();
    };
    let others = messages.iter().filter(|message| *message != main);
    others.fold(main.report(), |report, message| {
        report.cause(message.labelled_text())
    })
}

fn in_one_line(messages: &[Message]) -> String {
    let all: Vec<String> = messages.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl Message {
    /// What a message means when nothing can be done after it.
    pub fn report(&self) -> Report {
        let (name, exit, summary, hint) = match self.key.as_str() {
            "idx.session.expired" => (
                "okta.transaction_over",
                Exit::SignIn,
                "this sign-in ran out",
                "`ob login` starts anew",
            ),
            "security.access_denied" => (
                "okta.denied_by_policy",
                Exit::Refused,
                "the org's sign-on policy does not let you in",
                "ask your Okta admin which rule applies, then `ob login`",
            ),
            "tooManyRequests" => (
                "okta.rate_limited",
                Exit::Unreachable,
                "Okta asks for a pause",
                "wait a minute, then run `ob login` again",
            ),
            "idx.error.user.not.assigned.to.app" => (
                "okta.not_assigned",
                Exit::Refused,
                "the app is not assigned to you",
                "ask your Okta admin for it; `ob roles` shows what you have",
            ),
            "errors.E0000004" => (
                "okta.sign_in_refused",
                Exit::Refused,
                "Okta did not accept the sign-in",
                "check username and password; a policy or a lockout looks the same, so sign in once in a browser before you run `ob login` again",
            ),
            "errors.E0000119" => (
                "okta.account_locked",
                Exit::Refused,
                "your Okta account is locked",
                "unlock it in a browser (\"Need help signing in?\") or ask your Okta admin, then `ob login`",
            ),
            "password.passwordRequirementsNotMet" | "errors.E0000014" | "errors.E0000080" => (
                "okta.password_policy",
                Exit::Refused,
                "Okta does not accept the new password",
                "`ob login` asks for another one; the org's sign-in page shows the rules",
            ),
            "errors.E0000035" => (
                "okta.password_policy",
                Exit::Refused,
                "Okta lets you change no password here",
                "change it where your organisation has you do it, then `ob login`",
            ),
            "authfactor.challenge.soft_token.used_passcode" => (
                "okta.code_used",
                Exit::Refused,
                "this code was used already",
                "wait for the next code (at most 30 s), then run `ob login` again",
            ),
            key if key.starts_with("authfactor.webauthn.error") => (
                "okta.key_refused",
                Exit::Refused,
                "Okta does not accept the security key's answer",
                "`ob login` tries again; if it stays so, set the key up anew in your Okta settings",
            ),
            key if key.starts_with("api.authn.error") => (
                "okta.wrong_answer",
                Exit::Refused,
                "the code or answer is not right",
                "run `ob login` again and answer anew; too many wrong answers lock the account",
            ),
            _ => (
                "okta.idx.refused",
                Exit::Refused,
                "Okta refused",
                "`ob login` tries again; what Okta says is what your admin can look up",
            ),
        };
        Report::new(exit, name, summary).cause(self).hint(hint)
    }
}
