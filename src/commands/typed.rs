//! Answers that are typed before they are asked for: the flags of a sign-in, and the lines of standard input.

use clap::Args;
use clap::builder::PossibleValuesParser;

use crate::config::FACTORS;
use crate::process;
use crate::report::Report;
use crate::secret::Secret;
use crate::terminal::{TerminalError, secret_from_stdin, stdin_takes_secrets};

/// Where a sign-in's answers come from, with every verb that may have to sign in.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing in")]
pub struct SignInArgs {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the passcode from the next line of standard input
    #[arg(long)]
    pub passcode_stdin: bool,
    /// Verify with this factor (token: RSA, VIP; webauthn: a security key)
    #[arg(long, value_name = "FACTOR", value_parser = PossibleValuesParser::new(FACTORS.split(", ")))]
    pub factor: Option<String>,
}

impl SignInArgs {
    /// Reads the lines that were promised, in their order, and not a byte more: the rest is the child's. The
    /// passcode's is read when it is asked for: one that Okta sends is not known before.
    pub(super) fn read(&self) -> Result<Typed, Report> {
        let password = self
            .password_stdin
            .then(|| secret_from_stdin("--password-stdin", "password"))
            .transpose()?;
        if self.passcode_stdin {
            stdin_takes_secrets(PASSCODE.0, PASSCODE.1)?;
        }
        let at_hand = password.as_ref().map_or("", Secret::expose);
        process::panic_point("client.typed", at_hand);
        Ok(Typed {
            password,
            passcode_follows: self.passcode_stdin,
        })
    }
}

const PASSCODE: (&str, &str) = ("--passcode-stdin", "passcode");

/// Answers from standard input; each is given once.
pub(super) struct Typed {
    pub(super) password: Option<Secret>,
    /// Its line has not been read yet.
    passcode_follows: bool,
}

impl Typed {
    pub(super) fn passcode(&mut self) -> Result<Option<Secret>, TerminalError> {
        std::mem::take(&mut self.passcode_follows)
            .then(|| secret_from_stdin(PASSCODE.0, PASSCODE.1))
            .transpose()
    }

    /// Takes a promised line that nobody asked for out of the child's way.
    pub(super) fn done(&mut self) -> Result<(), TerminalError> {
        match self.passcode() {
            Err(TerminalError::Missing { .. }) => Ok(()),
            other => other.map(drop),
        }
    }
}
