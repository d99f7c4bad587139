//! The program that started this one: the shell in which `ob` was typed, as a rule.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// Returns the name of the program that started this one, where the kernel tells it (Linux). `$SHELL` names the
/// user's login shell, which may be another than the one that runs.
pub fn parent_program() -> Option<OsString> {
    let parent = std::os::unix::process::parent_id();
    let name = std::fs::read(format!("/proc/{parent}/comm")).ok()?;
    let name = name.strip_suffix(b"\n").unwrap_or(&name);
    Some(OsString::from_vec(name.to_vec()))
}
