//! The private directory of one supervisor. It is locked while it is in use; an unlocked one is
//! removed by the next cleanup.
//!
//! Cleanups may run at once, and while a new supervisor starts. A directory is removed only under
//! its lock. A supervisor whose new directory was removed before it could lock it makes another.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use nix::fcntl::OFlag;
use tempfile::TempDir;

use crate::ownership::with_private_umask;

/// Attempts to make a directory, because a concurrent cleanup can remove the new one.
const MAX_ATTEMPTS: u32 = 1000;
/// Gets out of step with a cleanup that runs in a loop.
const RETRY_PAUSE: Duration = Duration::from_millis(1);
/// The named pipe from which openvpn reads its configuration.
pub(super) const PIPE: &str = "p";
/// The first characters of the directories' names.
const PREFIX: &str = "vpn";

/// A locked directory, which is removed on drop.
#[derive(Debug)]
pub(super) struct PrivateDir {
    directory: TempDir,
    _lock: File,
    /// Closed before the removal, which needs a descriptor where there may be no other.
    spare: Option<File>,
}

impl PrivateDir {
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        for _ in 0..MAX_ATTEMPTS {
            let mut temporary = tempfile::Builder::new();
            temporary
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700));
            let created = with_private_umask(|| temporary.tempdir_in(directory))?;
            match lock(created.path()) {
                Ok(Some(lock)) => {
                    return Ok(Self {
                        directory: created,
                        _lock: lock,
                        spare: Some(File::open("/dev/null")?),
                    });
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            std::thread::sleep(RETRY_PAUSE);
        }
        Err(ErrorKind::ResourceBusy.into())
    }

    pub(super) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        drop(self.spare.take());
        let _ = remove(self.path());
    }
}

/// Removes the directory `path` if its supervisor is gone. Returns whether it is not there any
/// more.
pub(super) fn remove_stale(path: &Path) -> bool {
    match lock(path) {
        Ok(Some(_lock)) => remove(path).is_ok(),
        Ok(None) => false,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Removes every private directory in `directory` whose supervisor is gone.
pub(super) fn remove_all_stale(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(PREFIX.as_bytes())
            && entry.file_type().is_ok_and(|kind| kind.is_dir())
        {
            remove_stale(&entry.path());
        }
    }
}

/// Locks the directory `path`. Returns `None` where another process holds the lock, or has removed
/// the directory meanwhile.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let lock = File::open(path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let (held, found) = (lock.metadata()?, fs::metadata(path));
    let is_same = found.is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino()));
    Ok(is_same.then_some(lock))
}

/// Removes the directory. An openvpn that waits at the pipe for a writer gets an empty
/// configuration, with which it ends; otherwise it would wait for ever.
fn remove(path: &Path) -> io::Result<()> {
    let name = path.join(PIPE);
    let pipe = File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(&name);
    // Unlinked before the pipe closes: an openvpn that comes later finds nothing and does not wait.
    let _ = fs::remove_file(name);
    drop(pipe);
    fs::remove_dir_all(path)
}
