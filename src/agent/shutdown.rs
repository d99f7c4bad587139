//! The events that end the agent: a deadline, and the loss of its socket.

use std::fs::File;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
#[cfg(target_os = "linux")]
use tokio::io::unix::AsyncFd;
use tokio::time::sleep;

use crate::link::{LOCK, SOCKET};

/// Interval at which the socket is checked where inotify is not available.
const SOCKET_CHECK: Duration = Duration::from_secs(1);

/// Waits for `duration`, counting the time in suspend.
#[cfg(target_os = "linux")]
pub(super) async fn sleep_through_suspend(duration: Duration) {
    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
    let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, flags).and_then(|timer| {
        let end = Expiration::OneShot(TimeSpec::from_duration(duration));
        timer
            .set(end, TimerSetTimeFlags::empty())
            .map(|()| OwnedFd::from(timer))
    });
    match timer.map_err(io::Error::from).and_then(async_fd) {
        Ok(timer) => drop(timer.readable().await),
        // Out of descriptors. This clock stops in suspend; each use checks the expiry anyway.
        Err(_) => sleep(duration).await,
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) async fn sleep_through_suspend(duration: Duration) {
    sleep(duration).await;
}

#[cfg(target_os = "linux")]
#[expect(
    deprecated,
    reason = "its successor is unsafe, for types whose descriptor can change; OwnedFd's cannot"
)]
fn async_fd(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}

#[cfg(target_os = "linux")]
fn watch_directory(directory: &Path) -> io::Result<AsyncFd<OwnedFd>> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
    let changes = AddWatchFlags::IN_CREATE
        | AddWatchFlags::IN_DELETE
        | AddWatchFlags::IN_MOVE
        | AddWatchFlags::IN_DELETE_SELF
        | AddWatchFlags::IN_MOVE_SELF;
    inotify.add_watch(directory, changes)?;
    async_fd(OwnedFd::from(inotify))
}

/// The agent's socket, watched without wake-ups while nothing happens.
#[derive(Debug)]
pub(super) struct SocketWatch {
    directory: PathBuf,
    socket: PathBuf,
    inode: u64,
    /// `None` if the user has no inotify instance left (`fs.inotify.max_user_instances`), as
    /// happens beside editors and container tools.
    #[cfg(target_os = "linux")]
    events: Option<AsyncFd<OwnedFd>>,
}

impl SocketWatch {
    /// Starts to watch the socket in `directory`.
    ///
    /// # Errors
    /// When no directory was given, or the socket is not in it.
    pub(super) fn new(directory: Option<&Path>) -> io::Result<Self> {
        let directory = directory
            .ok_or_else(|| io::Error::other("no --directory was given"))?
            .to_owned();
        let socket = directory.join(SOCKET);
        #[cfg(target_os = "linux")]
        let events = watch_directory(&directory).ok();
        // Read after the watch is set, so that no change between the two is missed.
        let inode = std::fs::symlink_metadata(&socket)?.ino();
        Ok(Self {
            directory,
            socket,
            inode,
            #[cfg(target_os = "linux")]
            events,
        })
    }

    fn is_in_place(&self) -> bool {
        std::fs::symlink_metadata(&self.socket).is_ok_and(|found| found.ino() == self.inode)
    }

    /// Returns once clients can no longer reach the agent by its path.
    pub(super) async fn lost(&self) {
        while self.is_in_place() {
            self.changed().await;
        }
    }

    #[cfg(target_os = "linux")]
    async fn changed(&self) {
        let Some(events) = &self.events else {
            return sleep(SOCKET_CHECK).await;
        };
        match events.readable().await {
            Ok(mut ready) => {
                // The events are not parsed: the caller checks the socket itself.
                let mut bytes = [0; 4096];
                while nix::unistd::read(events.get_ref(), &mut bytes).is_ok_and(|n| n > 0) {}
                ready.clear_ready();
            }
            Err(_) => sleep(SOCKET_CHECK).await,
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn changed(&self) {
        sleep(SOCKET_CHECK).await;
    }

    /// Removes the socket, unless a client is starting an agent: that client removes it itself.
    pub(super) fn remove_socket(&self) {
        let lock = File::open(self.directory.join(LOCK));
        let is_locked = lock.as_ref().is_ok_and(|lock| lock.try_lock().is_ok());
        if is_locked && self.is_in_place() {
            let _ = std::fs::remove_file(&self.socket);
        }
    }
}
