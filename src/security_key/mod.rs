//! Security keys on USB, and the process that talks to them.
//!
//! The library waits without a deadline, prints to standard output and may panic on the key's
//! bytes. So it runs in a process of its own (`ob security-key`), which gets a request on a socket,
//! answers it, and is killed at a deadline.

#[cfg(feature = "fido2")]
mod ctap;
mod fault;

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use zeroize::Zeroizing;

#[cfg(feature = "fido2")]
pub use ctap::serve;

use crate::wire::{self, FromKey, HEADER, KeyFault, ToKey};

/// Limit for a key to identify itself, with several keys plugged in.
pub const KEY_RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);
const WRITE: Duration = Duration::from_secs(5);
/// Maximum of a message in either direction: 64 keys with ids of 1023 bytes.
const MAX_FRAME_BYTES: usize = 128 * 1024;

/// The socket of a test's virtual key. Only debug builds read it.
#[cfg(debug_assertions)]
const TEST_KEY_VARIABLE: &str = "OB_SECURITY_KEY";

#[cfg(debug_assertions)]
fn test_key_path() -> Option<std::path::PathBuf> {
    std::env::var_os(TEST_KEY_VARIABLE).map(Into::into)
}

/// Returns none: no test runs in a release build.
#[cfg(not(debug_assertions))]
const fn test_key_path() -> Option<std::path::PathBuf> {
    None
}

/// Whether the variable is the one that names a test's key.
pub fn is_test_key_variable(variable: &str) -> bool {
    #[cfg(debug_assertions)]
    return variable == TEST_KEY_VARIABLE;
    #[cfg(not(debug_assertions))]
    return variable.is_empty();
}

/// Whether this build supports security keys.
pub fn is_supported() -> bool {
    cfg!(feature = "fido2") || test_key_path().is_some()
}

/// A connection to the process that talks to the key. The process ends with it.
#[derive(Debug)]
pub struct KeyProcess {
    stream: UnixStream,
    child: Option<Child>,
}

impl KeyProcess {
    /// Has `start` start the process, with its end of the socket as standard input.
    ///
    /// # Errors
    /// When no process can be started.
    pub fn open(start: impl FnOnce(OwnedFd) -> io::Result<Child>) -> Result<Self, KeyFault> {
        let gone = |_| KeyFault::Gone;
        if let Some(path) = test_key_path() {
            let stream = UnixStream::connect(path).map_err(gone)?;
            return Ok(Self {
                stream,
                child: None,
            });
        }
        let (stream, theirs) = UnixStream::pair().map_err(gone)?;
        let child = start(theirs.into()).map_err(gone)?;
        Ok(Self {
            stream,
            child: Some(child),
        })
    }

    /// Sends a message to the process.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn send(&mut self, message: &ToKey) -> Result<(), KeyFault> {
        let frame = wire::encode(message, MAX_FRAME_BYTES).map_err(|_| KeyFault::Gone)?;
        let sent = self.stream.set_write_timeout(Some(WRITE));
        let sent = sent.and_then(|()| self.stream.write_all(&frame));
        sent.map_err(|_| KeyFault::Gone)
    }

    /// Waits for a message, for `timeout` at most.
    ///
    /// # Errors
    /// When polling fails.
    pub fn wait_readable(&self, timeout: Duration) -> Result<bool, KeyFault> {
        let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
        match poll(
            &mut [PollFd::new(self.stream.as_fd(), PollFlags::POLLIN)],
            timeout,
        ) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::EINTR) => Ok(false),
            Err(_) => Err(KeyFault::Gone),
        }
    }

    /// Receives the next message, waiting for `timeout` at most.
    ///
    /// # Errors
    /// [`KeyFault::TimedOut`], or [`KeyFault::Gone`].
    pub fn recv(&mut self, timeout: Duration) -> Result<FromKey, KeyFault> {
        let bounded = self.stream.set_read_timeout(Some(timeout));
        let read = bounded.and_then(|()| frame(&mut self.stream));
        let body = read.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => KeyFault::TimedOut,
            _ => KeyFault::Gone,
        })?;
        wire::decode(&body).map_err(|_| KeyFault::Gone)
    }
}

impl Drop for KeyProcess {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn frame(stream: &mut UnixStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let length = wire::body_length(header, MAX_FRAME_BYTES).map_err(io::Error::other)?;
    let mut body = Zeroizing::new(vec![0; length]);
    stream.read_exact(&mut body)?;
    Ok(body)
}
