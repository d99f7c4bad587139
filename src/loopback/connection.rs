//! An open connection and the received part of its request.

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::peer::Peer;

const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// A non-blocking connection of a process of the same user.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) peer: Peer,
    bytes: Vec<u8>,
    /// When the first byte arrived.
    begun: Option<Instant>,
}

/// The result of reading from a connection.
pub(super) enum Progress {
    Unfinished,
    /// The connection was closed, is too slow, or sent no valid request.
    Ended,
    /// The complete request, up to the empty line.
    Request(String),
}

impl Connection {
    pub(super) fn new(stream: TcpStream, peer: Peer) -> Self {
        Self {
            stream,
            peer,
            bytes: Vec::new(),
            begun: None,
        }
    }

    pub(super) fn is_silent(&self) -> bool {
        self.begun.is_none()
    }

    /// Reads what has arrived. The request must be complete within `limit` of its first byte.
    pub(super) fn read(&mut self, limit: Duration) -> Progress {
        let mut chunk = [0; 2048];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Progress::Ended,
                Ok(read) => {
                    self.begun.get_or_insert_with(Instant::now);
                    self.bytes.extend_from_slice(&chunk[..read]);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return Progress::Ended,
            }
            if self.bytes.windows(4).any(|end| end == b"\r\n\r\n") {
                let request = String::from_utf8(std::mem::take(&mut self.bytes));
                return request.map_or(Progress::Ended, Progress::Request);
            }
            if self.bytes.len() > MAX_REQUEST_BYTES {
                return Progress::Ended;
            }
        }
        match self.begun {
            Some(begun) if begun.elapsed() > limit => Progress::Ended,
            _ => Progress::Unfinished,
        }
    }
}
