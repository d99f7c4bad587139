//! A verb's connection to a tunnel's supervisor. It blocks, with a limit on each wait.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::link::connect::{SOCKET_SEND_TIMEOUT, connect_socket, wait_readable};
use crate::link::error::LinkError;
use crate::link::peer::is_same_user;
use crate::wire::{self, FrameError, FromTunnel, HEADER, Hello, PROTOCOL, ToTunnel};

/// A connection to the supervisor.
#[derive(Debug)]
pub struct SupervisorConnection {
    stream: UnixStream,
    greeted: bool,
}

impl SupervisorConnection {
    /// Connects to the supervisor that listens at `socket`; `None` if there is none.
    ///
    /// # Errors
    /// When another user's process listens there, or the connection is refused otherwise.
    pub fn connect(socket: &Path) -> Result<Option<Self>, LinkError> {
        connect_socket(socket)?.map(Self::new).transpose()
    }

    /// Returns this side's end and the end for a supervisor that is to be started.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn pair() -> Result<(Self, OwnedFd), LinkError> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Self::new(ours)?, theirs.into()))
    }

    fn new(stream: UnixStream) -> Result<Self, LinkError> {
        if !is_same_user(&stream) {
            return Err(LinkError::ForeignAgent);
        }
        stream.set_write_timeout(Some(SOCKET_SEND_TIMEOUT))?;
        let mut link = Self {
            stream,
            greeted: false,
        };
        let hello = Hello {
            protocol: PROTOCOL,
            build: env!("CARGO_PKG_VERSION").into(),
        };
        // If the supervisor is gone, the next read fails.
        let _ = link.send(&ToTunnel::Hello(hello));
        Ok(link)
    }

    /// Sends a message to the supervisor.
    ///
    /// # Errors
    /// When the supervisor is gone.
    pub fn send(&mut self, message: &ToTunnel) -> Result<(), LinkError> {
        let frame = wire::encode(message, wire::TO_AGENT_WITH_CERTIFICATES_MAX)?;
        Ok(self.stream.write_all(&frame)?)
    }

    /// Receives the next message, waiting for `timeout` at most, if one is given.
    ///
    /// # Errors
    /// When the supervisor is gone, sends nothing in time, has another version or sends an invalid
    /// message.
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<FromTunnel, LinkError> {
        self.stream.set_read_timeout(timeout)?;
        loop {
            match self.read()? {
                FromTunnel::Hello(hello) if hello.protocol == PROTOCOL => self.greeted = true,
                FromTunnel::Hello(hello) => {
                    return Err(LinkError::OtherProtocol {
                        theirs: hello.protocol,
                        build: hello.build,
                    });
                }
                message if self.greeted => return Ok(message),
                _ => return Err(FrameError::NotAMessage.into()),
            }
        }
    }

    /// Waits at most `timeout` for a message. Returns whether there is one.
    ///
    /// # Errors
    /// When the socket cannot be polled.
    pub fn wait_readable(&self, timeout: Duration) -> Result<bool, LinkError> {
        wait_readable(&self.stream, timeout)
    }

    /// Duplicates the connection, so that a signal handler can end it or a thread can send.
    ///
    /// # Errors
    /// When the process has no descriptor left.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            stream: self.stream.try_clone()?,
            greeted: self.greeted,
        })
    }

    fn read(&mut self) -> Result<FromTunnel, LinkError> {
        let mut header = [0; HEADER];
        self.stream.read_exact(&mut header)?;
        let length = wire::body_length(header, wire::FROM_AGENT_MAX)?;
        let mut body = Zeroizing::new(vec![0; length]);
        self.stream.read_exact(&mut body)?;
        Ok(wire::decode(&body)?)
    }
}
