//! The socket that a process of the tunnel was started with, as its standard input.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::SockType;

/// Returns a second descriptor of standard input.
pub(super) fn duplicate() -> io::Result<OwnedFd> {
    #[expect(
        clippy::disallowed_methods,
        reason = "for the descriptor; nothing is read through it"
    )]
    io::stdin().as_fd().try_clone_to_owned()
}

/// Writes to the socket without a further descriptor. A process that was started by hand has none,
/// and writes nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "for the descriptor; nothing is read through it"
)]
pub(super) fn write_to_socket(bytes: &[u8]) {
    if getsockopt(&io::stdin(), SockType).is_ok() {
        let _ = nix::unistd::write(io::stdin(), bytes);
    }
}
