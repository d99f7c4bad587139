//! How a recipe asks a person: the agent passes it on to a client, a test answers by itself.

use std::time::Duration;

use thiserror::Error;

use crate::report::{Exit, Report};
use crate::wire::{Answer, Ask, AskKind, Notice};

/// The people at the other end of a recipe.
pub trait Conversation {
    /// Puts a question and waits for its answer.
    fn ask(&self, ask: Ask) -> impl Future<Output = Result<Answer, Unanswered>>;

    /// Tells everyone who waits.
    fn notify(&self, notice: Notice);

    /// Lets time pass; cut short when nobody waits for the outcome any longer.
    fn pause(&self, duration: Duration) -> impl Future<Output = Result<(), Unanswered>>;
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unanswered {
    #[error("everyone who waited for this is gone")]
    Abandoned,
    #[error("{0} is needed, and nobody is here to give it")]
    Unattended(AskKind),
    #[error("{0} was not given in time")]
    TimedOut(AskKind),
    #[error("{0} was asked for, and something else was answered")]
    Mismatched(AskKind),
}

impl Unanswered {
    /// The report of a code or an answer that nobody gave, with what would have been read with the question.
    pub(super) fn to(self, factor: &str) -> Report {
        Report::from(self).cause(format!("it is for {factor}"))
    }
}

impl From<Unanswered> for Report {
    fn from(unanswered: Unanswered) -> Self {
        let report = Self::new(
            Exit::SignIn,
            "sign_in.unanswered",
            "cannot go on without an answer",
        )
        .cause(unanswered);
        match unanswered {
            Unanswered::Unattended(AskKind::Username) => {
                report.hint("set `username` in the settings, or run `ob login` in a terminal")
            }
            Unanswered::Unattended(AskKind::Password) => {
                report.hint("run `ob login` in a terminal, or give it with `--password-stdin`")
            }
            Unanswered::Unattended(AskKind::Passcode) => {
                report.hint("run `ob login` in a terminal, or give it with `--passcode-stdin`")
            }
            Unanswered::Unattended(AskKind::SecurityKey) => report
                .hint("run `ob login` in a terminal, on the machine the key is plugged into")
                .hint("scripts use `sign_in = \"machine\"`, or `--factor totp` with `--passcode-stdin`"),
            Unanswered::Unattended(AskKind::Browser) => {
                report.hint("run `ob login` in a terminal; scripts use `sign_in = \"machine\"`")
            }
            Unanswered::Unattended(AskKind::Factor) => {
                report.hint("name one with `--factor` or `factor =` in the settings")
            }
            Unanswered::Unattended(AskKind::Role) => {
                report.hint("name one with `-r ROLE`, or with `-p PROFILE` a profile that does")
            }
            Unanswered::Unattended(AskKind::Confirmation) => report.hint(
                "its profile has `confirm = true`: run it in a terminal, as `ob exec -p PROFILE -- CMD`",
            ),
            _ => report.hint("run the same command again in a terminal"),
        }
    }
}
