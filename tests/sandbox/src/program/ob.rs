//! Finding the real `ob`: built from this workspace by the same cargo, into the same target
//! directory and profile as this program, unless one is named.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::{failed, notice};

/// A build that takes longer is announced.
const ANNOUNCE_AFTER: Duration = Duration::from_secs(1);

/// The `ob` to run, built if need be.
pub(super) fn find(named: Option<PathBuf>) -> io::Result<PathBuf> {
    match named {
        Some(file) => file
            .canonicalize()
            .map_err(|error| failed(format!("there is no `ob` at {}: {error}", file.display()))),
        None => build(),
    }
}

fn build() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let directory = program.parent().unwrap_or(Path::new("."));
    let profile = directory.file_name().unwrap_or_default().to_os_string();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let mut command = Command::new(cargo);
    // The variables of the cargo that runs this program would have libraries built anew.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_outer_cargo(name)) {
        command.env_remove(name);
    }
    command
        .args([
            "build",
            "--quiet",
            "--bins",
            "--package",
            "ob",
            "--manifest-path",
        ])
        .arg(manifest)
        .arg("--target-dir")
        .arg(directory.parent().unwrap_or(directory));
    if profile != "debug" {
        command.arg("--profile").arg(profile);
    }
    // stdout belongs to the command that will be run.
    command.stdin(Stdio::null());
    let (ended, outcome) = channel();
    std::thread::spawn(move || ended.send(command.output()));
    let output = match outcome.recv_timeout(ANNOUNCE_AFTER) {
        Ok(output) => output?,
        Err(_) => {
            notice("ob-sandbox: building ob (the first time takes a few minutes)");
            outcome.recv().map_err(io::Error::other)??
        }
    };
    if !output.status.success() {
        notice(String::from_utf8_lossy(&output.stderr).trim_end());
        return Err(failed("ob does not build".to_owned()));
    }
    Ok(directory.join("ob"))
}

/// Whether cargo sets the variable for a program that it runs.
fn is_of_outer_cargo(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    let prefixes = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    name == "LD_LIBRARY_PATH"
        || name == "CARGO_PRIMARY_PACKAGE"
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_variables_of_a_run_are_removed() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "LD_LIBRARY_PATH"] {
            assert!(is_of_outer_cargo(OsStr::new(name)), "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO",
            "PATH",
            "RUSTUP_HOME",
        ] {
            assert!(!is_of_outer_cargo(OsStr::new(name)), "{name}");
        }
    }
}
