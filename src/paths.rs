//! Where `ob` looks: the settings files and the directory of its agent.
//!
//! Paths come from the environment and are trusted only as far as they are checked. The runtime directory
//! holds the agent's socket: a directory of somebody else's there would be offered our password. So it is
//! opened without following links, judged by its descriptor, and refused as it is; nothing is repaired,
//! because what we would repair is not known to be ours. Nothing is ever looked up in the current directory.

mod cache;
mod host;
mod note;

pub use cache::{cache_dir, existing_cache_dir};
pub use note::expiry_file;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use host::host;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::geteuid;
use thiserror::Error;

use crate::model::Environment;
use crate::report::{Exit, Report};

/// A fleet's defaults, below the user's own settings.
pub const SYSTEM_CONFIG: &str = "/etc/ob/config.toml";

/// The user's settings: `$XDG_CONFIG_HOME/ob/config.toml`, else `$HOME/.config/ob/config.toml`; none when neither
/// variable is an absolute path (the XDG specification says to ignore a relative one).
pub fn user_config(environment: &Environment) -> Option<PathBuf> {
    absolute(environment, "XDG_CONFIG_HOME")
        .or_else(|| home(environment).map(|home| home.join(".config")))
        .map(|directory| directory.join("ob/config.toml"))
}

/// `$HOME`, when it is an absolute path.
pub fn home(environment: &Environment) -> Option<PathBuf> {
    absolute(environment, "HOME")
}

