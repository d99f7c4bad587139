//! Opens a private directory step by step; each step is checked by its descriptor before the next.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};

use super::error::PathError;
use crate::ownership::{is_own, is_own_or_root, is_writable_by_others, with_private_umask};

/// A directory of the user's with mode 0700, held open so that it cannot be replaced.
#[derive(Debug)]
pub struct RuntimeDir {
    pub(super) path: PathBuf,
    pub(super) directory: OwnedFd,
}

impl RuntimeDir {
    /// Returns its path, for messages and for sockets (there is no `connectat`).
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for RuntimeDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Make,
    Leave,
}

/// A directory on the way, which belongs to the user or root; others may be able to read it.
pub(super) struct Step {
    pub(super) path: PathBuf,
    directory: OwnedFd,
    stat: FileStat,
}

impl AsFd for Step {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl Step {
    /// Opens the home. Root with another user's `HOME` (`sudo -E`, `su` without `-`) must create
    /// nothing there.
    pub(super) fn home(path: PathBuf) -> Result<Option<Self>, PathError> {
        Self::open(AT_FDCWD, &path.clone(), path)
    }

    /// Opens the directory `name` in this one and creates it if it is missing. A link is followed
    /// only if the user or root made it.
    pub(super) fn next(&self, name: &str, missing: Missing) -> Result<Option<Self>, PathError> {
        let path = self.path.join(name);
        match fstatat(self, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) if missing == Missing::Leave => return Ok(None),
            Err(Errno::ENOENT) => make(self, name.as_ref(), &path)?,
            Err(errno) => return Err(PathError::Open(path, errno)),
            Ok(stat) if !is_own_or_root(stat.st_uid) => {
                return Err(PathError::Foreign(path, stat.st_uid));
            }
            Ok(_) => {}
        }
        Self::open(self.as_fd(), name.as_ref(), path)
    }

    fn open(at: BorrowedFd<'_>, name: &Path, path: PathBuf) -> Result<Option<Self>, PathError> {
        let directory = match open_directory(at, name, OFlag::empty()) {
            Ok(directory) => directory,
            Err(Errno::ENOENT) => return Ok(None),
            Err(errno) => return Err(PathError::Open(path, errno)),
        };
        let stat = fstat(&directory).map_err(|errno| PathError::Open(path.clone(), errno))?;
        if !is_own_or_root(stat.st_uid) {
            return Err(PathError::Foreign(path, stat.st_uid));
        }
        Ok(Some(Self {
            path,
            directory,
            stat,
        }))
    }

    /// Checks that the directory is the user's own and that no other user may write there.
    pub(super) fn into_own(self) -> Result<RuntimeDir, PathError> {
        let (uid, mode) = (self.stat.st_uid, mode(&self.stat));
        if !is_own(uid) || is_writable_by_others(&self.path, mode, self.stat.st_gid) {
            return Err(PathError::Shared(self.path, uid, mode & 0o7777));
        }
        Ok(RuntimeDir {
            path: self.path,
            directory: self.directory,
        })
    }
}

/// Opens the directory `name` in `parent`; messages show `path`.
pub(super) fn enter(
    parent: BorrowedFd<'_>,
    name: &Path,
    path: PathBuf,
    missing: Missing,
) -> Result<Option<RuntimeDir>, PathError> {
    let open = || open_directory(parent, name, OFlag::O_NOFOLLOW);
    let opened = match open() {
        Err(Errno::ENOENT) if missing == Missing::Leave => return Ok(None),
        Err(Errno::ENOENT) => {
            make(parent, name, &path)?;
            open()
        }
        other => other,
    };
    let directory = match opened {
        Ok(directory) => directory,
        Err(Errno::ELOOP | Errno::ENOTDIR) => return Err(PathError::NotADirectory(path)),
        Err(errno) => return Err(PathError::Open(path, errno)),
    };
    let stat = fstat(&directory).map_err(|errno| PathError::Open(path.clone(), errno))?;
    judge(&stat, &path)?;
    Ok(Some(RuntimeDir { path, directory }))
}

/// On Linux, a descriptor that only identifies the directory.
#[cfg(target_os = "linux")]
const PATH_ONLY: OFlag = OFlag::O_PATH;
#[cfg(not(target_os = "linux"))]
const PATH_ONLY: OFlag = OFlag::O_RDONLY;

pub(super) fn open_directory(at: impl AsFd, path: &Path, more: OFlag) -> Result<OwnedFd, Errno> {
    let flags = PATH_ONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | more;
    openat(at, path, flags, Mode::empty())
}

/// Of two processes that start at once, one creates it, and the other opens it with the usual
/// checks.
pub(super) fn make(at: impl AsFd, name: &Path, path: &Path) -> Result<(), PathError> {
    match with_private_umask(|| mkdirat(at, name, Mode::S_IRWXU)) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(PathError::Make(path.to_owned(), errno)),
    }
}

pub(super) fn judge(stat: &FileStat, path: &Path) -> Result<(), PathError> {
    if !is_directory(stat) {
        return Err(PathError::NotADirectory(path.to_owned()));
    }
    let mode = mode(stat) & 0o7777;
    if !is_own(stat.st_uid) || mode & 0o077 != 0 {
        return Err(PathError::NotOurs(path.to_owned(), stat.st_uid, mode));
    }
    Ok(())
}

/// Returns the mode with the file type. macOS has 16 bits for it.
#[cfg_attr(
    target_os = "linux",
    expect(clippy::useless_conversion, reason = "the type differs on macOS")
)]
fn mode(stat: &FileStat) -> u32 {
    stat.st_mode.into()
}

fn is_directory(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR
}
