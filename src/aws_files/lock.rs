//! One writer at a time. The lock is on the directory: a lock on the file would be on the one that the rename
//! takes away, and a lock file would be litter in a directory that is not ours.

use std::fs::File;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::error::FileError;

/// An edit takes milliseconds; who waits longer than this is told so.
const PATIENCE: Duration = Duration::from_secs(10);

/// Until it is dropped, nobody else's.
pub(super) type Held = Flock<File>;

pub(super) fn hold(directory: File) -> Result<Held, FileError> {
    let until = Instant::now() + PATIENCE;
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

/// At once or not at all.
pub(super) fn hold_now(directory: File) -> Option<Held> {
    Flock::lock(directory, FlockArg::LockExclusiveNonblock).ok()
}
