//! A machine's private key: read by the client, kept by the agent, which can open no file.

use std::io::Read as _;

use super::error::FileError;
use super::file::open_regular;
use super::{MachineTarget, Settings};
use crate::model::Environment;
use crate::report::{Exit, Report};
use crate::secret::Secret;

/// An RSA key of 8192 bits has 6 KiB.
const LARGEST: u64 = 16 << 10;

impl Settings {
    /// Returns the names of all variables that hold a machine's private key, whichever org is selected.
    pub fn private_key_variables(&self) -> impl Iterator<Item = String> {
        let is_named =
            |key: &str| key.starts_with("org") && key.rsplit('.').next() == Some("private_key_env");
        self.iter()
            .filter(move |(key, ..)| is_named(key))
            .map(|(_, value, _)| value.to_string())
    }
}

/// The key of `private_key_env`, else of `private_key_file`.
///
/// # Errors
/// When neither is set, or what is named cannot be read.
pub fn read_private_key(
    machine: &MachineTarget,
    environment: &Environment,
) -> Result<Secret, Report> {
    let none = || Report::new(Exit::Usage, "config.private-key", "there is no private key");
    if let Some(name) = &machine.private_key_env {
        let value = environment.raw(name).and_then(|value| value.to_str());
        return value.map(Secret::new).ok_or_else(|| {
            none()
                .cause(format!("the variable {name} is not set, or is no text"))
                .hint(format!(
                    "set `{name}`, or name a file with `private_key_file`"
                ))
        });
    }
    let Some(path) = &machine.private_key_file else {
        return Err(none().hint("set `private_key_file` or `private_key_env` in [org]"));
    };
    let failed = |error: FileError| error.at("private_key_file", path);
    let (file, _) = open_regular(path).map_err(failed)?;
    let mut text = String::new();
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.into()))?;
    Ok(Secret::new(text))
}
