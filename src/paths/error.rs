//! Reasons why a directory of `ob`'s cannot be used.

use std::path::PathBuf;

use nix::errno::Errno;
use nix::unistd::{Uid, geteuid};
use thiserror::Error;

use crate::ownership::is_known_uid;
use crate::report::{ErrorCode, Report};

#[derive(Debug, Error)]
pub(super) enum PathError {
    #[error("XDG_RUNTIME_DIR is not a private directory of yours, and HOME is not set")]
    NoPlace,
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("{} belongs to uid {} with mode {:04o}", .0.display(), .1, .2)]
    NotOurs(PathBuf, u32, u32),
    /// The home, a directory below it or a link that belongs to neither the user nor root, with its
    /// owner.
    #[error("{} belongs to uid {}, not to you (uid {})", .0.display(), .1, geteuid())]
    Foreign(PathBuf, u32),
    #[error("{} belongs to uid {} with mode {:04o}", .0.display(), .1, .2)]
    Shared(PathBuf, u32, u32),
    #[error("cannot open {}: {}", .0.display(), .1.desc())]
    Open(PathBuf, Errno),
    #[error("cannot make {}: {}", .0.display(), .1.desc())]
    Make(PathBuf, Errno),
}

impl From<PathError> for Report {
    fn from(error: PathError) -> Self {
        let (code, hint) = match &error {
            PathError::NoPlace => (
                ErrorCode::PathsNoPlace,
                "`export XDG_RUNTIME_DIR=/run/user/$(id -u)`, or use `--no-agent`".to_owned(),
            ),
            PathError::NotADirectory(path) => (
                ErrorCode::PathsNotADirectory,
                format!("look at it and move it away: `ls -ld {}`", path.display()),
            ),
            PathError::NotOurs(_, uid, _) | PathError::Foreign(_, uid)
                if !is_known_uid(Uid::from_raw(*uid)) =>
            {
                (
                    ErrorCode::PathsUnknownOwner,
                    "in this user namespace the kernel does not show whose it is; map your uid \
                     (`unshare --map-root-user`, `podman run --userns=keep-id`) or run ob outside"
                        .to_owned(),
                )
            }
            PathError::Foreign(path, _) => (
                ErrorCode::PathsForeignHome,
                format!(
                    "`echo $HOME` and `ls -ld {}` show what is set; `sudo -H` and `su -` set the \
                     home of the user who runs ob, or set `XDG_RUNTIME_DIR` to a private directory",
                    path.display()
                ),
            ),
            PathError::NotOurs(path, ..) => (
                ErrorCode::PathsNotPrivate,
                format!(
                    "it must be yours alone (0700); look with `ls -ld {0}`, and `rmdir {0}` lets \
                     ob make it anew",
                    path.display()
                ),
            ),
            PathError::Shared(path, ..) => (
                ErrorCode::PathsShared,
                format!(
                    "nobody but you may write there: `chmod go-w {}`",
                    path.display()
                ),
            ),
            PathError::Open(path, _) => (
                ErrorCode::PathsOpen,
                format!("`ls -ld {}` shows who may enter it", path.display()),
            ),
            PathError::Make(..) => (
                ErrorCode::PathsMake,
                "set `XDG_RUNTIME_DIR` to a private directory of yours, or use `--no-agent`"
                    .to_owned(),
            ),
        };
        Self::new(code, "there is no private directory for the agent's socket")
            .cause(error)
            .hint(hint)
    }
}
