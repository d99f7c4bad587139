//! Why no conversation with the agent was possible, or why it ended.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use thiserror::Error;

use crate::report::{ErrorCode, Report};
use crate::wire::{FrameError, PROTOCOL, build_id};

/// The agent sends a message at least every ten seconds, if only [`StillWaiting`].
///
/// [`StillWaiting`]: crate::wire::Notice::StillWaiting
pub(super) const AGENT_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// The text an agent sends if it has no descriptors left. Its hint differs from that of every
/// other failure to start.
pub const OUT_OF_DESCRIPTORS: &str = "too many open files";
pub const DESCRIPTOR_LIMIT_HINT: &str =
    "`ulimit -n 1024` raises this shell's limit; else close other programs";

/// Why no conversation was possible, or why it ended.
#[derive(Debug, Error)]
pub enum LinkError {
    #[error("the socket is served by another user")]
    ForeignAgent,
    #[error(
        "the agent runs ob {build} (protocol {theirs}), this is ob {own} (protocol {PROTOCOL})",
        own = env!("CARGO_PKG_VERSION")
    )]
    OtherProtocol { theirs: u16, build: String },
    #[error("it is not of the same build as this ob {}", build_id())]
    OtherBuild,
    #[error("{}", .0.causes.join(": "))]
    NoProgram(Box<Report>),
    #[error("the agent did not become ready: {0}")]
    NotReady(String),
    #[error("cannot make {}: {}", .0.display(), reason(.1))]
    NoPlace(PathBuf, io::Error),
    #[error("no process for it: {}", reason(.0))]
    NoProcess(io::Error),
    #[error("another ob has been starting the agent for too long")]
    LockHeld,
    #[error("it accepts no connections, and its backlog is full")]
    QueueFull,
    #[error("no agent is running")]
    NotRunning,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether the process or the system has no descriptors left.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw);
    matches!(number, Some(Errno::EMFILE | Errno::ENFILE))
}

/// Returns the system's text for an error, without the number that std appends.
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        // From fork; its text, "try again", would not help the user.
        Some(number) if Errno::from_raw(number) == Errno::EAGAIN => {
            "the limit of processes is reached".to_owned()
        }
        Some(number) => Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}

impl LinkError {
    /// Whether the agent ended during the conversation, so that a new one can be asked.
    pub fn is_gone(&self) -> bool {
        match self {
            Self::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::BrokenPipe
            ),
            _ => false,
        }
    }
}

impl From<LinkError> for Report {
    fn from(error: LinkError) -> Self {
        if let LinkError::NoProgram(report) = error {
            return *report;
        }
        let report = |code, summary: &str| Self::new(code, summary).cause(&error);
        match &error {
            LinkError::OtherBuild => report(
                ErrorCode::AgentProgramVersion,
                "cannot use the program ob-agent",
            )
            .hint("install `ob` and `ob-agent` from the same package"),
            LinkError::ForeignAgent => report(
                ErrorCode::AgentForeign,
                "the agent's socket cannot be trusted",
            )
            .hint(
                "another user made that socket: look at it, remove it, \
                 and run the same command again",
            ),
            LinkError::OtherProtocol { .. } => report(
                ErrorCode::AgentProtocol,
                "the running agent is of another version",
            )
            .hint("`ob agent stop` ends it; you will sign in again"),
            LinkError::NotReady(words) if words.ends_with(OUT_OF_DESCRIPTORS) => {
                report(ErrorCode::AgentNoProcess, "cannot start the agent")
                    .hint(DESCRIPTOR_LIMIT_HINT)
            }
            LinkError::NotReady(_) | LinkError::LockHeld => {
                report(ErrorCode::AgentStart, "cannot start the agent")
                    .hint("`ob --no-agent …` works without the agent")
            }
            LinkError::NoPlace(..) => report(ErrorCode::AgentNoPlace, "cannot start the agent")
                .hint("`df` and `df -i` show whether that disk is full")
                .hint("`ob --no-agent …` works without the agent"),
            LinkError::NoProcess(_) => report(ErrorCode::AgentNoProcess, "cannot start the agent")
                .hint("`ulimit -a` shows how many files (-n) and processes (-u) you may have"),
            LinkError::QueueFull => report(ErrorCode::AgentSilent, "the agent does not answer")
                .hint("`ob agent stop` ends it; you will sign in again"),
            LinkError::NotRunning => {
                report(ErrorCode::AgentNone, "nobody is signed in").hint("`ob login` signs you in")
            }
            LinkError::Io(io)
                if matches!(
                    io.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                Self::new(ErrorCode::AgentSilent, "the agent does not answer")
                    .cause(format!(
                        "no word from it for {} seconds",
                        AGENT_READ_TIMEOUT.as_secs()
                    ))
                    .hint("`ob agent stop` ends it; you will sign in again")
            }
            LinkError::Io(io) if is_out_of_descriptors(io) => {
                Self::new(ErrorCode::AgentNoProcess, "cannot reach the agent")
                    .cause(OUT_OF_DESCRIPTORS)
                    .hint(DESCRIPTOR_LIMIT_HINT)
            }
            _ if error.is_gone() => report(ErrorCode::AgentGone, "the agent has ended")
                .hint("run the same command again: a new agent is started"),
            LinkError::Frame(_) | LinkError::Io(_) | LinkError::NoProgram(_) => {
                report(ErrorCode::AgentLink, "cannot talk to the agent")
                    .hint("`ob agent stop` ends it; you will sign in again")
            }
        }
    }
}
