//! Making files and directories whatever the umask is.

use nix::sys::stat::{Mode, umask};

/// Runs `create` with a umask that keeps group and others out and takes nothing from the owner.
///
/// With `umask 0177`, which scripts set for files that hold secrets, a new directory could not be entered by its
/// own maker, and would stay so.
pub fn with_private_umask<T>(create: impl FnOnce() -> T) -> T {
    let before = umask(Mode::from_bits_truncate(0o077));
    let created = create();
    umask(before);
    created
}
