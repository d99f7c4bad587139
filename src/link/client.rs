//! The client's end: one blocking conversation with a timeout on every read.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zeroize::Zeroizing;

use crate::link::connect::{SOCKET_SEND_TIMEOUT, wait_readable};
use crate::link::error::{AGENT_READ_TIMEOUT, LinkError};
use crate::link::peer::is_same_user;
use crate::wire::{
    self, Answer, FrameError, FromAgent, HEADER, Hello, Notice, PROTOCOL, Request, Route, ToAgent,
};

/// A conversation with the agent.
#[derive(Debug)]
pub struct AgentConnection {
    stream: UnixStream,
    /// Bytes read but not decoded: hello and reply of a running agent arrive together.
    read_buf: Zeroizing<Vec<u8>>,
    /// Messages that arrived while the user was being asked.
    queued: VecDeque<FromAgent>,
    greeted: bool,
}

impl AgentConnection {
    /// Takes a connected socket after checking which user serves it.
    ///
    /// # Errors
    /// [`LinkError::ForeignAgent`] if another user serves it; nothing has been sent then.
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

    /// Sends hello and the request of this conversation in one write. It needs no timeout: it fits
    /// into the socket buffer of an agent that has stopped.
    ///
    /// # Errors
    /// When the agent has gone.
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
        let request = ToAgent::Request {
            request: Box::new(request),
            route: route.map(Box::new),
        };
        let mut bytes = wire::encode(&hello, wire::TO_AGENT_MAX)?;
        bytes.extend_from_slice(&wire::encode(&request, wire::TO_AGENT_MAX)?);
        self.write(&bytes)
    }

    /// Answers the agent's last question.
    ///
    /// # Errors
    /// When the agent has gone.
    pub fn answer(&mut self, answer: Answer) -> Result<(), LinkError> {
        let answer = ToAgent::Answer(answer);
        let frame = wire::encode(&answer, wire::TO_AGENT_WITH_CERTIFICATES_MAX)?;
        self.stream.set_write_timeout(Some(SOCKET_SEND_TIMEOUT))?;
        self.write(&frame)
    }

    /// Writes to the agent. A broken pipe is no error here: an agent that has closed the
    /// conversation has sent the reason, which is read next.
    fn write(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        match self.stream.write_all(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => Ok(result?),
        }
    }

    /// Sets how long each read waits, for requests that a working agent answers at once.
    ///
    /// # Errors
    /// When the socket has gone.
    pub fn set_read_timeout(&self, timeout: Duration) -> Result<(), LinkError> {
        Ok(self.stream.set_read_timeout(Some(timeout))?)
    }

    /// Waits for the next message.
    ///
    /// # Errors
    /// When the agent has gone, is silent, has another protocol or sends no valid message.
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

    /// Waits at most `timeout` for a message. Returns whether there is one.
    ///
    /// # Errors
    /// When the socket cannot be polled.
    pub fn wait_readable(&self, timeout: Duration) -> Result<bool, LinkError> {
        if !self.read_buf.is_empty() || !self.queued.is_empty() {
            return Ok(true);
        }
        wait_readable(&self.stream, timeout)
    }

    /// Waits until `input` is readable. Returns `false` if the agent no longer needs the answer:
    /// another client has answered, or the conversation has ended.
    ///
    /// # Errors
    /// As [`Self::recv`], and when nothing can be polled.
    pub fn wait_for_input(&mut self, input: impl AsFd) -> Result<bool, LinkError> {
        let withdraws = |message: &FromAgent| {
            matches!(
                message,
                FromAgent::Reply(_) | FromAgent::Notice(Notice::NoAnswerWanted { .. })
            )
        };
        loop {
            if self.queued.iter().any(withdraws) {
                return Ok(false);
            }
            if self.read_buf.is_empty() {
                let mut both = [
                    PollFd::new(input.as_fd(), PollFlags::POLLIN),
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

    /// Returns a function that ends the conversation, for use by a signal handler.
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

    /// Reads until the buffer holds `count` bytes.
    fn fill(&mut self, count: usize) -> Result<(), LinkError> {
        while self.read_buf.len() < count {
            let mut chunk = Zeroizing::new([0; 8192]);
            match self.stream.read(&mut chunk[..]) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => self.read_buf.extend_from_slice(&chunk[..read]),
                // A stopped process that goes on: a socket with a timeout returns EINTR then.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
