//! Files that only the user and root can have written.
//!
//! The checks are made on the open descriptor, so that the file that was checked is the file that
//! is read. A link is followed and its target checked.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::libc::O_NONBLOCK;
use zeroize::Zeroizing;

use super::file_error::FileError;
use crate::model::Environment;
use crate::ownership::{check_directories, is_own_or_root, is_writable_by_others};

/// Most bytes of a settings file, `ob`'s or another tool's.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Returns the text of the settings file at `path`, or `None` if there is none.
pub(super) fn read_text(
    path: &Path,
    environment: &Environment,
) -> Result<Option<String>, FileError> {
    let bytes = read_bytes(path, environment)?.map(|mut bytes| std::mem::take(&mut *bytes));
    let text = bytes.map(String::from_utf8).transpose();
    text.map_err(|_| FileError::NotUtf8)
}

/// Returns the bytes of the file at `path`, or `None` if there is none.
pub(super) fn read_bytes(
    path: &Path,
    environment: &Environment,
) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let (file, metadata) = match open_trusted(path, environment) {
        Ok(opened) => opened,
        Err(FileError::Io(error)) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = metadata.len().min(MAX_FILE_BYTES);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(FileError::TooLarge);
    }
    Ok(Some(Zeroizing::new(bytes)))
}

/// Opens a file that only the user and root can have written or put in its place. The file is
/// checked by its descriptor, the directories and links of its path by their names.
pub(super) fn open_trusted(
    path: &Path,
    environment: &Environment,
) -> Result<(File, Metadata), FileError> {
    let (file, metadata) = open_regular(path)?;
    if !is_own_or_root(metadata.uid()) {
        return Err(FileError::Owner(metadata.uid()));
    }
    if is_writable_by_others(path, metadata.mode(), metadata.gid()) {
        return Err(FileError::Writable(metadata.mode() & 0o7777));
    }
    check_directories(path, absolute_home(environment))?;
    Ok((file, metadata))
}

/// Returns `HOME` if it is an absolute path.
pub(super) fn absolute_home(environment: &Environment) -> Option<&Path> {
    let home = environment.raw("HOME").map(Path::new);
    home.filter(|home| home.is_absolute())
}

/// Opens a regular file. `O_NONBLOCK`: a named pipe in its place must not wait for a writer.
fn open_regular(path: &Path) -> Result<(File, Metadata), FileError> {
    // A `~` that was not expanded would name a directory below the current one.
    if path.starts_with("~") {
        return Err(FileError::NoHome);
    }
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(O_NONBLOCK)
        .open(path)?;
    let metadata = file.metadata()?;
    match metadata.is_file() {
        true => Ok((file, metadata)),
        false => Err(FileError::NotAFile),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
