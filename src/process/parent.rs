//! The program that started this one, usually the shell.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// Returns the name of the parent's program, on Linux. `$SHELL` may name another shell than the
/// running one.
pub fn parent_program() -> Option<OsString> {
    let parent = std::os::unix::process::parent_id();
    let name = std::fs::read(format!("/proc/{parent}/comm")).ok()?;
    let name = name.strip_suffix(b"\n").unwrap_or(&name);
    Some(OsString::from_vec(name.to_vec()))
}
