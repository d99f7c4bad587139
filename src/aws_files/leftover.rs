//! Drafts that a killed write (SIGKILL, power failure) left beside a file, with keys in them.
//!
//! A draft is made and put in place under the directory's lock. So a draft that is found under the
//! lock is abandoned.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::lock;
use crate::ownership::is_own;
use crate::report::Report;

/// Prefix of a draft's name, followed by [`RANDOM`] letters and digits.
pub(super) const PREFIX: &str = ".ob.";
pub(super) const RANDOM: usize = 6;

/// Returns the abandoned drafts beside the file at `path`; none while a writer is active or if the
/// directory cannot be read.
pub fn leftovers(path: &Path) -> Vec<PathBuf> {
    let Ok(directory) = directory(path) else {
        return Vec::new();
    };
    let held = File::open(&directory).ok().and_then(lock::hold_now);
    held.and_then(|_lock| list(&directory).ok())
        .unwrap_or_default()
}

/// Removes the drafts beside the file at `path` and returns their paths. The file need not exist.
///
/// # Errors
/// When another process keeps writing there, or a draft cannot be removed.
pub fn remove_leftovers(path: &Path) -> Result<Vec<PathBuf>, Report> {
    let remove = || {
        let directory = directory(path)?;
        let opened = match File::open(&directory) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let _lock = lock::hold(opened)?;
        remove(&directory)
    };
    remove().map_err(|error: FileError| error.at(path))
}

/// Called under the lock of `directory`.
pub(super) fn remove(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let found = list(directory)?;
    for path in &found {
        std::fs::remove_file(path)?;
    }
    Ok(found)
}

fn directory(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    Ok(path.parent().unwrap_or(Path::new("/")).to_owned())
}

/// Selects by name, type and owner: a link or another user's file is no draft.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(is_draft) {
            continue;
        }
        // Metadata of the entry itself, not of a link's target.
        let metadata = match entry.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            metadata => metadata?,
        };
        if metadata.is_file() && is_own(metadata.uid()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

fn is_draft(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == RANDOM && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
