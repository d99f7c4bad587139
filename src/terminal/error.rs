//! Errors of prompts and of output.

use nix::errno::Errno;
use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// A prompt without an answer, or output that could not be written.
#[derive(Debug, Error)]
pub enum TerminalError {
    /// There is no terminal. Holds the question, and what answers it without a terminal.
    #[error("there is no terminal to ask on")]
    NoTerminal { question: String, instead: String },
    /// The user ended the input or left the list without choosing.
    #[error("no answer was given")]
    NoAnswer { question: String, instead: String },
    /// As [`Self::NoAnswer`], for a password: an empty line is no password either.
    #[error("no password was typed")]
    NoPassword { question: String, instead: String },
    /// The question was withdrawn before it was answered.
    #[error("the question was withdrawn")]
    Withdrawn { question: String },
    #[error("the line is longer than {MAX_LINE_BYTES} bytes")]
    TooLong { what: String },
    #[error("it is not UTF-8 text")]
    NotUtf8 { what: String },
    #[error("standard input ended before it")]
    Missing { what: String },
    #[error("standard input is a terminal, which would show it")]
    Echoes { what: String, flag: &'static str },
    #[error("{}", .errno.desc().to_lowercase())]
    Io { what: String, errno: Errno },
}

/// Maximum of a typed or piped line. A canonical terminal line holds 4095 bytes on Linux.
pub(super) const MAX_LINE_BYTES: usize = 4096;

impl From<TerminalError> for Report {
    fn from(error: TerminalError) -> Self {
        let new = |code, summary: String| Self::new(code, summary).cause(&error);
        match &error {
            TerminalError::NoTerminal { question, instead } => {
                new(ErrorCode::TerminalNone, format!("cannot ask: {question}"))
                    .hint(format!("without a terminal, {instead}"))
            }
            TerminalError::NoAnswer { question, instead }
            | TerminalError::NoPassword { question, instead } => new(
                ErrorCode::TerminalNoAnswer,
                format!("not answered: {question}"),
            )
            .hint(format!("answer, or {instead}")),
            TerminalError::Withdrawn { question } => new(
                ErrorCode::TerminalWithdrawn,
                format!("not answered: {question}"),
            )
            .hint("the command that asked has ended: run the same command again"),
            TerminalError::TooLong { what } => new(
                ErrorCode::TerminalTooLong,
                format!("cannot read the {what}"),
            )
            .hint("give one line; `printf '%s\\n'` writes exactly one"),
            TerminalError::NotUtf8 { what } => new(
                ErrorCode::TerminalNotUtf8,
                format!("cannot read the {what}"),
            )
            .hint("`locale` shows the encoding of the terminal; it must be UTF-8"),
            TerminalError::Missing { what } => new(
                ErrorCode::TerminalStdinEnded,
                format!("cannot read the {what}"),
            )
            .hint(
                "give one line for each, the password first: `printf '%s\\n' \
                        \"$PASSWORD\" \"$CODE\"`",
            ),
            TerminalError::Echoes { what, flag } => new(
                ErrorCode::TerminalEchoes,
                format!("will not read the {what} here"),
            )
            .hint(format!("leave out `{flag}` to be asked without echo")),
            TerminalError::Io { what, .. } => {
                new(ErrorCode::TerminalIo, format!("cannot use {what}"))
                    .hint("`tty` says which terminal this is, `df` whether a disk is full")
            }
        }
    }
}
