//! The files `~/.aws/config` and `~/.aws/credentials`, which the AWS tools share: read, edited as
//! text, and replaced atomically, one of them or both.
//!
//! Only this module writes them. It does not interpret them: an edit is a pure function of the
//! text. A file that is a link, read-only or another user's is refused.

mod edit;
mod error;
mod leftover;
mod lock;
mod login_cache;

use std::fs::{Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use zeroize::Zeroizing;

use crate::ini::decode;
use crate::model::Environment;
use crate::ownership::{check_owners, is_own};
use crate::report::{ErrorCode, Report};

use error::FileError;

pub use edit::{Edit, edit, edit_together};
pub use leftover::{leftovers, remove_leftovers};
pub use login_cache::{login_cache_directory, login_sessions};

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `AWS_CONFIG_FILE`, else `~/.aws/config`. It holds no secret and keeps its mode.
    Config,
    /// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`. Written with mode 0600.
    Credentials,
}

/// Maximum size. A larger file is no AWS file.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;

impl Kind {
    const fn variable(self) -> &'static str {
        match self {
            Self::Config => "AWS_CONFIG_FILE",
            Self::Credentials => "AWS_SHARED_CREDENTIALS_FILE",
        }
    }

    /// Returns the path that the AWS tools use.
    ///
    /// # Errors
    /// When it depends on the current directory, or no home is known.
    pub fn path(self, environment: &Environment) -> Result<PathBuf, Report> {
        let home = environment
            .raw("HOME")
            .map(PathBuf::from)
            .filter(|home| home.is_absolute());
        let named = environment.raw(self.variable()).map(PathBuf::from);
        let path = match (named, &home) {
            (None, Some(home)) => Some(home.join(match self {
                Self::Config => ".aws/config",
                Self::Credentials => ".aws/credentials",
            })),
            (Some(path), home) => match (path.strip_prefix("~"), home) {
                (Ok(rest), Some(home)) => Some(home.join(rest)),
                _ => Some(path),
            },
            (None, None) => None,
        };
        path.filter(|path| path.is_absolute()).ok_or_else(|| {
            Report::new(
                ErrorCode::AwsFilePlace,
                "there is no place for the AWS file",
            )
            .cause(format!(
                "neither {} nor HOME is an absolute path",
                self.variable()
            ))
            .hint(format!("`export {}=$HOME/.aws/…`", self.variable()))
        })
    }
}

/// Returns the file's text, or an empty one without a file. Bytes that are not UTF-8 are
/// represented as by [`crate::ini::decode`], and an edit restores them.
///
/// # Errors
/// When it cannot be read as text.
pub fn read(path: &Path) -> Result<String, Report> {
    let found = contents(path, Links::Followed).map_err(|error| error.while_reading(path))?;
    Ok(found.map(|(text, _)| text.to_string()).unwrap_or_default())
}

/// Checks that the file could be edited, before other work that would be lost.
///
/// # Errors
/// The reason why it could not.
pub fn check(path: &Path) -> Result<(), Report> {
    check_place(path).map_err(|error| error.at(path))?;
    let found = contents(path, Links::Refused).map_err(|error| error.at(path))?;
    match found {
        Some((_, metadata)) => judge(&metadata).map_err(|error| error.at(path)),
        None => Ok(()),
    }
}

/// Refuses to create anything in another user's directory: the file's directory and the one above
/// it, or the nearest existing one, must belong to the user or root, with any mode.
fn check_place(path: &Path) -> Result<(), FileError> {
    let path = std::path::absolute(path)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let is_there = |place: &&Path| place.symlink_metadata().is_ok();
    let nearest = directory.ancestors().find(is_there);
    let top = nearest.and_then(|nearest| match nearest == directory {
        true => nearest.parent(),
        false => Some(nearest),
    });
    Ok(check_owners(&path, top)?)
}

/// How a symbolic link in the file's place is treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    /// For reading.
    Followed,
    /// For replacing.
    Refused,
}

/// Returns the text and the metadata of the file when it was read.
fn contents(path: &Path, links: Links) -> Result<Option<(Zeroizing<String>, Metadata)>, FileError> {
    let mut flags = OFlag::O_NONBLOCK;
    flags.set(OFlag::O_NOFOLLOW, links == Links::Refused);
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits())
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Err(FileError::Link);
        }
        Err(error) => return Err(error.into()),
    };
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(Some((decode(&bytes)?, metadata)))
}

fn judge(file: &Metadata) -> Result<(), FileError> {
    if !is_own(file.uid()) {
        return Err(FileError::NotOurs(file.uid()));
    }
    if file.mode() & 0o200 == 0 {
        return Err(FileError::ReadOnly);
    }
    Ok(())
}

fn identity(file: &Metadata) -> (u64, u64, u64, i64, i64) {
    (
        file.dev(),
        file.ino(),
        file.size(),
        file.mtime(),
        file.mtime_nsec(),
    )
}

#[cfg(test)]
mod tests;
