//! The client's end: one conversation, blocking, with a deadline on every read.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::link::connect::SOCKET_SEND_TIMEOUT;
use crate::link::peer::is_same_user;
use crate::link::{DESCRIPTOR_LIMIT_HINT, OUT_OF_DESCRIPTORS};
use crate::report::{ErrorCode, Report};
use crate::wire::{
    self, Answer, FrameError, FromAgent, HEADER, Hello, Notice, PROTOCOL, Request, Route, ToAgent,
};

/// The agent says something at least every ten seconds, be it that it still waits.
const AGENT_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A conversation with the agent.
#[derive(Debug)]
pub struct AgentConnection {
    stream: UnixStream,
    /// What has been read and not yet heard: hello and reply of a warm agent come in one piece.
    read_buf: Zeroizing<Vec<u8>>,
    /// What the agent has said while a person was being asked.
    queued: VecDeque<FromAgent>,
    greeted: bool,
}

impl AgentConnection {
    /// Takes a connected socket, after looking at who serves it.
    ///
    /// # Errors
    /// When another user serves it: nothing has been sent then.
    pub(super) fn new(stream: UnixStream) -> Result<Self, LinkError> {
        if !is_same_user(&stream) {
            return Err(LinkError::ForeignAgent);
        }
        stream.set_read_timeout(Some(AGENT_READ_TIMEOUT))?;
        Ok(Self {
            stream,
            read_buf: Zeroizing::new(Vec::new()),
            queued: VecDeque::new(),
            greeted: false,
        })
    }

    /// Says hello and asks the one question of this conversation, in one write, which needs no deadline:
    /// it fits into the socket of an agent that has stopped.
    ///
    /// # Errors
    /// When the agent is gone.
    pub fn request(&mut self, request: Request) -> Result<(), LinkError> {
        self.request_by(request, None)
    }

    /// As [`Self::request`], with the route of this client's settings.
    ///
    /// # Errors
    /// As [`Self::request`].
    pub fn request_by(&mut self, request: Request, route: Option<Route>) -> Result<(), LinkError> {
        let hello = ToAgent::Hello(Hello {
            protocol: PROTOCOL,
            build: env!("CARGO_PKG_VERSION").into(),
        });
        let mut bytes = wire::encode(&hello, wire::TO_AGENT_MAX)?;
        bytes.extend_from_slice(&wire::encode(
            &ToAgent::Request {
                request: Box::new(request),
                route: route.map(Box::new),
            },
            wire::TO_AGENT_MAX,
        )?);
        // An agent of another version answers the hello and closes before it has read the request:
        // what it said is worth more than the broken pipe.
        match self.stream.write_all(&bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }

    /// Answers the agent's last question.
    ///
    /// # Errors
    /// When the agent is gone.
    pub fn answer(&mut self, answer: Answer) -> Result<(), LinkError> {
        let frame = wire::encode(
            &ToAgent::Answer(answer),
            wire::TO_AGENT_WITH_CERTIFICATES_MAX,
        )?;
        self.stream.set_write_timeout(Some(SOCKET_SEND_TIMEOUT))?;
        // Who answers too late finds the agent gone, and why, in what it has said meanwhile.
        match self.stream.write_all(&frame) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }

    /// Waits at most this long for each thing the agent says, for what an agent that is well says at once.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn set_read_timeout(&self, patience: Duration) -> Result<(), LinkError> {
        Ok(self.stream.set_read_timeout(Some(patience))?)
    }

    /// What the agent says next, waiting for it.
    ///
    /// # Errors
    /// When the agent is gone, silent, of another version or speaks nonsense.
    pub fn recv(&mut self) -> Result<FromAgent, LinkError> {
        if let Some(message) = self.queued.pop_front() {
            return Ok(message);
        }
        let first = self.read()?;
        if self.greeted {
            return Ok(first);
        }
        match first {
            FromAgent::Hello(hello) if hello.protocol == PROTOCOL => {
                self.greeted = true;
                self.read()
            }
            FromAgent::Hello(hello) => Err(LinkError::OtherProtocol {
                theirs: hello.protocol,
                build: hello.build,
            }),
            _ => Err(LinkError::Frame(FrameError::NotAMessage)),
        }
    }

