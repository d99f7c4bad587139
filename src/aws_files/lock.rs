//! Allows one writer at a time, by a lock on the directory. A lock on the file would be lost with
//! the rename, and a lock file would remain in a directory that is not ours.

use std::fs::File;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::error::FileError;

/// How long a writer waits for the lock. An edit takes milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);

/// The lock; released when dropped.
pub(super) type Held = Flock<File>;

pub(super) fn hold(directory: File) -> Result<Held, FileError> {
    let until = Instant::now() + LOCK_TIMEOUT;
    let mut file = directory;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, Errno::EWOULDBLOCK | Errno::EINTR)) if Instant::now() < until => {
                file = back;
                std::thread::sleep(Duration::from_millis(20));
            }
            Err((_, Errno::EWOULDBLOCK)) => return Err(FileError::Busy),
            Err((_, errno)) => return Err(FileError::Io(errno.into())),
        }
    }
}

/// Takes the lock without waiting.
pub(super) fn hold_now(directory: File) -> Option<Held> {
    Flock::lock(directory, FlockArg::LockExclusiveNonblock).ok()
}
