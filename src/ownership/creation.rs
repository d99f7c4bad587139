//! Creates files and directories with any umask.

use nix::sys::stat::{Mode, umask};

/// Runs `create` with a umask that excludes group and others and leaves the owner's rights.
///
/// With `umask 0177`, which scripts set for files with secrets, the owner could not enter a new
/// directory.
pub fn with_private_umask<T>(create: impl FnOnce() -> T) -> T {
    let before = umask(Mode::from_bits_truncate(0o077));
    let created = create();
    umask(before);
    created
}
