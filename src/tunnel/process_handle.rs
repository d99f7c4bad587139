//! Waiting for a process that need not be a child of ours.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

/// tokio's `AsyncFd` would wait without polling, but cannot be made without `unsafe`.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// A process; on Linux 5.3 and later by a pidfd, which never means a later process of the same id.
#[derive(Debug)]
pub(super) struct ProcessHandle {
    pid: Pid,
    #[cfg(target_os = "linux")]
    fd: Option<std::os::fd::OwnedFd>,
}

impl ProcessHandle {
    pub(super) fn open(pid: i32) -> Self {
        Self {
            pid: Pid::from_raw(pid),
            #[cfg(target_os = "linux")]
            fd: open_pidfd(pid),
        }
    }

    pub(super) fn kill(&self) {
        #[cfg(target_os = "linux")]
        if let Some(fd) = &self.fd {
            let _ = rustix::process::pidfd_send_signal(fd, rustix::process::Signal::KILL);
            return;
        }
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    /// Returns whether the process has exited. On a pidfd a zombie has.
    fn has_exited(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(fd) = &self.fd {
            use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
            use std::os::fd::AsFd as _;

            let mut pidfd = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
            return poll(&mut pidfd, PollTimeout::ZERO) == Ok(1);
        }
        kill(self.pid, None).is_err()
    }

    /// Waits at most `limit`; returns whether the process has exited.
    pub(super) async fn wait(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while !self.has_exited() {
            if Instant::now() >= until {
                return false;
            }
            sleep(POLL_INTERVAL).await;
        }
        true
    }

    /// Waits until the process has exited, kills it after `limit`, and waits as long again.
    pub(super) async fn wait_or_kill(&self, limit: Duration) {
        if !self.wait(limit).await {
            self.kill();
            self.wait(limit).await;
        }
    }
}

#[cfg(target_os = "linux")]
fn open_pidfd(pid: i32) -> Option<std::os::fd::OwnedFd> {
    use rustix::process::{Pid, PidfdFlags, pidfd_open};

    pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a process to wait for")]
    #[expect(clippy::unwrap_used, reason = "a test")]
    fn sleeping_child() -> std::process::Child {
        let child = std::process::Command::new("sleep").arg("60").spawn();
        child.unwrap()
    }

    #[test]
    fn process_that_does_not_exit_is_killed() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut child = sleeping_child();
            let pid = i32::try_from(child.id()).unwrap();
            let handle = ProcessHandle::open(pid);
            assert!(!handle.wait(Duration::from_millis(20)).await);
            handle.wait_or_kill(Duration::from_millis(20)).await;
            assert!(!child.wait().unwrap().success());
            let gone = ProcessHandle::open(pid);
            assert!(gone.wait(Duration::from_secs(20)).await);
        });
    }
}
