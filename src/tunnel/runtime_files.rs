//! The files of a running tunnel: a lock, sockets, a named pipe and a marker for prompts. None of
//! them holds data.
//!
//! The profile goes through the pipe once. The pipe is unlinked as soon as openvpn has opened it,
//! so that an openvpn that reads its configuration again, on SIGHUP, ends. Pipe and management
//! socket are in a private directory, which is removed once openvpn has connected.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::stat::{Mode, umask};
use nix::unistd::mkfifo;

use super::private_dir::{PIPE, PrivateDir, remove_all_stale, remove_stale};
use crate::link::SupervisorConnection;
use crate::ownership::with_private_umask;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;

/// The bytes of a socket's path that every system takes.
const MAX_SOCKET_PATH: usize = 100;
/// A cleanup holds the lock of a tunnel for a moment, and so does the kernel for a killed
/// supervisor.
const LOCK_TIMEOUT: Duration = Duration::from_secs(3);
const LOCK_RETRY: Duration = Duration::from_millis(10);
/// Where Linux shows network devices.
const DEVICES: &str = "/sys/class/net";

/// Returns where the supervisor of this machine's tunnel listens.
pub fn control_socket(directory: &Path) -> PathBuf {
    directory.join("vpn.sock")
}

/// Returns the path that exists while this machine's tunnel is up, for prompts to test. It is a
/// link to the tunnel's device where the system shows one: a device that is gone makes it dangle,
/// even if the supervisor was killed.
pub fn up_marker(directory: &Path) -> PathBuf {
    directory.join("vpn.up")
}

/// What a killed supervisor leaves behind.
#[derive(Clone, Debug)]
pub struct Leftovers {
    /// The runtime directory.
    pub directory: PathBuf,
    /// The supervisor's private directory in it.
    pub private_dir: PathBuf,
    /// The supervisor belongs to `ob vpn exec`: nothing else is left of it.
    pub is_private: bool,
}

/// The files of one supervisor, which are removed on drop.
#[derive(Debug)]
pub(super) struct RuntimeFiles {
    /// Held by the supervisor of this machine's one tunnel.
    _lock: Option<File>,
    control: PathBuf,
    /// `None` for a private supervisor.
    up_marker: Option<PathBuf>,
    private_dir: Option<PrivateDir>,
    /// The path of the private directory, also after its removal.
    private_path: PathBuf,
}

pub(super) struct Listeners {
    pub(super) control: UnixListener,
    pub(super) management: UnixListener,
}

impl RuntimeFiles {
    pub(super) fn create(directory: &Path, is_private: bool) -> Result<(Self, Listeners), Report> {
        let lock = match is_private {
            true => None,
            false => Some(lock_for_tunnel(directory)?),
        };
        let private_dir = PrivateDir::create(directory).map_err(|error| unusable(&error))?;
        let private_path = private_dir.path().to_owned();
        let control = match is_private {
            true => private_path.join("s"),
            false => control_socket(directory),
        };
        let management = private_path.join("m");
        if management.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(unusable(&"its path is too long for a socket")
                .hint("`export XDG_RUNTIME_DIR=/run/user/$(id -u)`"));
        }
        let pipe = private_path.join(PIPE);
        with_private_umask(|| mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR))
            .map_err(|error| unusable(&error))?;
        let up_marker = (!is_private).then(|| up_marker(directory));
        // The lock is ours, so these belong to a supervisor that is gone.
        for stale in up_marker.iter().chain([&control]) {
            remove(stale).map_err(|error| unusable(&error))?;
        }
        let listeners = Listeners {
            control: bind(&control).map_err(|error| unusable(&error))?,
            management: bind(&management).map_err(|error| unusable(&error))?,
        };
        let files = Self {
            _lock: lock,
            control,
            up_marker,
            private_dir: Some(private_dir),
            private_path,
        };
        Ok((files, listeners))
    }

    pub(super) fn leftovers(&self, directory: &Path) -> Leftovers {
        Leftovers {
            directory: directory.to_owned(),
            private_dir: self.private_path.clone(),
            is_private: self.up_marker.is_none(),
        }
    }

    pub(super) fn config(&self) -> PathBuf {
        self.private_path.join(PIPE)
    }

    pub(super) fn management(&self) -> PathBuf {
        self.private_path.join("m")
    }

    pub(super) fn control(&self) -> &Path {
        &self.control
    }

    /// Marks the tunnel as up through `device`. A failure is ignored: only prompts miss the marker.
    pub(super) fn mark_up(&self, device: Option<&str>) {
        self.mark_down();
        if let Some(marker) = &self.up_marker {
            let target = device
                .filter(|device| !device.contains('/'))
                .map(|device| Path::new(DEVICES).join(device))
                .filter(|device| device.exists());
            let _ = symlink(target.as_deref().unwrap_or(Path::new(".")), marker);
        }
    }

    pub(super) fn mark_down(&self) {
        if let Some(marker) = &self.up_marker {
            let _ = remove(marker);
        }
    }

    /// Removes what only a connecting openvpn needs.
    pub(super) fn openvpn_connected(&mut self) {
        if self.control.starts_with(&self.private_path) {
            let _ = remove(&self.config());
            let _ = remove(&self.management());
        } else {
            self.private_dir = None;
        }
    }
}

