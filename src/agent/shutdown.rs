//! When the agent's time is over: its socket is gone or no longer its own, or nobody has needed it.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
#[cfg(target_os = "linux")]
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
#[cfg(target_os = "linux")]
use tokio::io::unix::AsyncFd;

/// Lets `seconds` pass, those that the machine sleeps included.
#[cfg(target_os = "linux")]
pub(super) async fn seconds(seconds: i64) {
    use nix::sys::time::{TimeSpec, TimeValLike};
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
    let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags).and_then(|timer| {
        let end = Expiration::OneShot(TimeSpec::seconds(seconds));
        timer
            .set(end, TimerSetTimeFlags::empty())
            .map(|()| OwnedFd::from(timer))
    });
    match timer.map_err(io::Error::from).and_then(watched) {
        Ok(timer) => drop(timer.readable().await),
        // Out of descriptors: a clock that stops in suspend is better than none; each use looks itself.
        Err(_) => tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await,
    }
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "its successor is unsafe for types that could lie about their descriptor; OwnedFd cannot"
)]
fn watched(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

#[cfg(not(target_os = "linux"))]
pub(super) async fn seconds(seconds: i64) {
    tokio::time::sleep(Duration::from_secs(seconds.unsigned_abs())).await;
}

/// What happens in `directory`.
#[cfg(target_os = "linux")]
fn events(directory: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let changes = AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF;
    inotify.add_watch(directory, changes)?;
    watched(OwnedFd::from(inotify))
}

/// The agent's own socket, watched without waking up while nothing happens.
#[derive(Debug)]
pub(super) struct Watch {
    directory: PathBuf,
    socket: PathBuf,
    inode: u64,
    /// None where the user has no inotify instance left (`fs.inotify.max_user_instances`): editors and container
    /// tools use them up. The socket is then looked at every second.
    #[cfg(target_os = "linux")]
    events: Option<AsyncFd<OwnedFd>>,
}

impl Watch {
    /// # Errors
    /// When the socket is not where it should be or cannot be watched.
    pub(super) fn new(directory: Option<&Path>) -> io::Result<Self> {
        let directory = directory
            .ok_or_else(|| io::Error::other("no --directory was given"))?
            .to_owned();
        let socket = directory.join(crate::link::SOCKET);
        #[cfg(target_os = "linux")]
        let events = events(&directory).ok();
        // Looked at after the watch is set, so that no change can fall between the two.
        let inode = std::fs::symlink_metadata(&socket)?.ino();
        Ok(Self {
            directory,
            socket,
            inode,
            #[cfg(target_os = "linux")]
            events,
        })
    }

    fn is_ours(&self) -> bool {
        std::fs::symlink_metadata(&self.socket).is_ok_and(|found| found.ino() == self.inode)
    }

    /// Returns once nobody can reach the agent by its path any more.
    #[cfg(target_os = "linux")]
    pub(super) async fn lost(&self) {
        while self.is_ours() {
            let Some(events) = &self.events else {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            };
            match events.readable().await {
                Ok(mut ready) => {
                    // What happened does not matter: the socket itself is looked at.
                    let mut bytes = [0; 4096];
                    while nix::unistd::read(events.get_ref(), &mut bytes).is_ok_and(|n| n > 0) {}
                    ready.clear_ready();
                }
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) async fn lost(&self) {
        while self.is_ours() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Takes the socket away, unless a starter is at work, who takes it away himself.
    pub(super) fn clean_up(&self) {
        let lock = File::open(self.directory.join("lock"))
            .map(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock));
        if matches!(lock, Ok(Ok(_))) && self.is_ours() {
            let _ = std::fs::remove_file(&self.socket);
        }
    }
}
