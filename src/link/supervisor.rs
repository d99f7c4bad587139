//! A verb's end of a conversation with a tunnel's supervisor: blocking, each wait bounded.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::link::connect::{SOCKET_SEND_TIMEOUT, connect_socket};
use crate::link::error::LinkError;
use crate::link::peer::is_same_user;
use crate::wire::{self, FrameError, FromTunnel, HEADER, Hello, PROTOCOL, ToTunnel};

/// A conversation with the supervisor.
#[derive(Debug)]
pub struct SupervisorConnection {
    stream: UnixStream,
    greeted: bool,
}

impl SupervisorConnection {
    /// The supervisor that listens at `socket`; `None` when there is none.
    ///
    /// # Errors
    /// When another user serves it, or it lets nobody in.
    pub fn connect(socket: &Path) -> Result<Option<Self>, LinkError> {
        connect_socket(socket)?.map(Self::new).transpose()
    }

    /// Our end and the one for the supervisor to be started.
    ///
    /// # Errors
    /// When the process is out of descriptors.
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
        // One that is already gone is noticed when it is heard.
        let _ = link.send(&ToTunnel::Hello(hello));
        Ok(link)
    }

    /// # Errors
    /// When the supervisor is gone.
    pub fn send(&mut self, message: &ToTunnel) -> Result<(), LinkError> {
        let frame = wire::encode(message, wire::TO_AGENT_WITH_CERTIFICATES_MAX)?;
        Ok(self.stream.write_all(&frame)?)
    }

    /// What the supervisor says next; waits for it, at most `patience` where one is given.
    ///
    /// # Errors
    /// When it is gone, silent for too long, of another version or speaks nonsense.
    pub fn recv(&mut self, patience: Option<Duration>) -> Result<FromTunnel, LinkError> {
        self.stream.set_read_timeout(patience)?;
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

    /// A second grip on the conversation, with which a signal can end it or a thread speak.
    ///
    /// # Errors
    /// When the process is out of descriptors.
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
