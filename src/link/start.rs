//! Finding the agent, or starting it: the client binds the socket and hands it over, so there is no
//! moment in which a connection can be refused and nothing to poll for.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Backlog, listen};
use nix::sys::stat::{Mode, umask};

use crate::link::connect::connect_socket;
use crate::link::{AgentConnection, LOCK, LinkError, SOCKET};
use crate::ownership::with_private_umask;

/// From fork to the ready byte takes milliseconds; a machine on its knees gets this long.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// How many clients may knock at once; the kernel caps it at its own `somaxconn`.
const BACKLOG: i32 = 4096;
/// The longest socket path every system takes (macOS: 104 with the final NUL).
const MAX_SOCKET_PATH_BYTES: usize = 100;

/// What starts `ob agent run` with a socket as its standard input, the given arguments and the directory
/// of the socket; hands over the process and the pipe on which it says that it is ready.
pub type Starter = fn(OwnedFd, &[&str], Option<&Path>) -> io::Result<(Child, PipeReader)>;

/// The running agent in `directory`, or `None`.
///
/// # Errors
/// When something serves the socket that must not be talked to, or lets nobody in.
pub fn connect(directory: &Path) -> Result<Option<AgentConnection>, LinkError> {
    let place = reachable(directory)?;
    connect_socket(&place.path)?
        .map(AgentConnection::new)
        .transpose()
}

/// The running agent in `directory`, which is started if there is none.
///
/// # Errors
/// When there is none and none can be started.
pub fn connect_or_start(directory: &Path, starter: Starter) -> Result<AgentConnection, LinkError> {
    if let Some(link) = connect(directory)? {
        return Ok(link);
    }
    let _lock = lock(directory)?;
    // Whoever held the lock before us has started one meanwhile.
    if let Some(link) = connect(directory)? {
        return Ok(link);
    }
    let socket = directory.join(SOCKET);
    match std::fs::remove_file(&socket) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let listener = bind(directory)?;
    start(starter, listener.into(), &["--detach"], Some(directory))?;
    connect(directory)?.ok_or_else(|| LinkError::NotReady("it ended at once".into()))
}

/// Takes the socket away from an agent that cannot be spoken to: it notices, wipes what it holds and ends.
/// Its process is not signalled, because the kernel only knows who made the socket, and that was a client.
///
/// # Errors
/// When the socket cannot be removed.
pub fn remove_socket(directory: &Path) -> Result<(), LinkError> {
    let _lock = lock(directory)?;
    match std::fs::remove_file(directory.join(SOCKET)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// An agent of this one conversation: never listening, gone with the reply.
///
/// # Errors
/// When it cannot be started.
pub fn start_private(starter: Starter) -> Result<AgentConnection, LinkError> {
    let (ours, theirs) = UnixStream::pair()?;
    start(starter, theirs.into(), &["--private", "--detach"], None)?;
    AgentConnection::new(ours)
}

fn start(
    starter: Starter,
    socket: OwnedFd,
    arguments: &[&str],
    directory: Option<&Path>,
) -> Result<(), LinkError> {
    let (mut child, ready) = starter(socket, arguments, directory).map_err(LinkError::NoProcess)?;
    let said = wait_ready(ready);
    if said.is_err() {
        // It may hang before its fork, and nobody is to wait for that.
        let _ = child.kill();
    }
    // The agent itself went to init; this was the process that forked it, and it is over.
    child.wait()?;
    said
}

/// Waits for the ready byte, or for the reason why there is none.
fn wait_ready(mut ready: PipeReader) -> Result<(), LinkError> {
    let until = Instant::now() + START_TIMEOUT;
    let mut said = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        match poll(
            &mut [PollFd::new(ready.as_fd(), PollFlags::POLLIN)],
            timeout,
        ) {
            Err(nix::errno::Errno::EINTR) => continue,
            Err(errno) => return Err(io::Error::from(errno).into()),
            Ok(0) => {
                let why = format!("no sign of life in {} seconds", START_TIMEOUT.as_secs());
                return Err(LinkError::NotReady(why));
            }
            Ok(_) => {}
        }
        let mut chunk = [0; 512];
        match ready.read(&mut chunk)? {
            0 if said.is_empty() => return Err(LinkError::NotReady("it ended at once".into())),
            0 => {
                return Err(LinkError::NotReady(
                    String::from_utf8_lossy(&said).into_owned(),
                ));
            }
            count if said.is_empty() && chunk[..count].starts_with(b"+") => return Ok(()),
            count => said.extend_from_slice(&chunk[..count]),
        }
    }
}

fn bind(directory: &Path) -> Result<UnixListener, LinkError> {
    let place = reachable(directory)?;
    let before = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(&place.path);
    umask(before);
    let listener = bound.map_err(|error| LinkError::NoPlace(directory.join(SOCKET), error))?;
    let backlog = Backlog::new(BACKLOG).map_err(io::Error::from)?;
    listen(&listener, backlog).map_err(io::Error::from)?;
    Ok(listener)
}

fn lock(directory: &Path) -> Result<Flock<File>, LinkError> {
    let path = directory.join(LOCK);
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode_0600();
    let mut file = with_private_umask(|| options.open(&path))
        .map_err(|error| LinkError::NoPlace(path, error))?;
    let until = Instant::now() + START_TIMEOUT + START_TIMEOUT;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((back, nix::errno::Errno::EWOULDBLOCK)) if Instant::now() < until => {
                file = back;
                std::thread::sleep(Duration::from_millis(5));
            }
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => return Err(LinkError::LockHeld),
            Err((_, errno)) => return Err(io::Error::from(errno).into()),
        }
    }
}

/// A path to the socket that fits into `sockaddr_un`, and the directory it may lead through.
struct Reachable {
    path: PathBuf,
    _directory: Option<File>,
}

fn reachable(directory: &Path) -> io::Result<Reachable> {
    let path = directory.join(SOCKET);
    if path.as_os_str().len() <= MAX_SOCKET_PATH_BYTES || !cfg!(target_os = "linux") {
        return Ok(Reachable {
            path,
            _directory: None,
        });
    }
    use std::os::fd::AsRawFd;
    let open = File::open(directory)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd()));
    Ok(Reachable {
        path,
        _directory: Some(open),
    })
}

trait Private {
    fn mode_0600(&mut self) -> &mut Self;
}

impl Private for std::fs::OpenOptions {
    fn mode_0600(&mut self) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::mode(self, 0o600)
    }
}
