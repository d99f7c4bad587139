//! A machine's private key, read by the client for the agent, which can open no file.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use nix::sys::statvfs::{FsFlags, fstatvfs};
use nix::unistd::geteuid;

use super::file_error::FileError;
use super::org::MachineTarget;
use super::settings::Settings;
use super::trusted_file::open_trusted;
use crate::model::Environment;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// Most bytes that are read of a key; an RSA key of 8192 bits has 6 KiB.
const MAX_KEY_BYTES: u64 = 16 << 10;

impl Settings {
    /// Returns the names of all variables that hold a machine's private key, whichever org is
    /// selected.
    pub fn private_key_variables(&self) -> impl Iterator<Item = String> {
        let is_named =
            |key: &str| key.starts_with("org") && key.rsplit('.').next() == Some("private_key_env");
        self.iter()
            .filter(move |(key, ..)| is_named(key))
            .map(|(_, value, ..)| value.to_string())
    }
}

/// Reads the key of `private_key_env`, else of `private_key_file`.
///
/// # Errors
/// When neither is set, the variable is unset, empty or not UTF-8, or the file cannot be read, is
/// not UTF-8, or can be read or replaced by others.
pub fn read_private_key(
    machine: &MachineTarget,
    environment: &Environment,
) -> Result<Secret, Report> {
    let missing = || Report::new(ErrorCode::ConfigPrivateKey, "there is no private key");
    if let Some(name) = &machine.private_key_env {
        let value = environment.raw(name).and_then(|value| value.to_str());
        return value.map(Secret::new).ok_or_else(|| {
            missing()
                .cause(format!(
                    "the variable {name} is not set, is empty, or is not UTF-8"
                ))
                .hint(format!(
                    "set `{name}`, or name a file with `private_key_file`"
                ))
        });
    }
    let Some(path) = &machine.private_key_file else {
        return Err(missing().hint("set `private_key_file` or `private_key_env` in [org]"));
    };
    let failed = |error: FileError| error.at("private_key_file", path);
    let file = open_private(path, environment).map_err(failed)?;
    let mut text = String::new();
    file.take(MAX_KEY_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.into()))?;
    Ok(Secret::new(text))
}

/// Checks the file of `private_key_file` without reading the key. Without the setting or the file
/// there is nothing to check.
///
/// # Errors
/// When it cannot be opened, or others could read or replace it.
pub fn check_private_key(machine: &MachineTarget, environment: &Environment) -> Result<(), Report> {
    match &machine.private_key_file {
        Some(path) if machine.private_key_env.is_none() => match open_private(path, environment) {
            // The settings may be checked on another machine than the one that signs in.
            Err(FileError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            opened => opened
                .map(drop)
                .map_err(|error| error.at("private_key_file", path)),
        },
        _ => Ok(()),
    }
}

/// Opens a file that holds a secret. Beyond the checks of settings, group and others must have no
/// access, as ssh demands.
///
/// A group may read a file of root's: root has no other way to give a key to a service's user, and
/// systemd's credentials (mode 0440 with an access list) look the same.
fn open_private(path: &Path, environment: &Environment) -> Result<File, FileError> {
    let (file, metadata) = open_trusted(path, environment)?;
    let is_given_by_root = metadata.uid() == 0 && !geteuid().is_root();
    let forbidden = if is_given_by_root { 0o037 } else { 0o077 };
    if metadata.mode() & forbidden == 0 {
        return Ok(file);
    }
    let mode = metadata.mode() & 0o7777;
    let is_read_only =
        fstatvfs(&file).is_ok_and(|mounted| mounted.flags().contains(FsFlags::ST_RDONLY));
    Err(match is_given_by_root || is_read_only {
        true => FileError::GivenToOthers(mode),
        false => FileError::NotPrivate(mode),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    fn read(path: &Path) -> Result<Secret, Report> {
        let machine = MachineTarget {
            private_key_file: Some(path.to_owned()),
            ..MachineTarget::default()
        };
        let home = path.parent().unwrap().to_owned();
        let environment = [("HOME", home)].into_iter().collect();
        let read = read_private_key(&machine, &environment);
        let checked = check_private_key(&machine, &environment);
        assert_eq!(
            checked.err().map(|report| report.name().to_owned()),
            read.as_ref().err().map(|report| report.name().to_owned())
        );
        read
    }

    #[test]
    fn a_key_that_others_can_reach_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key.pem");
        let link = directory.path().join("link.pem");
        fs::write(&path, "key").unwrap();
        symlink(&path, &link).unwrap();
        let set = |mode| fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        for mode in [0o600, 0o400, 0o700] {
            set(mode);
            assert_eq!(read(&path).unwrap().expose(), "key");
            assert_eq!(read(&link).unwrap().expose(), "key");
        }
        for mode in [
            0o666, 0o644, 0o640, 0o604, 0o610, 0o601, 0o440, 0o444, 0o620,
        ] {
            set(mode);
            for path in [&path, &link] {
                let refused = read(path).unwrap_err();
                let named = ["config.not-private", "config.writable"];
                assert!(named.contains(&refused.name()), "{mode:o}");
                let shown = format!("{mode:04o}");
                assert!(refused.causes[0].contains(&shown), "{:?}", refused.causes);
                assert!(refused.hints[0].contains("chmod"), "{:?}", refused.hints);
            }
        }
        set(0o600);
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        assert_eq!(read(&path).unwrap_err().name(), "config.writable");
        fs::set_permissions(directory.path(), Permissions::from_mode(0o700)).unwrap();
        if geteuid().is_root() {
            chown(&path, Some(12_345), None).unwrap();
            assert_eq!(read(&path).unwrap_err().name(), "config.foreign");
        }
    }
}
