//! Connecting to a socket of this machine, not for ever.

use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::sockopt::SendTimeout;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, setsockopt, socket};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::link::client::LinkError;

/// To be let in, and to be rid of what is written later: a listener that is alive takes callers and words at once.
pub(super) const SOCKET_SEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Whoever listens at `path`; `None` when nobody does.
///
/// A listener that has stopped takes no callers, and with its queue full the kernel would have us wait for it for
/// as long as it is stopped (unix(7): the send timeout bounds that).
///
/// # Errors
/// When the listener lets nobody in, or the process is out of descriptors.
pub(super) fn connect_socket(path: &Path) -> Result<Option<UnixStream>, LinkError> {
    let address = UnixAddr::new(path).map_err(io::Error::from)?;
    let stream = socket(AddressFamily::Unix, SockType::Stream, CLOSED_ON_EXEC, None)
        .map_err(io::Error::from)?;
    #[cfg(not(target_os = "linux"))]
    nix::fcntl::fcntl(
        &stream,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )
    .map_err(io::Error::from)?;
    let patience = TimeVal::seconds(SOCKET_SEND_TIMEOUT.as_secs().cast_signed());
    setsockopt(&stream, SendTimeout, &patience).map_err(io::Error::from)?;
    loop {
        match connect(stream.as_raw_fd(), &address) {
            Ok(()) => return Ok(Some(stream.into())),
            Err(Errno::EINTR) => {}
            Err(Errno::ENOENT | Errno::ECONNREFUSED) => return Ok(None),
            Err(Errno::EAGAIN) => return Err(LinkError::QueueFull),
            Err(errno) => return Err(io::Error::from(errno).into()),
        }
    }
}

#[cfg(target_os = "linux")]
const CLOSED_ON_EXEC: SockFlag = SockFlag::SOCK_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const CLOSED_ON_EXEC: SockFlag = SockFlag::empty();
