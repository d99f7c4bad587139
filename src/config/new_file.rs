//! Writes a new settings file for `ob config init`, or replaces the existing one. No other code
//! writes settings.

use std::fs::{DirBuilder, symlink_metadata};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use thiserror::Error;

use super::file_error::{directory_hint, reason};
use super::trusted_file::absolute_home;
use crate::model::Environment;
use crate::ownership::{DirectoryFault, check_directories, with_private_umask};
use crate::report::{ErrorCode, Report};

/// The user's answers to `ob config init`. The caller has checked each as the setting that it
/// becomes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSettings {
    pub url: String,
    pub username: Option<String>,
    pub region: Option<String>,
    pub app: Option<String>,
}

impl NewSettings {
    /// Returns the file's text.
    pub fn to_toml(&self) -> String {
        let line = |key: &str, value: &Option<String>| {
            let value = value.as_deref().map(toml::Value::from);
            value.map(|value| format!("{key} = {value}"))
        };
        let mut lines = vec!["[org]".to_owned()];
        lines.extend(line("url", &Some(self.url.clone())));
        lines.extend(line("username", &self.username));
        if self.region.is_some() || self.app.is_some() {
            lines.push("\n[aws]".to_owned());
            lines.extend(line("region", &self.region));
            lines.extend(line("app", &self.app));
        }
        lines.join("\n") + "\n"
    }
}

/// Whether an existing file is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    Keep,
    Replace,
}

/// Writes `text` to `path` whole or not at all, mode 0600, and makes the directories above it.
///
/// # Errors
/// When a file exists and is to be kept, when `path` is a link (the link would be replaced and not
/// its target), when another user owns a directory of the path or may write to it, or on I/O
/// errors.
pub fn write_new(
    path: &Path,
    text: &str,
    existing: Existing,
    environment: &Environment,
) -> Result<(), Report> {
    check_directory(path, environment)?;
    write(path, text, existing).map_err(|error| error.at(path))
}

/// Checks that [`write_new`] could write a new file to `path`, before the user is asked questions.
///
/// # Errors
/// When the path exists, or another user owns a directory of it or may write to it.
pub fn check_new_file(path: &Path, environment: &Environment) -> Result<(), Report> {
    check_directory(path, environment)?;
    check_existing(path, Existing::Keep).map_err(|error| error.at(path))
}

fn check_directory(path: &Path, environment: &Environment) -> Result<(), Report> {
    check_directories(path, absolute_home(environment))
        .map_err(|fault| WriteError::Directory(fault).at(path))
}

fn check_existing(path: &Path, existing: Existing) -> Result<(), WriteError> {
    match symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(WriteError::Link),
        Ok(_) if existing == Existing::Keep => Err(WriteError::Exists),
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str, existing: Existing) -> Result<(), WriteError> {
    check_existing(path, existing)?;
    let directory = path.parent().unwrap_or(Path::new("/"));
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    with_private_umask(|| builder.create(directory))?;
    let mut temporary = tempfile::Builder::new();
    temporary.prefix(".config.");
    let mut file = with_private_umask(|| temporary.tempfile_in(directory))
        // tempfile's error names the temporary file, which means nothing to the user.
        .map_err(|error| std::io::Error::from(error.kind()))?;
    file.as_file_mut().write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    }
    .map_err(|failed| match failed.error.kind() {
        std::io::ErrorKind::AlreadyExists => WriteError::Exists,
        _ => failed.error.into(),
    })?;
    Ok(())
}

#[derive(Debug, Error)]
enum WriteError {
    #[error("it exists already")]
    Exists,
    #[error("it is a symbolic link")]
    Link,
    #[error(transparent)]
    Directory(DirectoryFault),
    #[error("{}", reason(.0))]
    Io(#[from] std::io::Error),
}

impl WriteError {
    fn at(self, path: &Path) -> Report {
        let path = path.display();
        let (code, hint) = match &self {
            Self::Directory(fault) => directory_hint(fault),
            Self::Exists => (
                ErrorCode::ConfigExists,
                "`ob config check` looks at it, `ob config init --force` replaces it".to_owned(),
            ),
            Self::Link => (
                ErrorCode::ConfigLink,
                format!("edit the file it names; `readlink -f {path}` shows which"),
            ),
            Self::Io(_) => (
                ErrorCode::ConfigWrite,
                "`ob config init --print` shows what to put there".to_owned(),
            ),
        };
        Report::new(code, format!("cannot write {path}"))
            .cause(self)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn new_file_is_private_and_an_old_one_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let environment = [("HOME", home.path())].into_iter().collect();
        let write_new = |path: &Path, text: &str, existing: Existing| {
            super::write_new(path, text, existing, &environment)
        };
        let path = home.path().join("a/ob/config.toml");
        write_new(&path, "one", Existing::Keep).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            write_new(&path, "two", Existing::Keep).unwrap_err().name(),
            "config.exists"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        write_new(&path, "two", Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);

        let link = home.path().join("link.toml");
        symlink(&path, &link).unwrap();
        assert_eq!(
            write_new(&link, "x", Existing::Replace).unwrap_err().name(),
            "config.link"
        );

        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let open = home.path().join("b/config.toml");
        let refused = write_new(&open, "x", Existing::Keep).unwrap_err();
        assert_eq!(refused.name(), "config.writable");
        assert!(!home.path().join("b").exists());
    }

    #[test]
    fn hostile_answers_stay_inside_quotes() {
        let new = NewSettings {
            url: "https://acme.okta.com".to_owned(),
            username: Some("alice\"\n[aws]\nregion = \"x".to_owned()),
            region: Some("eu-west-1".to_owned()),
            app: None,
        };
        let table: toml::Table = new.to_toml().parse().unwrap();
        assert_eq!(table["org"]["username"].as_str(), new.username.as_deref());
        assert_eq!(table["aws"]["region"].as_str(), Some("eu-west-1"));
    }
}
