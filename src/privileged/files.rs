//! The caller's directory: opened with the caller's rights, checked by descriptor, read with limits
//! of size and time.

use std::fmt::Display;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat};
use nix::unistd::{Uid, read};

use super::refusal::Refusal;

/// Maximum of a socket's path on Linux.
const MAX_SOCKET_PATH: usize = 107;
/// The supervisor writes the profile as soon as the pipe is opened.
const PROFILE_TIMEOUT: Duration = Duration::from_secs(10);

/// Checks that `directory` is private to `owner` and holds the socket `m`; returns the content of
/// its pipe `p`.
///
/// Called with the rights of `owner`, so that nothing else is opened. openvpn connects to the
/// socket later, as that user, so replacing the socket gains nothing.
pub(super) fn read_profile(directory: &Path, owner: Uid, max: usize) -> Result<Vec<u8>, Refusal> {
    let text = directory.to_string_lossy();
    if !directory.is_absolute() || text.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return Err(Refusal::new("directory.path", "it is not an absolute path"));
    }
    if directory.as_os_str().len() + "/m".len() > MAX_SOCKET_PATH {
        return Err(Refusal::new(
            "directory.path",
            "it is too long for a socket",
        ));
    }
    let flags = OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let opened = open(
        directory,
        flags | OFlag::O_DIRECTORY | OFlag::O_RDONLY,
        Mode::empty(),
    )
    .map_err(|error| about("directory.open", directory, error.desc()))?;
    let found = fstat(&opened).map_err(|error| about("directory.open", directory, error.desc()))?;
    check_is_own(&found, owner, SFlag::S_IFDIR)
        .map_err(|why| about("directory.owner", directory, why))?;
    let path = directory.join("m");
    let socket = fstatat(&opened, "m", AtFlags::AT_SYMLINK_NOFOLLOW)
        .map_err(|error| about("socket.missing", &path, error.desc()))?;
    check_is_own(&socket, owner, SFlag::S_IFSOCK)
        .map_err(|why| about("socket.owner", &path, why))?;
    let path = directory.join("p");
    let pipe = openat(
        &opened,
        "p",
        flags | OFlag::O_RDONLY | OFlag::O_NONBLOCK,
        Mode::empty(),
    )
    .map_err(|error| about("profile.open", &path, error.desc()))?;
    let found = fstat(&pipe).map_err(|error| about("profile.open", &path, error.desc()))?;
    check_is_own(&found, owner, SFlag::S_IFIFO)
        .map_err(|why| about("profile.owner", &path, why))?;
    read_bounded(&pipe, max, PROFILE_TIMEOUT).map_err(|error| about("profile.read", &path, error))
}

fn about(name: &'static str, path: &Path, why: impl Display) -> Refusal {
    Refusal::new(name, format!("{}: {why}", path.display()))
}

fn check_is_own(found: &FileStat, owner: Uid, kind: SFlag) -> Result<(), &'static str> {
    let kind_found = SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT;
    if kind_found != kind {
        return Err("it is another kind of file");
    }
    if found.st_uid != owner.as_raw() {
        return Err("it belongs to another user");
    }
    if found.st_mode & 0o077 != 0 {
        return Err("other users may access it");
    }
    Ok(())
}

/// Reads to the end: at most `max` bytes, within `limit`.
pub(super) fn read_bounded(source: &impl AsFd, max: usize, limit: Duration) -> io::Result<Vec<u8>> {
    let until = Instant::now() + limit;
    let mut bytes = Vec::with_capacity(max + 1);
    let mut chunk = [0; 16 * 1024];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        // Rounded up, because a rest below one millisecond would loop.
        let left = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        let mut wanted = [PollFd::new(source.as_fd(), PollFlags::POLLIN)];
        match poll(&mut wanted, left) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "its end did not come in time",
                ));
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        if Instant::now() > until {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "its end did not come in time",
            ));
        }
        match read(source.as_fd(), &mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(count) if bytes.len() + count > max => {
                let why = format!("it is larger than {max} bytes");
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
            Ok(count) => bytes.extend(chunk.iter().take(count)),
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
