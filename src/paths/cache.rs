//! The cache of names: `$XDG_CACHE_HOME/ob`, else `~/.cache/ob`. It is optional: on any error
//! nothing is cached.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::{Missing, RuntimeDir, Step, enter, make};
use super::{absolute, home};
use crate::model::Environment;
use crate::ownership::{check_owners, is_own};

/// Returns the directory and creates it if it is missing.
pub fn cache_dir(environment: &Environment) -> Option<RuntimeDir> {
    find(environment, Missing::Make)
}

/// Returns the existing directory.
pub fn existing_cache_dir(environment: &Environment) -> Option<RuntimeDir> {
    find(environment, Missing::Leave)
}

fn find(environment: &Environment, missing: Missing) -> Option<RuntimeDir> {
    let top = match absolute(environment, "XDG_CACHE_HOME") {
        Some(top) => {
            // Nothing is created in another user's directory, or through another user's link.
            check_owners(&top, home(environment).as_deref()).ok()?;
            if missing == Missing::Make {
                make(AT_FDCWD, &top, &top).ok()?;
            }
            Step::home(top)
        }
        None => Step::home(home(environment)?)
            .ok()??
            .next(".cache", missing),
    };
    let top = top.ok()??.into_own().ok()?;
    let path = top.path.join("ob");
    enter(top.as_fd(), Path::new("ob"), path, missing).ok()?
}

impl RuntimeDir {
    /// Returns the text of the file `name` if it is the user's own, private, and has at most `max`
    /// bytes.
    pub fn text(&self, name: &str, max: u64) -> Option<String> {
        let how = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let opened = openat(self, name, how, Mode::empty()).ok()?;
        let stat = fstat(&opened).ok()?;
        let is_file = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG;
        let ours = is_own(stat.st_uid) && stat.st_mode & 0o077 == 0;
        let size = u64::try_from(stat.st_size).ok()?;
        if !is_file || !ours || size > max {
            return None;
        }
        let mut text = String::new();
        let read = File::from(opened).take(max).read_to_string(&mut text);
        read.ok().map(|_| text)
    }

    /// Removes the file `name`. Returns whether it existed.
    pub fn remove(&self, name: &str) -> bool {
        let removed = unlinkat(self.as_fd(), name, UnlinkatFlags::NoRemoveDir);
        matches!(removed, Ok(()) | Err(Errno::ENOENT))
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_text_is_kept_for_its_owner_alone_and_nothing_else_is_read() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), Permissions::from_mode(0o755)).unwrap();
        let environment = [("HOME", base.path())].into_iter().collect();
        assert!(existing_cache_dir(&environment).is_none());
        let kept = cache_dir(&environment).unwrap();
        kept.put("roles", "text").unwrap();
        let path = base.path().join(".cache/ob/roles");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&path), mode(kept.path())), (0o600, 0o700));
        let kept = existing_cache_dir(&environment).unwrap();
        assert_eq!(kept.text("roles", 4).as_deref(), Some("text"));
        assert_eq!(kept.text("roles", 3), None);
        assert_eq!(kept.text("other", 9), None);
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(kept.text("roles", 9), None);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        symlink("roles", kept.path().join("link")).unwrap();
        assert_eq!(kept.text("link", 9), None);
        assert!(kept.remove("roles") && kept.remove("roles") && !path.exists());
    }

    #[test]
    fn a_place_that_others_could_write_to_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        let environment = [("XDG_CACHE_HOME", base.path())].into_iter().collect();
        fs::set_permissions(base.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(cache_dir(&environment).is_none());
        fs::set_permissions(base.path(), Permissions::from_mode(0o700)).unwrap();
        fs::create_dir(base.path().join("ob")).unwrap();
        fs::set_permissions(base.path().join("ob"), Permissions::from_mode(0o755)).unwrap();
        assert!(cache_dir(&environment).is_none());
        let relative = [("XDG_CACHE_HOME", "x")].into_iter().collect();
        assert!(cache_dir(&relative).is_none());
    }
}
