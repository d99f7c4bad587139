//! The browser that `$BROWSER` names.
//!
//! gh, the AWS CLI, VS Code's remote sessions and WSL rely on the variable. Its full syntax is a
//! shell-like list of commands (`firefox:lynx %s`), which has let servers run code in other
//! programs. Here it may only name one program.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ownership::{DirectoryFault, check_directories, is_own_or_root, is_writable_by_others};

/// Reasons not to use `$BROWSER`.
#[derive(Debug, Error)]
pub enum BrowserVariableError {
    #[error("it is not the name of one program")]
    NotOneProgram,
    #[error("there is no program {}", .0.display())]
    NotFound(PathBuf),
    #[error("{} is not a program that only you and root can change", .0.display())]
    Untrusted(PathBuf),
    #[error(transparent)]
    Directory(#[from] DirectoryFault),
}

/// Returns the program that `$BROWSER` names: an absolute path, or a bare name found in one of the
/// absolute directories of `search_path`.
///
/// # Errors
/// When the value is a command line or a list, names no program, or names one that another user
/// could change.
pub fn browser_of_variable(
    value: &OsStr,
    search_path: Option<&OsStr>,
) -> Result<PathBuf, BrowserVariableError> {
    let named = Path::new(value);
    let program = if named.is_absolute() {
        named.to_owned()
    } else {
        let name = value
            .to_str()
            .filter(|name| is_bare_name(name))
            .ok_or(BrowserVariableError::NotOneProgram)?;
        let directories = std::env::split_paths(search_path.unwrap_or_default());
        directories
            .filter(|directory| directory.is_absolute())
            .map(|directory| directory.join(name))
            .find(|candidate| candidate.metadata().is_ok_and(|found| is_program(&found)))
            .ok_or_else(|| BrowserVariableError::NotFound(name.into()))?
    };
    let found =
        program
            .metadata()
            .ok()
            .filter(is_program)
            .ok_or_else(|| match has_words(value) {
                true => BrowserVariableError::NotOneProgram,
                false => BrowserVariableError::NotFound(program.clone()),
            })?;
    if !is_own_or_root(found.uid()) || is_writable_by_others(&program, found.mode(), found.gid()) {
        return Err(BrowserVariableError::Untrusted(program));
    }
    check_directories(&program, None)?;
    Ok(program)
}

fn is_program(found: &Metadata) -> bool {
    found.is_file() && found.permissions().mode() & 0o111 != 0
}

fn is_bare_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(allowed)
}

/// Whether the value is a command line or a list of commands.
fn has_words(value: &OsStr) -> bool {
    value
        .to_string_lossy()
        .contains(|c: char| c.is_whitespace() || ":%'\"$;&|`".contains(c))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{chown, symlink};

    use nix::unistd::geteuid;

    use super::*;

    struct Programs(tempfile::TempDir);

    impl Programs {
        fn new() -> Self {
            let programs = Self(tempfile::tempdir().unwrap());
            fs::write(programs.path("browser"), "#!/bin/sh\n").unwrap();
            programs.set_mode("browser", 0o755);
            programs
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn set_mode(&self, name: &str, mode: u32) {
            fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
        }

        fn of(&self, value: impl AsRef<OsStr>) -> Result<PathBuf, BrowserVariableError> {
            browser_of_variable(value.as_ref(), Some(self.0.path().as_os_str()))
        }
    }

    #[test]
    fn one_program_is_taken_by_path_and_by_name() {
        let programs = Programs::new();
        let browser = programs.path("browser");
        assert_eq!(programs.of(&browser).unwrap(), browser);
        assert_eq!(programs.of("browser").unwrap(), browser);
        symlink(&browser, programs.path("linked")).unwrap();
        assert_eq!(programs.of("linked").unwrap(), programs.path("linked"));
    }

    #[test]
    fn command_lines_lists_and_relative_paths_are_not() {
        let programs = Programs::new();
        let browser = programs.path("browser").display().to_string();
        for value in [
            "browser %s".to_owned(),
            "browser:lynx".into(),
            "sh -c 'echo %s'".into(),
            "./browser".into(),
            "../browser".into(),
            "-browser".into(),
            "bro\nwser".into(),
            String::new(),
            format!("{browser} %s"),
            format!("{browser}:{browser}"),
        ] {
            let error = programs.of(&value).unwrap_err();
            assert!(
                matches!(error, BrowserVariableError::NotOneProgram),
                "{value:?}: {error:?}"
            );
        }
        let missing = programs.of("firefox").unwrap_err();
        assert!(matches!(missing, BrowserVariableError::NotFound(_)));
        programs.set_mode("browser", 0o644);
        let no_program = programs.of("browser").unwrap_err();
        assert!(matches!(no_program, BrowserVariableError::NotFound(_)));
    }

    #[test]
    fn a_relative_search_path_is_not_followed() {
        let found = browser_of_variable("sh".as_ref(), Some("bin:.:".as_ref()));
        assert!(matches!(found, Err(BrowserVariableError::NotFound(_))));
    }

    #[test]
    fn a_program_that_others_can_change_is_refused() {
        let programs = Programs::new();
        programs.set_mode("browser", 0o777);
        let writable = programs.of("browser").unwrap_err();
        assert!(matches!(writable, BrowserVariableError::Untrusted(_)));
        programs.set_mode("browser", 0o755);
        programs.set_mode("", 0o777);
        let directory = programs.of("browser").unwrap_err();
        assert!(matches!(directory, BrowserVariableError::Directory(_)));
        programs.set_mode("", 0o755);
        if geteuid().is_root() {
            chown(programs.path("browser"), Some(12_345), None).unwrap();
            let foreign = programs.of("browser").unwrap_err();
            assert!(matches!(foreign, BrowserVariableError::Untrusted(_)));
        }
    }
}
