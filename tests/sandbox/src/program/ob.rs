//! Finding the real `ob`: built from this workspace by the same cargo, into the same target
//! directory and profile as this program, unless one is named.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{failed, notice};

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
    notice("ob-sandbox: building ob (the first time takes a few minutes)");
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--bin", "ob", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(directory.parent().unwrap_or(directory));
    if profile != "debug" {
        command.arg("--profile").arg(profile);
    }
    // stdout belongs to the command that will be run.
    let output = command.stdin(std::process::Stdio::null()).output()?;
    if !output.status.success() {
        notice(String::from_utf8_lossy(&output.stderr).trim_end());
        return Err(failed("ob does not build".to_owned()));
    }
    Ok(directory.join("ob"))
}