impl Drop for RuntimeFiles {
    fn drop(&mut self) {
        self.mark_down();
        let _ = remove(&self.control);
    }
}

/// Writes `profile` to the process that opens `pipe`, and unlinks the pipe. Blocks until a process
/// opens it.
pub(super) fn write_profile(pipe: &Path, profile: &Secret) -> io::Result<()> {
    let mut file = File::options().write(true).open(pipe)?;
    remove(pipe)?;
    file.write_all(profile.expose().as_bytes())
}

/// Removes the files of a supervisor that was killed. Its locks end a moment after its connections.
pub(super) fn clean_up_after(leftovers: &Leftovers) {
    retry_until_lock_timeout(|| remove_stale(&leftovers.private_dir));
    if !leftovers.is_private {
        retry_until_lock_timeout(|| clean_up(&leftovers.directory));
    }
}

/// Removes the files of supervisors that are gone. Returns `false` where one is still running.
pub fn clean_up(directory: &Path) -> bool {
    let lock = lock(directory);
    if lock.is_ok() {
        let _ = remove(&control_socket(directory));
        let _ = remove(&up_marker(directory));
        remove_all_stale(directory);
    }
    lock.is_ok()
}

/// Takes the lock of this machine's tunnel. Waits for a holder that does not serve clients.
fn lock_for_tunnel(directory: &Path) -> Result<File, Report> {
    let control = control_socket(directory);
    let mut locked = lock(directory);
    retry_until_lock_timeout(|| {
        let is_held = matches!(locked, Err(LockError::Held));
        if !is_held || !matches!(SupervisorConnection::connect(&control), Ok(None)) {
            return true;
        }
        locked = lock(directory);
        locked.is_ok()
    });
    locked.map_err(|error| match error {
        LockError::Held => already_up(),
        LockError::Failed(report) => report,
    })
}

fn retry_until_lock_timeout(mut is_done: impl FnMut() -> bool) {
    let until = Instant::now() + LOCK_TIMEOUT;
    while !is_done() && Instant::now() < until {
        std::thread::sleep(LOCK_RETRY);
    }
}

fn lock(directory: &Path) -> Result<File, LockError> {
    let file = File::open(directory).map_err(|error| LockError::Failed(unusable(&error)))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LockError::Held),
        Err(TryLockError::Error(error)) => Err(LockError::Failed(unusable(&error))),
    }
}

enum LockError {
    Held,
    Failed(Report),
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    let before = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(path);
    umask(before);
    bound
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Reports that a user has one tunnel at a time.
pub fn already_up() -> Report {
    Report::new(ErrorCode::VpnAlreadyUp, "a tunnel is up or being set up")
        .hint("`ob vpn status` shows it, `ob vpn down` takes it down")
}

fn unusable(why: &dyn std::fmt::Display) -> Report {
    Report::new(ErrorCode::VpnPlace, "cannot create the tunnel's sockets")
        .cause(why)
        .hint("`ls -ld $XDG_RUNTIME_DIR/ob` must show a directory of yours")
}
