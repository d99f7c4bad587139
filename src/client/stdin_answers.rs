//! Answers to a sign-in that are given before they are asked for, on standard input.

use crate::process;
use crate::report::Report;
use crate::secret::Secret;
use crate::terminal::{TerminalError, secret_from_stdin, stdin_takes_secrets};

/// The flags of a sign-in: which answers are read from standard input, and which factor to use.
#[derive(Clone, Debug, Default)]
pub struct SignInOptions {
    /// Whether the password is the first line of standard input.
    pub password_stdin: bool,
    /// Whether the passcode is read from standard input: the line after the password, or the first
    /// line without `password_stdin`.
    pub passcode_stdin: bool,
    /// The kind of factor to use instead of that of the settings.
    pub factor: Option<String>,
}

impl SignInOptions {
    /// Reads the password, and not a byte more: the rest of standard input is for the command.
    ///
    /// The passcode is read when it is asked for: a code that Okta sends is not known before.
    pub(super) fn read(&self) -> Result<StdinAnswers, Report> {
        let password = self
            .password_stdin
            .then(|| secret_from_stdin("--password-stdin", "password"))
            .transpose()?;
        if self.passcode_stdin {
            stdin_takes_secrets(PASSCODE.0, PASSCODE.1)?;
        }
        let read = password.as_ref().map_or("", Secret::expose);
        process::panic_point("client.typed", read);
        Ok(StdinAnswers {
            password,
            passcode_follows: self.passcode_stdin,
        })
    }
}

const PASSCODE: (&str, &str) = ("--passcode-stdin", "passcode");

/// Answers from standard input. Each is given once.
pub(super) struct StdinAnswers {
    pub(super) password: Option<Secret>,
    /// Whether the passcode's line has not been read yet.
    passcode_follows: bool,
}

impl StdinAnswers {
    pub(super) fn passcode(&mut self) -> Result<Option<Secret>, TerminalError> {
        std::mem::take(&mut self.passcode_follows)
            .then(|| secret_from_stdin(PASSCODE.0, PASSCODE.1))
            .transpose()
    }

    /// Reads the passcode's line if it was not needed: the command must not get it.
    pub(super) fn discard(&mut self) -> Result<(), TerminalError> {
        match self.passcode() {
            Err(TerminalError::Missing { .. }) => Ok(()),
            other => other.map(drop),
        }
    }
}
