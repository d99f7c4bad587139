//! The channel to the user: the agent forwards questions to a client, tests answer them directly.

use std::time::Duration;

use thiserror::Error;

use crate::report::{ErrorCode, Report};
use crate::wire::{Answer, Ask, AskKind, Notice};

/// The clients that wait for a procedure's result.
pub trait Conversation {
    /// Sends a question and waits for its answer.
    fn ask(&self, ask: Ask) -> impl Future<Output = Result<Answer, Unanswered>>;

    /// Sends a notice to every client that waits.
    fn notify(&self, notice: Notice);

    /// Sleeps. Ends early with [`Unanswered::Abandoned`] when no client waits any more.
    fn pause(&self, duration: Duration) -> impl Future<Output = Result<(), Unanswered>>;
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unanswered {
    #[error("the command that asked for this has ended")]
    Abandoned,
    /// No client has a terminal, or none of them can answer.
    #[error("{0} is needed, and nobody is here to give it")]
    Unattended(AskKind),
    #[error("{0} was not given in time")]
    TimedOut(AskKind),
    /// The answer is of another kind than the question, or empty.
    #[error("{0} was asked for, and something else was answered")]
    Mismatched(AskKind),
}

impl From<Unanswered> for Report {
    fn from(unanswered: Unanswered) -> Self {
        let report = Self::new(
            ErrorCode::SignInUnanswered,
            "cannot go on without an answer",
        )
        .cause(unanswered);
        let hint = match unanswered {
            Unanswered::Unattended(AskKind::Username) => {
                "set `username` in the settings, or run `ob login` in a terminal"
            }
            Unanswered::Unattended(AskKind::Password) => {
                "run `ob login` in a terminal, or give it with `--password-stdin`"
            }
            Unanswered::Unattended(AskKind::Passcode) => {
                "run `ob login` in a terminal, or give it with `--passcode-stdin`"
            }
            Unanswered::Unattended(AskKind::SecurityKey) => {
                return report
                    .hint("run `ob login` in a terminal, on the machine the key is plugged into")
                    .hint(
                        "scripts use `sign_in = \"machine\"`, \
                         or `--factor totp` with `--passcode-stdin`",
                    );
            }
            Unanswered::Unattended(AskKind::Browser) => {
                "run `ob login` in a terminal; scripts use `sign_in = \"machine\"`"
            }
            Unanswered::Unattended(AskKind::Factor) => {
                "name one with `--factor` or `factor =` in the settings"
            }
            Unanswered::Unattended(AskKind::Role) => {
                "name one with `-r ROLE`, or with `-p PROFILE` a profile that does"
            }
            Unanswered::Unattended(AskKind::Confirmation) => {
                "its profile has `confirm = true`: \
                 run it in a terminal, as `ob exec -p PROFILE -- CMD`"
            }
            _ => "run the same command again in a terminal",
        };
        report.hint(hint)
    }
}
