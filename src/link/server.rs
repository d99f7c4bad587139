//! The server's end: many conversations, none of which can delay another.

use std::io;
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::link::peer::is_same_user;
use crate::wire::{self, FrameError, HEADER};

/// From the first byte of a frame to its last.
const FRAME_TIMEOUT: Duration = Duration::from_secs(5);
/// Limit of one write to a client that does not read.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// A listening socket that accepts only this user.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// Takes over a listening socket.
    ///
    /// # Errors
    /// When it cannot be made non-blocking.
    pub fn new(listener: StdListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(Self)
    }

    /// Accepts the next client. Returns `None` for one of another user, which is closed before a
    /// byte is read.
    ///
    /// # Errors
    /// When the process or the system is out of descriptors or memory.
    pub async fn accept(&self) -> io::Result<Option<(Incoming, Outgoing)>> {
        let (stream, _) = self.0.accept().await?;
        Ok(split(stream))
    }
}

/// Serves one connected socket: that of a private agent, or of a supervisor's starter. Returns
/// `None` if the peer is of another user.
///
/// # Errors
/// When the socket cannot be made non-blocking.
pub fn from_stream(stream: StdStream) -> io::Result<Option<(Incoming, Outgoing)>> {
    stream.set_nonblocking(true)?;
    UnixStream::from_std(stream).map(split)
}

fn split(stream: UnixStream) -> Option<(Incoming, Outgoing)> {
    if !is_same_user(&stream) {
        return None;
    }
    let (read, write) = stream.into_split();
    Some((Incoming(read), Outgoing(write)))
}

/// The receiving half of a conversation.
#[derive(Debug)]
pub struct Incoming(OwnedReadHalf);

impl Incoming {
    /// Receives the next message, which must begin within `timeout`.
    ///
    /// `limit` is its maximum size in bytes. It is evaluated when the frame begins, because it
    /// depends on what the client has been asked by then.
    ///
    /// # Errors
    /// When the client has gone, is too slow or sends no valid message.
    pub async fn recv<T: DeserializeOwned>(
        &mut self,
        limit: impl Fn() -> usize,
        timeout: Duration,
    ) -> Result<T, RecvError> {
        let mut header = [0; HEADER];
        let first = tokio::time::timeout(timeout, self.0.read(&mut header[..1])).await;
        if first.map_err(|_| RecvError::Slow)?? == 0 {
            return Err(RecvError::Gone);
        }
        tokio::time::timeout(FRAME_TIMEOUT, self.read_frame(header, limit()))
            .await
            .map_err(|_| RecvError::Slow)?
    }

    async fn read_frame<T: DeserializeOwned>(
        &mut self,
        mut header: [u8; HEADER],
        limit: usize,
    ) -> Result<T, RecvError> {
        self.0.read_exact(&mut header[1..]).await?;
        let length = wire::body_length(header, limit)?;
        let mut body = Zeroizing::new(Vec::new());
        // The buffer grows with the data: an announced length allocates nothing.
        (&mut self.0)
            .take(length as u64)
            .read_to_end(&mut body)
            .await?;
        if body.len() < length {
            return Err(RecvError::Gone);
        }
        Ok(wire::decode(&body)?)
    }
}

/// The sending half of a conversation.
#[derive(Debug)]
pub struct Outgoing(OwnedWriteHalf);

impl Outgoing {
    /// Sends one message.
    ///
    /// # Errors
    /// When the client has gone or does not read.
    pub async fn send(&mut self, message: &impl Serialize) -> Result<(), RecvError> {
        let frame = wire::encode(message, wire::FROM_AGENT_MAX)?;
        match tokio::time::timeout(WRITE_TIMEOUT, self.0.write_all(&frame)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(RecvError::Slow),
        }
    }
}

/// Why a conversation with a client ends. Never quotes a message.
#[derive(Debug, Error)]
pub enum RecvError {
    #[error("the client is gone")]
    Gone,
    #[error("the client is too slow")]
    Slow,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
}
