//! What a write that was ended at once (SIGKILL, a power cut) has left beside a file: a draft, keys and all.
//!
//! A draft is made and put in place under the directory's lock. So whoever holds that lock and finds one has
//! found one that nobody will ever put in place.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::error::FileError;
use super::lock;
use crate::ownership::is_own;
use crate::report::Report;

/// What a draft's name begins with; [`RANDOM`] letters and digits follow.
pub(super) const PREFIX: &str = ".ob.";
pub(super) const RANDOM: usize = 6;

/// The drafts beside the file at `path` that nobody is at work on; none while a writer is, or where nobody may look.
pub fn leftovers(path: &Path) -> Vec<PathBuf> {
    let Ok(directory) = directory(path) else {
        return Vec::new();
    };
    let held = File::open(&directory).ok().and_then(lock::hold_now);
    held.and_then(|_lock| list(&directory).ok())
        .unwrap_or_default()
}

/// Removes the drafts beside the file at `path` and answers with their paths; there need be no such file.
///
/// # Errors
/// When somebody else keeps writing there, or one cannot be removed.
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

/// Under the lock of `directory`.
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

/// By name, kind and owner: a link or somebody else's file is none of ours, whatever it is called.
fn list(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(is_draft) {
            continue;
        }
        // Of the entry itself, not of what a link names.
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
