//! Why something could not be asked, read or written.

use nix::errno::Errno;
use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// A question that got no answer, or an output that could not be written.
#[derive(Debug, Error)]
pub enum TerminalError {
    /// There is nobody to ask. Carries the question, and what answers it without a terminal.
    #[error("there is no terminal to ask on")]
    NoTerminal { question: String, instead: String },
    /// The person ended the input or left the list without choosing.
    #[error("no answer was given")]
    NoAnswer { question: String, instead: String },
    /// The same for a password, whose empty line is no answer either.
    #[error("no password was typed")]
    NoPassword { question: String, instead: String },
    /// Whoever wanted the answer does so no more.
    #[error("the question was taken back")]
    TakenBack { question: String },
    #[error("the line is longer than {LONGEST} bytes")]
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

/// More than a canonical terminal line holds (4095 bytes on Linux); for a pipe, a bound.
pub(super) const LONGEST: usize = 4096;

impl From<TerminalError> for Report {
    fn from(error: TerminalError) -> Self {
        let new = |code, summary: String| Self::new(code, summary).cause(&error);
        match &error {
            TerminalError::NoTerminal { question, instead } => {
                new(ErrorCode::TerminalNone, format!("cannot ask: {question}"))
                    .hint(format!("without a terminal, {instead}"))
            }
            TerminalError::NoAnswer { question, instead }
            | TerminalError::NoPassword { question, instead } => {
                new(ErrorCode::TerminalNoAnswer, format!("not answered: {question}"))
                    .hint(format!("answer, or {instead}"))
            }
            TerminalError::TakenBack { question } => {
                new(ErrorCode::TerminalTakenBack, format!("not answered: {question}"))
                    .hint("what asked has ended meanwhile: run the same command again")
            }
            TerminalError::TooLong { what } => {
                new(ErrorCode::TerminalTooLong, format!("cannot read the {what}"))
                    .hint("give one line; `printf '%s\\n'` writes exactly one")
            }
            TerminalError::NotUtf8 { what } => {
                new(ErrorCode::TerminalNotUtf8, format!("cannot read the {what}"))
                    .hint("`locale` shows the encoding of the terminal; it must be UTF-8")
            }
            TerminalError::Missing { what } => {
                new(ErrorCode::TerminalStdinEnded, format!("cannot read the {what}"))
                    .hint("give one line for each, the password first: `printf '%s\\n' \"$PASSWORD\" \"$CODE\"`")
            }
            TerminalError::Echoes { what, flag } => {
                new(ErrorCode::TerminalEchoes, format!("will not read the {what} here"))
                    .hint(format!("leave out `{flag}` to be asked without echo"))
            }
            TerminalError::Io { what, .. } => {
                new(ErrorCode::TerminalIo, format!("cannot use {what}"))
                    .hint("`tty` says which terminal this is, `df` whether a disk is full")
            }
        }
    }
}
