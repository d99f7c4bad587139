//! Edits one file, or several at once: all new texts are written before one is put in place.

use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::error::FileError;
use super::{Kind, Links, check_place, contents, identity, judge, leftover, lock};
use crate::ini::encode;
use crate::ownership::with_private_umask;
use crate::report::Report;

/// How often an edit starts again because another program changed the file.
const MAX_TRIES: usize = 5;

/// The edit of one file.
pub struct Edit<'a> {
    pub path: &'a Path,
    pub kind: Kind,
    /// Returns the new text for the old one, which is empty without a file. May be called
    /// repeatedly.
    pub make: &'a dyn Fn(&str) -> Result<String, Report>,
}

impl std::fmt::Debug for Edit<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edit")
            .field("path", &self.path)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Replaces the file's text by what `make` returns, atomically. Returns whether it changed.
///
/// # Errors
/// The error of `make`, or why the file cannot be written. The file is unchanged then.
pub fn edit(
    path: &Path,
    kind: Kind,
    make: impl Fn(&str) -> Result<String, Report>,
) -> Result<bool, Report> {
    let make = &make;
    edit_together(&[Edit { path, kind, make }])
}

/// Edits several files in this order, all of them or none. Returns whether one changed. Drafts that
/// a killed edit left are removed.
///
/// # Errors
/// As [`edit`], and if two of them are one file. All files are unchanged then.
pub fn edit_together(edits: &[Edit<'_>]) -> Result<bool, Report> {
    let mut places = Vec::new();
    for edit in edits {
        places.push(Place::of(edit).map_err(|error| error.at(edit.path))?);
    }
    let _locks = hold(&places)?;
    for place in &places {
        leftover::remove(&place.directory).map_err(|error| place.fail(error))?;
    }
    for _ in 0..MAX_TRIES {
        // All drafts are made before the first is put in place, so that an error changes nothing.
        let mut drafts = Vec::new();
        for place in &places {
            drafts.extend(place.draft()?);
        }
        if drafts.is_empty() {
            return Ok(false);
        }
        let mut current = true;
        for draft in &drafts {
            current &= draft
                .is_current()
                .map_err(|error| draft.place.fail(error))?;
        }
        if current {
            put(drafts)?;
            return Ok(true);
        }
    }
    Err(places.first().map_or_else(
        || FileError::Busy.at(Path::new("/")),
        |place| place.fail(FileError::Busy),
    ))
}

/// A file and its directory.
struct Place<'a> {
    edit: &'a Edit<'a>,
    path: PathBuf,
    directory: PathBuf,
    opened: File,
    /// Identifies the directory under any path.
    inode: (u64, u64),
}

impl<'a> Place<'a> {
    fn of(edit: &'a Edit<'a>) -> Result<Self, FileError> {
        check_place(edit.path)?;
        let path = std::path::absolute(edit.path)?;
        let directory = path.parent().unwrap_or(Path::new("/")).to_owned();
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        with_private_umask(|| builder.create(&directory))?;
        let opened = File::open(&directory)?;
        let metadata = opened.metadata()?;
        Ok(Self {
            edit,
            path,
            directory,
            opened,
            inode: (metadata.dev(), metadata.ino()),
        })
    }

    fn fail(&self, error: FileError) -> Report {
        error.at(&self.path)
    }

    /// Returns the draft of the new text, or `None` if the text does not change.
    fn draft(&self) -> Result<Option<Draft<'_>>, Report> {
        let found = contents(&self.path, Links::Refused).map_err(|error| self.fail(error))?;
        let old = found.as_ref().map_or("", |(text, _)| text.as_str());
        let new = Zeroizing::new((self.edit.make)(old)?);
        if *new == old {
            return Ok(None);
        }
        let beside = || {
            let mut mode = 0o600;
            if let Some((_, old)) = &found {
                judge(old)?;
                if self.edit.kind == Kind::Config {
                    mode = old.mode() & 0o777;
                }
            }
            self.beside(mode, &new)
        };
        let new = beside().map_err(|error| self.fail(error))?;
        let (place, old) = (self, found);
        Ok(Some(Draft { place, old, new }))
    }

    fn beside(&self, mode: u32, text: &str) -> Result<NamedTempFile, FileError> {
        let mut file = tempfile::Builder::new()
            .prefix(leftover::PREFIX)
            .rand_bytes(leftover::RANDOM)
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(&self.directory)
            // The error's own text names the draft.
            .map_err(|error| io::Error::from(error.kind()))?;
        // The umask limits the creation mode, but not a mode that is set afterwards.
        file.as_file()
            .set_permissions(Permissions::from_mode(mode))?;
        file.as_file_mut().write_all(&encode(text))?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// Locks each directory once, in one order, so that two writers cannot wait for each other.
fn hold(places: &[Place<'_>]) -> Result<Vec<File>, Report> {
    let mut sorted: Vec<&Place<'_>> = places.iter().collect();
    sorted.sort_by_key(|place| (place.inode, place.path.file_name()));
    let mut held = Vec::new();
    let mut last: Option<&Place<'_>> = None;
    for place in sorted {
        let same_directory = last.is_some_and(|last| last.inode == place.inode);
        if same_directory && last.and_then(|last| last.path.file_name()) == place.path.file_name() {
            return Err(place.fail(FileError::Both));
        }
        if !same_directory {
            let opened = place.opened.try_clone().map_err(FileError::from);
            let lock = opened.and_then(lock::hold);
            held.push(lock.map_err(|error| place.fail(error))?);
        }
        last = Some(place);
    }
    Ok(held)
}

/// A new text in a file beside the final one.
struct Draft<'a> {
    place: &'a Place<'a>,
    old: Option<(Zeroizing<String>, Metadata)>,
    new: NamedTempFile,
}

impl Draft<'_> {
    /// Whether the file is still the one that was read.
    fn is_current(&self) -> Result<bool, FileError> {
        let now = match std::fs::symlink_metadata(&self.place.path) {
            Ok(now) => Some(now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let old = self.old.as_ref().map(|(_, old)| identity(old));
        Ok(now.as_ref().map(identity) == old)
    }
}

fn put(drafts: Vec<Draft<'_>>) -> Result<(), Report> {
    let mut done = Vec::new();
    for Draft { place, old, new } in drafts {
        if let Err(failed) = new.persist(&place.path) {
            let mut report = place.fail(FileError::Io(failed.error));
            for (place, old) in done.into_iter().rev() {
                if let Err(error) = put_back(place, old) {
                    let path = place.path.display();
                    report = report.cause(format!(
                        "{path} is written, and cannot be put back: {error}"
                    ));
                }
            }
            return Err(report);
        }
        done.push((place, old));
    }
    for (place, _) in done {
        // The rename is done; syncing the directory only protects it from a power failure.
        let _ = place.opened.sync_all();
    }
    Ok(())
}

fn put_back(
    place: &Place<'_>,
    old: Option<(Zeroizing<String>, Metadata)>,
) -> Result<(), FileError> {
    let Some((text, metadata)) = old else {
        return Ok(std::fs::remove_file(&place.path)?);
    };
    let file = place.beside(metadata.mode() & 0o777, &text)?;
    file.persist(&place.path).map_err(|failed| failed.error)?;
    Ok(())
}
