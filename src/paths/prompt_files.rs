//! Files in the runtime directory that shells read: what `ob shell` starts them with, and when a
//! profile's credentials expire. They hold no secret, and `ob` does not read them.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::directory::{Missing, RuntimeDir, enter};
use super::error::PathError;
use crate::ownership::with_private_umask;
use crate::report::Report;

impl RuntimeDir {
    /// Opens a directory in this one and creates it if it is missing.
    ///
    /// # Errors
    /// When it cannot be created, or the existing one is not the user's.
    pub fn below(self, name: &str) -> Result<Self, Report> {
        let path = self.path.join(name);
        let made = enter(self.as_fd(), name.as_ref(), path.clone(), Missing::Make)?;
        Ok(made.ok_or(PathError::Open(path, Errno::ENOENT))?)
    }

    /// Writes `text` to the file `name` atomically.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn put(&self, name: &str, text: &str) -> Result<PathBuf, Report> {
        let path = self.path.join(name);
        let put = || -> Result<(), Errno> {
            let new = format!(".{name}.{}", std::process::id());
            // Left by a killed process that had the same number.
            let _ = unlinkat(self.as_fd(), new.as_str(), UnlinkatFlags::NoRemoveDir);
            let how = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
            let mode = Mode::S_IRUSR | Mode::S_IWUSR;
            let made = with_private_umask(|| openat(self, new.as_str(), how, mode))?;
            let written = File::from(made).write_all(text.as_bytes());
            written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))?;
            renameat(self, new.as_str(), self, name)
        };
        put().map_err(|errno| PathError::Make(path.clone(), errno))?;
        Ok(path)
    }

    /// As [`Self::put`], but only if the file exists.
    pub fn put_again(&self, name: &str, text: &str) {
        if self.path.join(name).symlink_metadata().is_ok() {
            let _ = self.put(name, text);
        }
    }

    /// Overwrites the file `name` with a text of the same length, if it exists. It is one write, so
    /// a reader gets the old text or the new one.
    pub fn replace(&self, name: &str, text: &str) {
        let how = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        if let Ok(file) = openat(self, name, how, Mode::empty()) {
            let _ = File::from(file).write_all(text.as_bytes());
        }
    }
}

/// Returns the name of the file that holds the expiry of `profile`'s credentials.
pub fn expiry_file(profile: &str) -> String {
    const MAX_NAME_CHARS: usize = 120;
    let mut name = "until-".to_owned();
    for byte in profile.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            name.push(byte.into());
        } else {
            name += &format!("%{byte:02x}");
        }
    }
    if name.len() > MAX_NAME_CHARS {
        // Long names are told apart by a digest (FNV-1a).
        let digest = profile
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        name.truncate(MAX_NAME_CHARS);
        name += &format!("-{digest:016x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::runtime_dir;
    use super::*;

    #[test]
    fn a_text_is_put_whole_and_replaced_only_where_it_is() {
        let base = tempfile::tempdir().unwrap();
        fs::set_permissions(base.path(), Permissions::from_mode(0o700)).unwrap();
        let environment = [("XDG_RUNTIME_DIR", base.path())].into_iter().collect();
        let directory = runtime_dir(&environment).unwrap();
        directory.replace("until-dev", "1\n");
        assert!(!base.path().join("ob/until-dev").exists());
        for text in ["1795309375\n", "1795309376\n"] {
            let path = directory.put("until-dev", text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o7777, 0o600);
        }
        directory.replace("until-dev", "1795309377\n");
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 1);
        let below = directory.below("shell").unwrap();
        assert_eq!(below.path(), base.path().join("ob/shell"));
    }

    #[test]
    fn every_profile_has_a_plain_file_name_of_its_own() {
        assert_eq!(expiry_file("dev"), "until-dev");
        assert_eq!(expiry_file("../a b"), "until-%2e%2e%2fa%20b");
        let (long, other) = ("x".repeat(10_240), "x".repeat(10_241));
        assert!(expiry_file(&long).len() < 200);
        assert_ne!(expiry_file(&long), expiry_file(&other));
    }
}