    /// Waits until the agent has said something, at most for `patience`.
    ///
    /// # Errors
    /// When the socket cannot be waited for.
    pub fn wait_readable(&self, patience: Duration) -> Result<bool, LinkError> {
        if !self.read_buf.is_empty() || !self.queued.is_empty() {
            return Ok(true);
        }
        let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        match poll(
            &mut [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)],
            timeout,
        ) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(errno) => Err(LinkError::Io(errno.into())),
        }
    }

    /// Waits until `person` can be read; `false` when the agent has no use for the answer any more: another
    /// client was quicker, or the conversation is over.
    ///
    /// # Errors
    /// As [`Self::recv`], and when nothing can be waited for.
    pub fn wait_for_input(&mut self, person: impl AsFd) -> Result<bool, LinkError> {
        let ends = |message: &FromAgent| {
            matches!(
                message,
                FromAgent::Reply(_) | FromAgent::Notice(Notice::NoAnswerWanted { .. })
            )
        };
        loop {
            if self.queued.iter().any(ends) {
                return Ok(false);
            }
            if self.read_buf.is_empty() {
                let mut both = [
                    PollFd::new(person.as_fd(), PollFlags::POLLIN),
                    PollFd::new(self.stream.as_fd(), PollFlags::POLLIN),
                ];
                match poll(&mut both, PollTimeout::NONE) {
                    Err(Errno::EINTR) => continue,
                    Err(errno) => return Err(io::Error::from(errno).into()),
                    Ok(_) if !both[1].any().unwrap_or(false) => return Ok(true),
                    Ok(_) => {}
                }
            }
            let message = self.read()?;
            self.queued.push_back(message);
        }
    }

    /// A second grip on the conversation, with which a signal can end it.
    ///
    /// # Errors
    /// When the process is out of descriptors.
    pub fn shutdown_handle(&self) -> Result<impl Fn() + Send + 'static, LinkError> {
        let stream = self.stream.try_clone()?;
        Ok(move || drop(stream.shutdown(Shutdown::Both)))
    }

    fn read(&mut self) -> Result<FromAgent, LinkError> {
        self.fill(HEADER)?;
        let mut header = [0; HEADER];
        header.copy_from_slice(&self.read_buf[..HEADER]);
        let end = HEADER + wire::body_length(header, wire::FROM_AGENT_MAX)?;
        self.fill(end)?;
        let message = wire::decode(&self.read_buf[HEADER..end])?;
        self.read_buf.drain(..end);
        Ok(message)
    }

    /// Reads until there are `count` bytes to hear.
    fn fill(&mut self, count: usize) -> Result<(), LinkError> {
        while self.read_buf.len() < count {
            let mut chunk = Zeroizing::new([0; 8192]);
            match self.stream.read(&mut chunk[..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => self.read_buf.extend_from_slice(&chunk[..read]),
                // The process was stopped and goes on: a socket with a deadline tells.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Why a conversation could not be had or went no further.
#[derive(Debug, Error)]
pub enum LinkError {
    #[error("the socket is served by another user")]
    ForeignAgent,
    #[error("the agent runs ob {build} (protocol {theirs}), this is ob {own} (protocol {PROTOCOL})", own = env!("CARGO_PKG_VERSION"))]
    OtherProtocol { theirs: u16, build: String },
    #[error("the agent did not become ready: {0}")]
    NotReady(String),
    #[error("cannot make {}: {}", .0.display(), reason(.1))]
    NoPlace(PathBuf, io::Error),
    #[error("no process for it: {}", reason(.0))]
    NoProcess(io::Error),
    #[error("another ob has been starting the agent for too long")]
    LockHeld,
    #[error("it lets nobody in, and its queue of callers is full")]
    QueueFull,
    #[error("no agent is running")]
    NotRunning,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether the process or the system may have no more files open.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    let number = error.raw_os_error().map(Errno::from_raw);
    matches!(number, Some(Errno::EMFILE | Errno::ENFILE))
}

/// The system's words for it, without std's "(os error 28)".
fn reason(error: &io::Error) -> String {
    match error.raw_os_error() {
        // Of a fork; "try again" would be said to a person who cannot.
        Some(number) if Errno::from_raw(number) == Errno::EAGAIN => {
            "the limit of processes is reached".to_owned()
        }
        Some(number) => Errno::from_raw(number).desc().to_lowercase(),
        None => error.to_string(),
    }
}

impl LinkError {
    /// Whether the agent went away in the middle, so that asking a new one makes sense.
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
        let report = |code, summary: &str| Self::new(code, summary).cause(&error);
        match &error {
            LinkError::ForeignAgent => report(
                ErrorCode::AgentForeign,
                "will not talk to this agent",
            )
            .hint("somebody else made that socket: look at it, remove it, and run the same command again"),
            LinkError::OtherProtocol { .. } => report(
                ErrorCode::AgentProtocol,
                "the running agent is of another version",
            )
            .hint("`ob agent stop` ends it; you will sign in again"),
            LinkError::NotReady(words) if words.ends_with(OUT_OF_DESCRIPTORS) => {
                report(ErrorCode::AgentNoProcess, "cannot start the agent").hint(DESCRIPTOR_LIMIT_HINT)
            }
            LinkError::NotReady(_) | LinkError::LockHeld => {
                report(ErrorCode::AgentStart, "cannot start the agent")
                    .hint("`ob --no-agent …` does without one")
            }
            LinkError::NoPlace(..) => {
                report(ErrorCode::AgentNoPlace, "cannot start the agent")
                    .hint("`df` and `df -i` show whether that disk is full")
                    .hint("`ob --no-agent …` does without one")
            }
            LinkError::NoProcess(_) => {
                report(ErrorCode::AgentNoProcess, "cannot start the agent")
                    .hint("`ulimit -a` shows how many files (-n) and processes (-u) you may have")
            }
            LinkError::QueueFull => {
                report(ErrorCode::AgentSilent, "the agent does not answer")
                    .hint("`ob agent stop` ends it; you will sign in again")
            }
            LinkError::NotRunning => report(ErrorCode::AgentNone, "nobody is signed in")
                .hint("`ob login` signs you in"),
            LinkError::Io(io)
                if matches!(
                    io.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) =>
            {
                Self::new(ErrorCode::AgentSilent, "the agent does not answer")
                    .cause(format!("no word from it for {} seconds", AGENT_READ_TIMEOUT.as_secs()))
                    .hint("`ob agent stop` ends it; you will sign in again")
            }
            LinkError::Io(io) if is_out_of_descriptors(io) => {
                Self::new(ErrorCode::AgentNoProcess, "cannot reach the agent")
                    .cause(OUT_OF_DESCRIPTORS)
                    .hint(DESCRIPTOR_LIMIT_HINT)
            }
            _ if error.is_gone() => report(ErrorCode::AgentGone, "the agent went away")
                .hint("run the same command again: a new agent is started"),
            LinkError::Frame(_) | LinkError::Io(_) => {
                report(ErrorCode::AgentLink, "cannot talk to the agent")
                    .hint("`ob agent stop` ends it; you will sign in again")
            }
        }
    }
}
