//! Where `ob` looks: the settings files and the directory of its agent.
//!
//! Paths come from the environment and are trusted only as far as they are checked. The runtime directory
//! holds the agent's socket: a directory of somebody else's there would be offered our password. So it is
//! opened without following links, judged by its descriptor, and refused as it is; nothing is repaired,
//! because what we would repair is not known to be ours. Nothing is ever looked up in the current directory.

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
/// When there is no place for one, what stands there is not a directory of ours that only we can enter, or the
/// home is another user's.
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

/// The path of [`runtime_dir`], whether it is there or not.
pub fn usual_runtime_dir(environment: &Environment) -> Option<PathBuf> {
    match absolute(environment, "XDG_RUNTIME_DIR").filter(|base| is_private(base)) {
        Some(base) => Some(base.join("ob")),
        None => home(environment).map(|home| home.join(".local/state/ob/run").join(host())),
    }
}

/// The runtime directories that a caller with other variables uses, as far as they are there: a program that
/// an IDE, cron or `su` starts lacks the `XDG_RUNTIME_DIR` of the login, or has it where the login had none.
///
/// These are `/run/user/UID/ob` and `~/.local/state/ob/run/HOST`, without the one that
/// [`existing_runtime_dir`] finds. What does not pass the same checks is left out.
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

/// Every runtime directory of the user's that is there, the one of this environment first.
pub fn existing_runtime_dirs(environment: &Environment) -> Vec<RuntimeDir> {
    let preferred = existing_runtime_dir(environment).ok().flatten();
    let others = other_runtime_dirs(environment);
    preferred.into_iter().chain(others).collect()
}

/// Where a login session has its runtime directory, whatever the variables say (`pam_systemd(8)`).
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

/// The base was looked at, not opened: another user who put another directory there in between could still not
/// put one of ours inside, and that one is judged by its descriptor.
fn enter_base(base: &Path, missing: Missing) -> Result<Option<RuntimeDir>, PathError> {
    let path = base.join("ob");
    enter(AT_FDCWD, &path.clone(), path, missing)
}

/// The directory in a home that belongs to this user: in another user's nothing is made and no link followed.
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
    // Collecting the components drops a slash at the end, behind which `O_NOFOLLOW` follows.
    path.is_absolute().then(|| path.components().collect())
}

#[cfg(test)]
mod tests;
