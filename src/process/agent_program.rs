//! Finds the agent's program, which is installed together with this one.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::ownership::{DirectoryFault, check_directories, is_own_or_root, is_writable_by_others};
use crate::process::detach::current_program_file;
use crate::report::{ErrorCode, Report};

/// The name of the agent's program.
const AGENT_PROGRAM: &str = "ob-agent";
/// The directory where packages put it. A build for another directory sets `OB_LIBEXEC_DIR`.
const LIBEXEC_DIR: &str = match option_env!("OB_LIBEXEC_DIR") {
    Some(directory) => directory,
    None => "/usr/libexec/ob",
};

/// Reasons not to start the agent's program.
#[derive(Debug, Error)]
pub enum AgentProgramError {
    #[error("it is neither {} nor {}", .beside.display(), .libexec.display())]
    NotInstalled { beside: PathBuf, libexec: PathBuf },
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    #[error("{} belongs to uid {}, neither you nor root", .0.display(), .1)]
    Owner(PathBuf, u32),
    #[error("others may write to {} (mode {:04o})", .0.display(), .1)]
    Writable(PathBuf, u32),
    #[error("{}: {}", .0.display(), .1)]
    Directory(PathBuf, DirectoryFault),
    #[error("{} cannot be looked at: {}", .0.display(), .1.kind())]
    Unreadable(PathBuf, io::Error),
    #[error("cannot find ob's own path: {}", .0.kind())]
    OwnPlace(io::Error),
}

impl From<AgentProgramError> for Report {
    fn from(error: AgentProgramError) -> Self {
        let (code, hint) = match &error {
            AgentProgramError::NotInstalled { .. } => (
                ErrorCode::AgentProgramMissing,
                format!("install `{AGENT_PROGRAM}` beside `ob`: both are in every package of ob"),
            ),
            AgentProgramError::OwnPlace(_) => (
                ErrorCode::AgentProgramMissing,
                "is /proc mounted? `ls -l /proc/self/exe` must show a program".to_owned(),
            ),
            AgentProgramError::NotAFile(path)
            | AgentProgramError::Owner(path, _)
            | AgentProgramError::Writable(path, _)
            | AgentProgramError::Directory(path, _)
            | AgentProgramError::Unreadable(path, _) => (
                ErrorCode::AgentProgramUntrusted,
                format!(
                    "`ls -l {}` must show a program of yours or root's that nobody else may write",
                    path.display()
                ),
            ),
        };
        Self::new(code, format!("cannot use the program {AGENT_PROGRAM}"))
            .cause(error)
            .hint(hint)
    }
}

/// Returns the path of the agent's program: beside this program, as the links to it lead, else in
/// the libexec directory of the package.
///
/// Only the user and root may be able to change the file. The directories above it are checked in
/// libexec only: a user who can change the directory of this program can replace this program.
///
/// # Errors
/// When there is no such file, or another user could have changed it.
pub fn agent_program() -> Result<PathBuf, AgentProgramError> {
    let own = current_program_file().map_err(AgentProgramError::OwnPlace)?;
    let libexec = Path::new(LIBEXEC_DIR).join(AGENT_PROGRAM);
    find(own.with_file_name(AGENT_PROGRAM), libexec)
}

fn find(beside: PathBuf, libexec: PathBuf) -> Result<PathBuf, AgentProgramError> {
    if let Some(found) = metadata(&beside)? {
        judge(&beside, &found)?;
        return Ok(beside);
    }
    let Some(found) = metadata(&libexec)? else {
        return Err(AgentProgramError::NotInstalled { beside, libexec });
    };
    judge(&libexec, &found)?;
    check_directories(&libexec, None)
        .map_err(|fault| AgentProgramError::Directory(libexec.clone(), fault))?;
    Ok(libexec)
}

fn metadata(path: &Path) -> Result<Option<Metadata>, AgentProgramError> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(AgentProgramError::Unreadable(path.to_owned(), error)),
    }
}

fn judge(path: &Path, found: &Metadata) -> Result<(), AgentProgramError> {
    let (uid, mode) = (found.uid(), found.mode() & 0o7777);
    if !found.is_file() {
        Err(AgentProgramError::NotAFile(path.to_owned()))
    } else if !is_own_or_root(uid) {
        Err(AgentProgramError::Owner(path.to_owned(), uid))
    } else if is_writable_by_others(path, mode, found.gid()) {
        Err(AgentProgramError::Writable(path.to_owned(), mode))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    struct Installed {
        _root: tempfile::TempDir,
        beside: PathBuf,
        libexec: PathBuf,
    }

    impl Installed {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let place = |directory: &str| {
                let directory = root.path().join(directory);
                fs::create_dir(&directory).unwrap();
                directory.join(AGENT_PROGRAM)
            };
            Self {
                beside: place("bin"),
                libexec: place("libexec"),
                _root: root,
            }
        }

        fn find(&self) -> Result<PathBuf, AgentProgramError> {
            find(self.beside.clone(), self.libexec.clone())
        }

        fn code(&self) -> ErrorCode {
            Report::from(self.find().unwrap_err()).code
        }
    }

    fn install(path: &Path, mode: u32) {
        fs::write(path, "").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn beside_this_program_wins_over_libexec() {
        let places = Installed::new();
        let missing = Report::from(places.find().unwrap_err());
        assert_eq!(missing.code, ErrorCode::AgentProgramMissing);
        for place in [&places.beside, &places.libexec] {
            assert!(missing.causes[0].contains(&place.display().to_string()));
        }
        install(&places.libexec, 0o755);
        assert_eq!(places.find().unwrap(), places.libexec);
        symlink(&places.libexec, &places.beside).unwrap();
        assert_eq!(places.find().unwrap(), places.beside);
    }

    #[test]
    fn a_program_that_others_could_change_is_refused() {
        for mode in [0o757, 0o775, 0o777] {
            let places = Installed::new();
            install(&places.beside, mode);
            // The private group of a user without other members does not count; root's does.
            if nix::unistd::geteuid().is_root() {
                assert_eq!(places.code(), ErrorCode::AgentProgramUntrusted, "{mode:o}");
            }
            // A good one elsewhere does not hide it.
            install(&places.libexec, 0o755);
            assert_ne!(places.find().ok(), Some(places.libexec.clone()));
        }
        let places = Installed::new();
        fs::create_dir(&places.beside).unwrap();
        assert_eq!(places.code(), ErrorCode::AgentProgramUntrusted);
    }

    #[test]
    fn the_directory_of_libexec_is_checked() {
        let places = Installed::new();
        install(&places.libexec, 0o755);
        let directory = places.libexec.parent().unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(places.code(), ErrorCode::AgentProgramUntrusted);
    }

    #[test]
    fn a_program_of_another_user_is_refused() {
        if !nix::unistd::geteuid().is_root() {
            return; // Only root can give files away.
        }
        let places = Installed::new();
        install(&places.beside, 0o755);
        chown(&places.beside, Some(12_345), None).unwrap();
        assert_eq!(places.code(), ErrorCode::AgentProgramUntrusted);
    }
}
