//! The private directory of one supervisor: locked while it is needed, and removed by whoever finds it unlocked.
//!
//! Several may clean up at once, while a new supervisor begins. A directory is removed only by who holds its lock, and
//! one that was removed before its supervisor had locked it is not used: another is made.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag};
use tempfile::TempDir;

use crate::ownership::with_private_umask;

/// Who cleans up may take a directory that is just being made; so often in a row nobody does.
const TRIES: u32 = 1000;
const PAUSE: Duration = Duration::from_millis(1);

/// A directory that is a supervisor's own as long as this lives.
#[derive(Debug)]
pub(super) struct PrivateDir {
    directory: TempDir,
    _lock: Flock<File>,
    /// A descriptor to be given back for [`remove`], which needs one where there may be no other.
    spare: Option<File>,
}

impl PrivateDir {
    pub(super) fn make(directory: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let mut temporary = tempfile::Builder::new();
            temporary
                .prefix(PREFIX)
                .permissions(Permissions::from_mode(0o700));
            let made = with_private_umask(|| temporary.tempdir_in(directory))?;
            match lock(made.path()) {
                Ok(Some(lock)) => {
                    return Ok(Self {
                        directory: made,
                        _lock: lock,
                        spare: Some(File::open("/dev/null")?),
                    });
                }
                Ok(None) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            // Out of step with somebody who cleans up without a pause.
            std::thread::sleep(PAUSE);
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

/// The name of what openvpn reads its configuration from.
pub(super) const PIPE: &str = "p";
/// What the names of these directories begin with.
const PREFIX: &str = "vpn";

/// Removes `path` if its supervisor is gone; whether it is not there any more.
pub(super) fn remove_left(path: &Path) -> bool {
    match lock(path) {
        Ok(Some(_lock)) => remove(path).is_ok(),
        Ok(None) => false,
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Removes all in `directory` whose supervisors are gone.
pub(super) fn remove_all_left(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_one = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes());
        if is_one && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_left(&entry.path());
        }
    }
}

/// The lock of the directory at `path`; `None` where another holds it, or has removed what was there.
fn lock(path: &Path) -> io::Result<Option<Flock<File>>> {
    let file = File::open(path)?;
    let lock = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => lock,
        Err((_, Errno::EWOULDBLOCK)) => return Ok(None),
        Err((_, error)) => return Err(error.into()),
    };
    let (held, there) = (lock.metadata()?, fs::metadata(path));
    let is_it = there.is_ok_and(|there| (there.dev(), there.ino()) == (held.dev(), held.ino()));
    Ok(is_it.then_some(lock))
}

/// An openvpn that waits at the pipe for a writer would wait for ever once nobody finds the pipe: it gets an empty
/// configuration, with which it ends.
fn remove(path: &Path) -> io::Result<()> {
    let name = path.join(PIPE);
    let pipe = File::options()
        .read(true)
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(&name);
    // Whoever comes later finds nothing, and does not wait.
    let _ = fs::remove_file(name);
    drop(pipe);
    fs::remove_dir_all(path)
}
