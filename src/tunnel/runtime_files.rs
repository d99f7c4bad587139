//! The files of a running tunnel, none of which holds anything: a lock, sockets, a named pipe, a mark for prompts.
//!
//! The profile goes through the pipe once. It is unlinked as soon as openvpn has opened it, so that a
//! SIGHUP, on which openvpn reads its configuration again, ends it instead. Both names are in a private
//! directory that is gone once openvpn has called.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::{Mode, umask};
use nix::unistd::mkfifo;

use super::private_dir::{self, PrivateDir};
use crate::link::SupervisorConnection;
use crate::ownership::with_private_umask;
use crate::report::{ErrorCode, Report};
use crate::secret::Secret;
use crate::tunnel::{Leftovers, control_socket, mark};

/// The longest path of a socket that every system takes.
const SUN_PATH: usize = 100;
/// Who cleans up holds the lock of a tunnel for a moment, and so does the kernel for a supervisor that was killed.
const MOMENT: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(10);
/// Where Linux shows network devices.
const DEVICES: &str = "/sys/class/net";

/// What a supervisor holds while it works.
#[derive(Debug)]
pub(super) struct RuntimeFiles {
    /// For the machine's tunnel: there is one at a time.
    _lock: Option<Flock<File>>,
    control: PathBuf,
    /// For the machine's tunnel: what a prompt tests.
    mark: Option<PathBuf>,
    own: Option<PrivateDir>,
    /// Where that is, or was.
    named: PathBuf,
}

/// The ends of it that are listened at.
pub(super) struct Listeners {
    pub(super) control: UnixListener,
    pub(super) management: UnixListener,
}

impl RuntimeFiles {
    pub(super) fn take(directory: &Path, private: bool) -> Result<(Self, Listeners), Report> {
        let lock = if private {
            None
        } else {
            Some(lock_for_a_tunnel(directory)?)
        };
        let own = PrivateDir::make(directory).map_err(|error| no_place(&error))?;
        let control = if private {
            own.path().join("s")
        } else {
            control_socket(directory)
        };
        let management = own.path().join("m");
        if management.as_os_str().len() > SUN_PATH {
            return Err(no_place(&"its path is too long for a socket")
                .hint("`export XDG_RUNTIME_DIR=/run/user/$(id -u)`"));
        }
        let pipe = own.path().join(private_dir::PIPE);
        with_private_umask(|| mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR))
            .map_err(|error| no_place(&error))?;
        let mark = (!private).then(|| mark(directory));
        // Whoever held the lock before us is gone, and with it everybody who listened here.
        for left in mark.iter().chain([&control]) {
            remove(left).map_err(|error| no_place(&error))?;
        }
        let listeners = Listeners {
            control: bind(&control).map_err(|error| no_place(&error))?,
            management: bind(&management).map_err(|error| no_place(&error))?,
        };
        let place = Self {
            _lock: lock,
            control,
            mark,
            named: own.path().to_owned(),
            own: Some(own),
        };
        Ok((place, listeners))
    }

    /// What is left of it when the supervisor is killed.
    pub(super) fn kept(&self, directory: &Path) -> Leftovers {
        Leftovers {
            directory: directory.to_owned(),
            own: self.named.clone(),
            private: self.mark.is_none(),
        }
    }

    pub(super) fn config(&self) -> PathBuf {
        self.named.join(private_dir::PIPE)
    }

    pub(super) fn management(&self) -> PathBuf {
        self.named.join("m")
    }

    pub(super) fn control(&self) -> &Path {
        &self.control
    }

    /// The tunnel is up, through `device`. Without its mark it is as good.
    pub(super) fn is_up(&self, device: Option<&str>) {
        self.is_not_up();
        if let Some(mark) = &self.mark {
            let shown = device
                .filter(|device| !device.contains('/'))
                .map(|device| Path::new(DEVICES).join(device))
                .filter(|device| device.exists());
            let _ = symlink(shown.as_deref().unwrap_or(Path::new(".")), mark);
        }
    }

    /// The tunnel is not up, or not at the moment.
    pub(super) fn is_not_up(&self) {
        if let Some(mark) = &self.mark {
            let _ = remove(mark);
        }
    }

    /// openvpn has called: nothing of the private directory is needed any more.
    pub(super) fn called(&mut self) {
        if self.control.starts_with(&self.named) {
            let _ = remove(&self.config());
            let _ = remove(&self.management());
        } else {
            self.own = None;
        }
    }
}

impl Drop for RuntimeFiles {
    fn drop(&mut self) {
        self.is_not_up();
        let _ = remove(&self.control);
    }
}

/// Writes `profile` to whoever opens `pipe`, once, and takes the name away. Blocks until somebody does.
pub(super) fn write_profile(pipe: &Path, profile: &Secret) -> io::Result<()> {
    let mut file = File::options().write(true).open(pipe)?;
    remove(pipe)?;
    file.write_all(profile.expose().as_bytes())
}

/// Removes the names of a supervisor that was killed. Its locks end with it, a moment after all it had open.
pub(super) fn clean_up_after(kept: &Leftovers) {
    within_a_moment(|| private_dir::remove_left(&kept.own));
    if !kept.private {
        within_a_moment(|| try_clean_up(&kept.directory));
    }
}

/// Removes the names of a supervisor that is gone without a word.
pub(super) fn clean_up(directory: &Path) {
    try_clean_up(directory);
}

/// Whether it could be done: where a supervisor lives the names are its own.
fn try_clean_up(directory: &Path) -> bool {
    let lock = lock(directory);
    if lock.is_ok() {
        let _ = remove(&control_socket(directory));
        let _ = remove(&mark(directory));
        private_dir::remove_all_left(directory);
    }
    lock.is_ok()
}

/// The lock of the machine's tunnel. Where somebody holds it for a moment only, that is waited for.
fn lock_for_a_tunnel(directory: &Path) -> Result<Flock<File>, Report> {
    let control = control_socket(directory);
    let mut locked = lock(directory);
    within_a_moment(|| {
        let is_held = locked
            .as_ref()
            .is_err_and(|report| report.code == ErrorCode::VpnAlreadyUp);
        if !is_held || !matches!(SupervisorConnection::connect(&control), Ok(None)) {
            return true;
        }
        locked = lock(directory);
        locked.is_ok()
    });
    locked
}

fn within_a_moment(mut done: impl FnMut() -> bool) {
    let until = Instant::now() + MOMENT;
    while !done() && Instant::now() < until {
        std::thread::sleep(STEP);
    }
}

fn lock(directory: &Path) -> Result<Flock<File>, Report> {
    let file = File::open(directory).map_err(|error| no_place(&error))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, error)| match error {
        nix::errno::Errno::EWOULDBLOCK => already_up(),
        error => no_place(&error),
    })
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

/// There is one tunnel of a user and machine at a time.
pub(super) fn already_up() -> Report {
    Report::new(ErrorCode::VpnAlreadyUp, "a tunnel is up, or on its way")
        .hint("`ob vpn status` shows it, `ob vpn down` takes it down")
}

fn no_place(why: &dyn std::fmt::Display) -> Report {
    Report::new(
        ErrorCode::VpnPlace,
        "there is no place for the tunnel's sockets",
    )
    .cause(why)
    .hint("`ls -ld $XDG_RUNTIME_DIR/ob` must show a directory of yours")
}
