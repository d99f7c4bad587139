//! Finding the agent, or starting it.
//!
//! The client binds the socket and passes it to the new agent. A connection is therefore never
//! refused, and the client need not poll until the agent listens.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{Mode, umask};

use crate::link::client::AgentConnection;
use crate::link::connect::connect_socket;
use crate::link::error::LinkError;
use crate::ownership::with_private_umask;
use crate::wire::build_id;

/// What an agent writes to the pipe once it serves.
pub const READY: &[u8] = b"+";
/// What an agent writes to the pipe if `ob` is of another build. Any other text is a reason in
/// words.
pub const OTHER_BUILD: &[u8] = b"!";
/// The socket's name in the runtime directory.
pub const SOCKET: &str = "agent.sock";
/// The name of the file that a client locks to start the agent, so that many clients start one.
pub const LOCK: &str = "lock";
/// Limit from fork to the ready byte. It takes milliseconds on a machine that is not overloaded.
const START_TIMEOUT: Duration = Duration::from_secs(10);
/// Another client holds the lock for one start at most.
const LOCK_TIMEOUT: Duration = Duration::from_secs(20);
/// Every system accepts paths of this length (macOS: 104 bytes with the final NUL).
const MAX_SOCKET_PATH_BYTES: usize = 100;

/// Starts the agent's program with a socket as its standard input, the given arguments and the
/// directory of the socket. Returns the process and the pipe to which it writes that it is ready.
pub type Starter = fn(OwnedFd, &[&str], Option<&Path>) -> Result<(Child, PipeReader), LinkError>;

/// Connects to the agent in `directory`; `None` if none runs.
///
/// # Errors
/// When another user serves the socket, or the agent does not accept.
pub fn connect(directory: &Path) -> Result<Option<AgentConnection>, LinkError> {
    let place = reachable(directory)?;
    connect_socket(&place.path)?
        .map(AgentConnection::new)
        .transpose()
}

/// Connects to the agent in `directory`, and starts it if none runs.
///
/// # Errors
/// As [`connect`], and when no agent can be started.
pub fn connect_or_start(directory: &Path, starter: Starter) -> Result<AgentConnection, LinkError> {
    if let Some(link) = connect(directory)? {
        return Ok(link);
    }
    let _lock = lock(directory)?;
    // The client that held the lock before may have started one.
    if let Some(link) = connect(directory)? {
        return Ok(link);
    }
    remove_if_present(&directory.join(SOCKET))?;
    let listener = bind(directory)?;
    start(starter, listener.into(), &["--detach"], Some(directory))?;
    connect(directory)?.ok_or_else(|| LinkError::NotReady("it ended at once".into()))
}

/// Removes the socket of an agent that does not answer: the agent notices, wipes its memory and
/// ends. Its process is not signalled, because the kernel reports only the process that made the
/// socket, which was a client.
///
/// # Errors
/// When the socket cannot be removed.
pub fn remove_socket(directory: &Path) -> Result<(), LinkError> {
    let _lock = lock(directory)?;
    Ok(remove_if_present(&directory.join(SOCKET))?)
}

fn remove_if_present(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Starts an agent for one conversation: it does not listen, and ends after the reply.
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
    let build = build_id();
    let arguments: Vec<&str> = ["--for", &build].iter().chain(arguments).copied().collect();
    let (mut child, ready) = starter(socket, &arguments, directory)?;
    let outcome = wait_ready(ready);
    if outcome.is_err() {
        // It may hang before its fork.
        let _ = child.kill();
    }
    // This is the process that forked the agent. The agent itself is a child of init.
    child.wait()?;
    outcome
}

/// Waits for the ready byte, or for the reason why the agent did not start.
fn wait_ready(mut ready: PipeReader) -> Result<(), LinkError> {
    let until = Instant::now() + START_TIMEOUT;
    let mut text = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let mut polled = [PollFd::new(ready.as_fd(), PollFlags::POLLIN)];
        match poll(&mut polled, timeout) {
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
            0 if text.is_empty() => return Err(LinkError::NotReady("it ended at once".into())),
            0 => {
                let why = String::from_utf8_lossy(&text).into_owned();
                return Err(LinkError::NotReady(why));
            }
            count if text.is_empty() && chunk[..count].starts_with(READY) => return Ok(()),
            count if text.is_empty() && chunk[..count].starts_with(OTHER_BUILD) => {
                return Err(LinkError::OtherBuild);
            }
            count => text.extend_from_slice(&chunk[..count]),
        }
    }
}

fn bind(directory: &Path) -> Result<UnixListener, LinkError> {
    let place = reachable(directory)?;
    let before = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(&place.path);
    umask(before);
    // As many connections may wait to be accepted as the system allows (`somaxconn`): std listens
    // with a backlog of -1.
    bound.map_err(|error| LinkError::NoPlace(directory.join(SOCKET), error))
}

fn lock(directory: &Path) -> Result<File, LinkError> {
    let path = directory.join(LOCK);
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = with_private_umask(|| options.open(&path))
        .map_err(|error| LinkError::NoPlace(path, error))?;
    let until = Instant::now() + LOCK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(LinkError::LockHeld),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// A path to the socket that fits into `sockaddr_un`, and the open directory that it may use.
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
    let open = File::open(directory)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", open.as_raw_fd()));
    Ok(Reachable {
        path,
        _directory: Some(open),
    })
}
