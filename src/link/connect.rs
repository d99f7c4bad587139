//! Connecting to a socket of this machine within a bounded time.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::SendTimeout;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, setsockopt, socket};
use nix::sys::time::{TimeVal, TimeValLike as _};

use crate::link::error::LinkError;

/// Limit of a connect and of each later write: a working listener accepts and reads at once.
pub(super) const SOCKET_SEND_TIMEOUT: Duration = Duration::from_secs(5);

#[cfg(target_os = "linux")]
const CLOSED_ON_EXEC: SockFlag = SockFlag::SOCK_CLOEXEC;
#[cfg(not(target_os = "linux"))]
const CLOSED_ON_EXEC: SockFlag = SockFlag::empty();

/// Waits at most `timeout` for something to read. Returns whether there is something.
///
/// # Errors
/// When the socket cannot be polled.
pub(super) fn wait_readable(stream: &UnixStream, timeout: Duration) -> Result<bool, LinkError> {
    let timeout = PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX);
    let mut polled = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
    match poll(&mut polled, timeout) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(LinkError::Io(errno.into())),
    }
}

/// Connects to the listener at `path`; `None` if there is none.
///
/// nix is used because std sets no send timeout before the connect. A listener that has stopped
/// does not accept, and once its queue is full connect(2) waits; the send timeout bounds that
/// (unix(7)).
///
/// # Errors
/// [`LinkError::QueueFull`] if the listener does not accept. Also when the process is out of
/// descriptors.
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
    let timeout = TimeVal::seconds(SOCKET_SEND_TIMEOUT.as_secs().cast_signed());
    setsockopt(&stream, SendTimeout, &timeout).map_err(io::Error::from)?;
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
