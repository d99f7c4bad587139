//! The agent's end: many conversations, none of which can hold up another.

use std::io;
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::link::peer::is_same_user;
use crate::wire::{self, FrameError, HEADER};

/// A client that has begun to speak finishes its read_frame within this time.
const FRAME_TIMEOUT: Duration = Duration::from_secs(5);
/// A client that stops reading does not hold a conversation open for longer than this.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// Where clients knock.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// # Errors
    /// When `listener` is no listening socket.
    pub fn new(listener: StdListener) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(Self)
    }

    /// The next client of the same user; others are turned away before a byte.
    ///
    /// # Errors
    /// When the process or the system is out of descriptors or memory.
    pub async fn accept(&self) -> io::Result<Option<(Incoming, Outgoing)>> {
        let (stream, _) = self.0.accept().await?;
        Ok(split(stream))
    }
}

/// The one conversation of a private agent, or of a supervisor with whoever started it.
///
/// # Errors
/// When `stream` is no connected socket.
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

/// What a client says.
#[derive(Debug)]
pub struct Incoming(OwnedReadHalf);

impl Incoming {
    /// The next message of at most `limit` bytes, begun within `patience`.
    ///
    /// The limit is asked for when a frame begins: it depends on what the client was asked meanwhile.
    ///
    /// # Errors
    /// When the client is gone, slow or speaks nonsense.
    pub async fn recv<T: DeserializeOwned>(
        &mut self,
        limit: impl Fn() -> usize,
        patience: Duration,
    ) -> Result<T, RecvError> {
        let mut header = [0; HEADER];
        let first = timeout(patience, self.0.read(&mut header[..1])).await;
        if first.map_err(|_| RecvError::Slow)?? == 0 {
            return Err(RecvError::Gone);
        }
        timeout(FRAME_TIMEOUT, self.read_frame(header, limit()))
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
        // Grows with what arrives: a length alone allocates nothing.
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

/// What the agent says to a client.
#[derive(Debug)]
pub struct Outgoing(OwnedWriteHalf);

impl Outgoing {
    /// # Errors
    /// When the client is gone or does not read.
    pub async fn send(&mut self, message: &impl Serialize) -> Result<(), RecvError> {
        let frame = wire::encode(message, wire::FROM_AGENT_MAX)?;
        match timeout(WRITE_TIMEOUT, self.0.write_all(&frame)).await {
            Ok(result) => Ok(result?),
            Err(_) => Err(RecvError::Slow),
        }
    }
}

/// Why a client is not listened to any longer. Never quotes what it said.
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
