//! Paths of the settings files and of the agent's directory.
//!
//! Paths come from the environment and are trusted only as far as they are checked. A socket in
//! another user's runtime directory would be offered the password, so the directory is opened
//! without following links, checked by its descriptor, and refused if it is not the user's; it is
//! never repaired. Nothing is looked up in the current directory.

mod cache;
mod directory;
mod error;
mod host;
mod prompt_files;

pub use cache::{cache_dir, existing_cache_dir};
pub use directory::RuntimeDir;
pub use prompt_files::expiry_file;

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use directory::{Missing, Step, enter, judge};
use error::PathError;
use host::host;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::sys::stat::fstatat;
use nix::unistd::geteuid;

use crate::model::Environment;
use crate::report::Report;

/// The administrator's defaults, below the user's settings.
pub const SYSTEM_CONFIG: &str = "/etc/ob/config.toml";

/// Returns the user's settings file: `$XDG_CONFIG_HOME/ob/config.toml`, else
/// `$HOME/.config/ob/config.toml`; `None` if neither variable is an absolute path (the XDG
/// specification ignores relative ones).
pub fn user_config(environment: &Environment) -> Option<PathBuf> {
    absolute(environment, "XDG_CONFIG_HOME")
        .or_else(|| home(environment).map(|home| home.join(".config")))
        .map(|directory| directory.join("ob/config.toml"))
}

/// Returns `$HOME` if it is an absolute path.
pub fn home(environment: &Environment) -> Option<PathBuf> {
    absolute(environment, "HOME")
}

/// Returns the absolute path at which `PATH` has the program `name`, without resolving links.
pub fn on_search_path(environment: &Environment, name: &str) -> Option<PathBuf> {
    let directories = environment.raw("PATH")?;
    std::env::split_paths(directories)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
}

/// Returns the directory of the agent's socket and creates it if it is missing:
/// `$XDG_RUNTIME_DIR/ob`, else `~/.local/state/ob/run/HOST` (machines may share homes, but not
/// sockets).
///
/// # Errors
/// When there is no place for it, the existing one is not a private directory of the user's, or the
/// home is another user's.
pub fn runtime_dir(environment: &Environment) -> Result<RuntimeDir, Report> {
    find(environment, Missing::Make)?.ok_or_else(|| PathError::NoPlace.into())
}

/// As [`runtime_dir`], without creating it.
///
/// # Errors
/// When the existing one is not a private directory of the user's.
pub fn existing_runtime_dir(environment: &Environment) -> Result<Option<RuntimeDir>, Report> {
    Ok(find(environment, Missing::Leave)?)
}

/// Returns the path of [`runtime_dir`], whether it exists or not.
pub fn default_runtime_dir(environment: &Environment) -> Option<PathBuf> {
    match absolute(environment, "XDG_RUNTIME_DIR").filter(|base| is_private(base)) {
        Some(base) => Some(base.join("ob")),
        None => home(environment).map(|home| home.join(".local/state/ob/run").join(host())),
    }
}

/// Returns the existing runtime directories of callers with other variables. A program that an IDE,
/// cron or `su` starts may lack the `XDG_RUNTIME_DIR` of the login session.
///
/// These are `/run/user/UID/ob` and `~/.local/state/ob/run/HOST`, without the one that
/// [`existing_runtime_dir`] finds. Directories that fail the checks are left out.
pub fn other_runtime_dirs(environment: &Environment) -> Vec<RuntimeDir> {
    let preferred = existing_runtime_dir(environment).ok().flatten();
    let candidates = [
        in_base(&system_runtime_base(), Missing::Leave),
        home(environment).map_or(Ok(None), |home| in_home(home, Missing::Leave)),
    ];
    let found = candidates
        .into_iter()
        .filter_map(|found| found.ok().flatten());
    found
        .filter(|other| {
            preferred
                .as_ref()
                .is_none_or(|used| used.path != other.path)
        })
        .collect()
}

/// Returns every existing runtime directory of the user, that of this environment first.
pub fn existing_runtime_dirs(environment: &Environment) -> Vec<RuntimeDir> {
    let preferred = existing_runtime_dir(environment).ok().flatten();
    let others = other_runtime_dirs(environment);
    preferred.into_iter().chain(others).collect()
}

/// Returns the runtime directory of a login session, whatever the variables say (`pam_systemd(8)`).
fn system_runtime_base() -> PathBuf {
    Path::new("/run/user").join(geteuid().to_string())
}

fn find(environment: &Environment, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    if let Some(base) = absolute(environment, "XDG_RUNTIME_DIR")
        && is_private(&base)
    {
        return enter_base(&base, missing);
    }
    match home(environment) {
        Some(home) => in_home(home, missing),
        None => Ok(None),
    }
}

fn in_base(base: &Path, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    if is_private(base) {
        enter_base(base, missing)
    } else {
        Ok(None)
    }
}

fn is_private(base: &Path) -> bool {
    fstatat(AT_FDCWD, base, AtFlags::AT_SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| judge(&stat, base).is_ok())
}

/// The base is not held open: if another user replaced it, they still could not put a directory of
/// ours into it, and that one is checked by its descriptor.
fn enter_base(base: &Path, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    let path = base.join("ob");
    enter(AT_FDCWD, &path.clone(), path, missing)
}

/// Opens the directory in a home of this user's. In another user's home nothing is created and no
/// link is followed.
fn in_home(home: PathBuf, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    let local = home.join(".local");
    let Some(home) = Step::home(home)? else {
        return match missing {
            Missing::Leave => Ok(None),
            Missing::Make => Err(PathError::Make(local, Errno::ENOENT)),
        };
    };
    let Some(local) = home.next(".local", missing)? else {
        return Ok(None);
    };
    let Some(state) = local.next("state", missing)? else {
        return Ok(None);
    };
    let mut place = state.into_own()?;
    for name in ["ob", "run", &host()] {
        let path = place.path.join(name);
        match enter(place.as_fd(), Path::new(name), path, missing)? {
            Some(next) => place = next,
            None => return Ok(None),
        }
    }
    Ok(Some(place))
}

fn absolute(environment: &Environment, name: &str) -> Option<PathBuf> {
    let path = Path::new(environment.raw(name)?);
    // Collecting the components removes a final slash, behind which `O_NOFOLLOW` would follow.
    path.is_absolute().then(|| path.components().collect())
}

#[cfg(test)]
mod tests;
