//! Which terminal this is.

use std::fs::OpenOptions;

use nix::unistd::getsid;

/// The session that the controlling terminal belongs to: the same for everything that is run there, another in the
/// next window. `None` without a terminal to ask at.
pub fn terminal_session() -> Option<i32> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    getsid(None).ok().map(nix::unistd::Pid::as_raw)
}
