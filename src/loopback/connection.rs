//! One open connection and the bytes of its request so far, at most [`MAX_REQUEST_BYTES`].

use std::io::{ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Peer;

const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// A non-blocking connection of the user's own process.
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    pub(super) visitor: Peer,
    bytes: Vec<u8>,
    /// When its first byte arrived.
    begun: Option<Instant>,
}

/// The result of reading from a connection.
pub(super) enum Progress {
    Unfinished,
    /// It was closed, was too slow, or sent something that is not a request.
    Ended,
    /// A whole request, up to the empty line.
    Request(String),
}

impl Connection {
    pub(super) fn new(stream: TcpStream, visitor: Peer) -> Self {
        Self {
            stream,
            visitor,
            bytes: Vec::new(),
            begun: None,
        }
    }

    pub(super) fn has_sent_nothing(&self) -> bool {
        self.begun.is_none()
    }

    /// Reads what has arrived; a request must be complete within `limit` of its first byte.
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