/// The absolute path at which `PATH` has the program `name`; links are left as they are.
pub fn on_search_path(environment: &Environment, name: &str) -> Option<PathBuf> {
    let directories = environment.raw("PATH")?;
    std::env::split_paths(directories)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// The directory of the agent's socket, made if it is missing: `$XDG_RUNTIME_DIR/ob`, else
/// `~/.local/state/ob/run/HOST` (homes are shared between machines, sockets are not).
///
/// # Errors
/// When there is no place for one, or what stands there is not a directory of ours that only we can enter.
pub fn runtime_dir(environment: &Environment) -> Result<RuntimeDir, Report> {
    find(environment, Missing::Make)?.ok_or_else(|| PathError::NoPlace.into())
}

/// The same, for who only asks whether an agent is there: makes nothing.
///
/// # Errors
/// When something that is not ours stands in its place.
pub fn existing_runtime_dir(environment: &Environment) -> Result<Option<RuntimeDir>, Report> {
    Ok(find(environment, Missing::Leave)?)
}

/// A directory that is ours, mode 0700, held open so that nobody can put another one in its place.
#[derive(Debug)]
pub struct RuntimeDir {
    path: PathBuf,
    directory: OwnedFd,
}

impl RuntimeDir {
    /// Its name, for messages and for sockets (which have no `connectat`).
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for RuntimeDir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Make,
    Leave,
}

fn find(environment: &Environment, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    if let Some(base) = absolute(environment, "XDG_RUNTIME_DIR")
        && fstatat(AT_FDCWD, &base, AtFlags::AT_SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| judge(&stat, &base).is_ok())
    {
        // Looked at, not opened: whoever could put another directory here in between could still not
        // put one of ours inside, and that one is judged by its descriptor.
        let path = base.join("ob");
        return enter(AT_FDCWD, &path.clone(), path, missing);
    }
    let Some(home) = home(environment) else {
        return Ok(None);
    };
    let host = host();
    let (top, own) = match missing {
        Missing::Leave => (home.join(".local/state"), ["ob", "run", &host]),
        Missing::Make => {
            let state = home.join(".local/state");
            make(AT_FDCWD, &home.join(".local"))?;
            make(AT_FDCWD, &state)?;
            (state, ["ob", "run", &host])
        }
    };
    let directory = match open_directory(AT_FDCWD, &top, OFlag::empty()) {
        Ok(directory) => directory,
        Err(Errno::ENOENT) => return Ok(None),
        Err(errno) => return Err(PathError::Open(top, errno)),
    };
    let stat = fstat(&directory).map_err(|errno| PathError::Open(top.clone(), errno))?;
    if stat.st_uid != geteuid().as_raw() || stat.st_mode & 0o022 != 0 {
        return Err(PathError::Shared(top, stat.st_uid, stat.st_mode & 0o7777));
    }
    let mut place = RuntimeDir {
        path: top,
        directory,
    };
    for name in own {
        let path = place.path.join(name);
        match enter(place.as_fd(), Path::new(name), path, missing)? {
            Some(next) => place = next,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

/// The directory called `name` in `parent`, which messages call `path`.
fn enter(
    parent: BorrowedFd<'_>,
    name: &Path,
    path: PathBuf,
    missing: Missing,
) -> Result<Option<RuntimeDir>, PathError> {
    let open = || open_directory(parent, name, OFlag::O_NOFOLLOW);
    let opened = match open() {
        Err(Errno::ENOENT) if missing == Missing::Leave => return Ok(None),
        Err(Errno::ENOENT) => {
            make(parent, name)?;
            open()
        }
        other => other,
    };
    let directory = match opened {
        Ok(directory) => directory,
        Err(Errno::ELOOP | Errno::ENOTDIR) => return Err(PathError::NotADirectory(path)),
        Err(errno) => return Err(PathError::Open(path, errno)),
    };
    let stat = fstat(&directory).map_err(|errno| PathError::Open(path.clone(), errno))?;
    judge(&stat, &path)?;
    Ok(Some(RuntimeDir { path, directory }))
}

/// On Linux a descriptor that names the directory and can do nothing else with it.
#[cfg(target_os = "linux")]
const LOOK: OFlag = OFlag::O_PATH;
#[cfg(not(target_os = "linux"))]
const LOOK: OFlag = OFlag::O_RDONLY;

fn open_directory(at: impl AsFd, path: &Path, more: OFlag) -> Result<OwnedFd, Errno> {
    let flags = LOOK | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | more;
    openat(at, path, flags, Mode::empty())
}

/// One of two that start at once makes it; the other finds it and looks at it like at any other.
fn make(at: impl AsFd, path: &Path) -> Result<(), PathError> {
    match mkdirat(at, path, Mode::S_IRWXU) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(PathError::Make(path.to_owned(), errno)),
    }
}

fn judge(stat: &FileStat, path: &Path) -> Result<(), PathError> {
    if !is_directory(stat) {
        return Err(PathError::NotADirectory(path.to_owned()));
    }
    if stat.st_uid != geteuid().as_raw() || stat.st_mode & 0o077 != 0 {
        let mode = stat.st_mode & 0o7777;
        return Err(PathError::NotOurs(path.to_owned(), stat.st_uid, mode));
    }
    Ok(())
}

fn is_directory(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR
}

fn absolute(environment: &Environment, name: &str) -> Option<PathBuf> {
    let path = Path::new(environment.raw(name)?);
    // Collecting the components drops a slash at the end, behind which `O_NOFOLLOW` follows.
    path.is_absolute().then(|| path.components().collect())
}

#[derive(Debug, Error)]
enum PathError {
    #[error("XDG_RUNTIME_DIR is not a private directory of yours, and HOME is not set")]
    NoPlace,
    #[error("{} is not a directory", .0.display())]
    NotADirectory(PathBuf),
    #[error("{} belongs to uid {} with mode {:04o}", .0.display(), .1, .2)]
    NotOurs(PathBuf, u32, u32),
    #[error("{} belongs to uid {} with mode {:04o}", .0.display(), .1, .2)]
    Shared(PathBuf, u32, u32),
    #[error("cannot open {}: {}", .0.display(), .1.desc())]
    Open(PathBuf, Errno),
    #[error("cannot make {}: {}", .0.display(), .1.desc())]
    Make(PathBuf, Errno),
}

impl From<PathError> for Report {
    fn from(error: PathError) -> Self {
        let (name, hint) = match &error {
            PathError::NoPlace => (
                "paths.no-place",
                "`export XDG_RUNTIME_DIR=/run/user/$(id -u)`, or use `--no-agent`".to_owned(),
            ),
            PathError::NotADirectory(path) => (
                "paths.not-a-directory",
                format!("look at it and move it away: `ls -ld {}`", path.display()),
            ),
            PathError::NotOurs(path, ..) => (
                "paths.not-private",
                format!(
                    "it must be yours alone (0700); look with `ls -ld {0}`, and `rmdir {0}` lets ob make it anew",
                    path.display()
                ),
            ),
            PathError::Shared(path, ..) => (
                "paths.shared",
                format!(
                    "nobody but you may write there: `chmod go-w {}`",
                    path.display()
                ),
            ),
            PathError::Open(path, _) => (
                "paths.open",
                format!("`ls -ld {}` shows who may enter it", path.display()),
            ),
            PathError::Make(..) => (
                "paths.make",
                "set `XDG_RUNTIME_DIR` to a private directory of yours, or use `--no-agent`"
                    .to_owned(),
            ),
        };
        Self::new(
            Exit::Failed,
            name,
            "there is no safe place for the agent's socket",
        )
        .cause(error)
        .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn environment(variables: &[(&str, &Path)]) -> Environment {
        variables
            .iter()
            .map(|(name, path)| (*name, *path))
            .collect()
    }

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn settings_are_found_by_absolute_paths_only() {
        let of = |variables: &[(&str, &str)]| {
            user_config(&variables.iter().map(|(n, v)| (*n, *v)).collect())
        };
        assert_eq!(
            of(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]),
            Some("/x/ob/config.toml".into())
        );
        assert_eq!(
            of(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]),
            Some("/h/.config/ob/config.toml".into())
        );
        assert_eq!(of(&[("XDG_CONFIG_HOME", ""), ("HOME", ".")]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn the_runtime_directory_is_made_private_and_found_again() {
        let base = tempfile::tempdir().unwrap();
        chmod(base.path(), 0o700);
        let environment = environment(&[("XDG_RUNTIME_DIR", base.path())]);
        assert!(existing_runtime_dir(&environment).unwrap().is_none());
        let made = runtime_dir(&environment).unwrap();
        assert_eq!(made.path(), base.path().join("ob"));
        let mode = fs::metadata(made.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o700);
        assert!(existing_runtime_dir(&environment).unwrap().is_some());
    }

    #[test]
    fn a_planted_directory_is_refused_and_left_as_it_is() {
        let base = tempfile::tempdir().unwrap();
        chmod(base.path(), 0o700);
        let environment = environment(&[("XDG_RUNTIME_DIR", base.path())]);
        let planted = base.path().join("ob");

        fs::create_dir(&planted).unwrap();
        for mode in [0o755, 0o710, 0o701, 0o777] {
            chmod(&planted, mode);
            assert_eq!(
                runtime_dir(&environment).unwrap_err().name,
                "paths.not-private"
            );
            assert_eq!(
                fs::metadata(&planted).unwrap().permissions().mode() & 0o7777,
                mode
            );
        }
        if geteuid().is_root() {
            chmod(&planted, 0o700);
            std::os::unix::fs::chown(&planted, Some(12_345), None).unwrap();
            assert_eq!(
                runtime_dir(&environment).unwrap_err().name,
                "paths.not-private"
            );
        }
        fs::remove_dir(&planted).unwrap();

        let elsewhere = tempfile::tempdir().unwrap();
        symlink(elsewhere.path(), &planted).unwrap();
        assert_eq!(
            runtime_dir(&environment).unwrap_err().name,
            "paths.not-a-directory"
        );
        fs::remove_file(&planted).unwrap();

        fs::write(&planted, "").unwrap();
        assert_eq!(
            existing_runtime_dir(&environment).unwrap_err().name,
            "paths.not-a-directory"
        );
    }

    #[test]
    fn a_shared_or_linked_base_falls_back_to_the_home() {
        let (base, home) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = home.path().join("link");
        chmod(base.path(), 0o700);
        symlink(base.path(), &link).unwrap();
        let linked = runtime_dir(&environment(&[
            ("XDG_RUNTIME_DIR", &link),
            ("HOME", home.path()),
        ]));
        let expected = home.path().join(".local/state/ob/run").join(host());
        assert_eq!(linked.unwrap().path(), expected);
        let slash = link.join("");
        let linked = runtime_dir(&environment(&[
            ("XDG_RUNTIME_DIR", &slash),
            ("HOME", home.path()),
        ]));
        assert_eq!(linked.unwrap().path(), expected);

        chmod(base.path(), 0o755);
        let shared = runtime_dir(&environment(&[("XDG_RUNTIME_DIR", base.path())]));
        assert_eq!(shared.unwrap_err().name, "paths.no-place");
        chmod(&home.path().join(".local/state"), 0o775);
        let open = runtime_dir(&environment(&[("HOME", home.path())]));
        assert_eq!(open.unwrap_err().name, "paths.shared");
    }
}
