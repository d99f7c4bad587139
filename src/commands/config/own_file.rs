//! The user's own settings file, for the verbs that change it.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::client::Context;
use crate::config::{Existing, check_text, read_foreign_file, write_new};
use crate::report::{ErrorCode, Report};

/// The file's path, with links resolved, and its text, which is empty if there is no file.
pub(super) struct OwnFile {
    path: PathBuf,
    text: Option<Zeroizing<String>>,
}

impl OwnFile {
    /// Reads the file.
    ///
    /// # Errors
    /// When another user could have written it, or it cannot be read.
    pub(super) fn read(context: &Context) -> Result<Self, Report> {
        let path = context.settings_file()?;
        let path = path.canonicalize().unwrap_or(path);
        let text = read_foreign_file(&path, &context.environment)?;
        Ok(Self { path, text })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn exists(&self) -> bool {
        self.text.is_some()
    }

    pub(super) fn text(&self) -> &str {
        self.text.as_deref().map_or("", String::as_str)
    }

    /// Replaces the file by `text`, whole or not at all.
    ///
    /// # Errors
    /// When `text` has a mistake that the old text had not, another program has changed the file
    /// since it was read, or the file cannot be written.
    pub(super) fn replace(&self, text: &str, context: &Context) -> Result<(), Report> {
        if read_foreign_file(&self.path, &context.environment)? != self.text {
            return Err(Report::new(
                ErrorCode::ConfigChanged,
                "the settings file was changed meanwhile",
            )
            .cause(format!(
                "another program has written {}",
                self.path.display()
            ))
            .hint("run the same command again"));
        }
        context.check_locks(text, &self.path)?;
        // Alone, a file may lack what the system's file has.
        if check_text(self.text(), &self.path).is_ok() {
            check_text(text, &self.path)?;
        }
        let existing = match self.exists() {
            true => Existing::Replace,
            false => Existing::Keep,
        };
        write_new(&self.path, text, existing, &context.environment)
    }
}
