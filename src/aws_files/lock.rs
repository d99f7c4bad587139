//! Allows one writer at a time, by a lock on the directory. A lock on the file would be lost with
//! the rename, and a lock file would remain in a directory that is not ours.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::error::FileError;

/// How long a writer waits for the lock. An edit takes milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(10);
const LOCK_RETRY: Duration = Duration::from_millis(20);

/// Locks the directory until the returned file is closed.
pub(super) fn hold(directory: File) -> Result<File, FileError> {
    let until = Instant::now() + LOCK_TIMEOUT;
    loop {
        match directory.try_lock() {
            Ok(()) => return Ok(directory),
            Err(TryLockError::Error(error)) if error.kind() != ErrorKind::Interrupted => {
                return Err(FileError::Io(error));
            }
            Err(_) if Instant::now() < until => std::thread::sleep(LOCK_RETRY),
            Err(_) => return Err(FileError::Busy),
        }
    }
}

/// As [`hold`], without waiting.
pub(super) fn hold_now(directory: File) -> Option<File> {
    directory.try_lock().is_ok().then_some(directory)
}
