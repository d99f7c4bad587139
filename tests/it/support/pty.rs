//! A person at a terminal: a pty that is the controlling terminal of one command in a session of its own.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::run::DEADLINE;

pub(crate) struct Pty {
    child: Child,
    /// `None` once it has been hung up.
    screen: Option<File>,
    seen: Vec<u8>,
    /// How much of `seen` a test has looked at.
    read: usize,
}

impl Pty {
    /// Starts a command of [`super::TestEnv::command`] with the pty as its three standard streams.
    pub(crate) fn spawn(command: &Command) -> Self {
        let (screen, terminal) = pair();
        assert_eq!(
            command.get_program(),
            "setsid",
            "the command begins its own session"
        );
        let mut session = Command::new("setsid");
        session.arg("--ctty").args(command.get_args()).env_clear();
        session.envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        if let Some(directory) = command.get_current_dir() {
            session.current_dir(directory);
        }
        let side = || terminal.try_clone().unwrap();
        let child = session.stdin(side()).stdout(side()).stderr(side()).spawn();
        Self {
            child: child.unwrap(),
            screen: Some(screen),
            seen: Vec::new(),
            read: 0,
        }
    }

    /// Types.
    pub(crate) fn send(&mut self, keys: &str) {
        let screen = self.screen.as_mut().unwrap();
        screen.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads on until `pattern` appears and answers with what came since the last time, `pattern` included.
    ///
    /// # Panics
    /// With all that was seen, when it does not appear before the deadline or the command ends.
    pub(crate) fn until(&mut self, pattern: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let new = &self.seen[self.read..];
            let found = new
                .windows(pattern.len())
                .position(|bytes| bytes == pattern.as_bytes());
            if let Some(at) = found {
                let end = self.read + at + pattern.len();
                let text = String::from_utf8_lossy(&self.seen[self.read..end]).into_owned();
                self.read = end;
                return text;
            }
            assert!(
                self.look(deadline),
                "waited for {pattern:?} and saw {:?}",
                String::from_utf8_lossy(&self.seen)
            );
        }
    }

    /// Waits for the command's end; answers with how it ended and all that was not looked at yet.
    ///
    /// # Panics
    /// With all that was seen, when it does not end before the deadline.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "it did not end; saw {:?}",
                String::from_utf8_lossy(&self.seen)
            );
            if self.screen.is_none() || !self.look(Instant::now() + Duration::from_millis(20)) {
                thread::sleep(Duration::from_millis(5));
            }
        };
        // What was printed last is still in the pty.
        while self.screen.is_some() && self.look(Instant::now()) {}
        let rest = String::from_utf8_lossy(&self.seen[self.read..]).into_owned();
        self.read = self.seen.len();
        (status, rest)
    }

    /// The process that was started; after `ob exec` it is the command.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Pulls the plug: the terminal is gone.
    pub(crate) fn hang_up(&mut self) {
        self.screen = None;
    }

    /// Takes in what the screen shows next; `false` when nothing came before `deadline`, or nothing will.
    fn look(&mut self, deadline: Instant) -> bool {
        let screen = self.screen.as_mut().unwrap();
        let left = deadline.saturating_duration_since(Instant::now());
        let mut wait = [PollFd::new(screen.as_fd(), PollFlags::POLLIN)];
        if poll(&mut wait, PollTimeout::try_from(left).unwrap()) == Ok(0) {
            return false;
        }
        let mut chunk = [0; 4096];
        match screen.read(&mut chunk) {
            Ok(count) => {
                self.seen.extend_from_slice(&chunk[..count]);
                // A terminal that is asked where its cursor is says so; line editors wait for that.
                if chunk[..count].windows(4).any(|bytes| bytes == b"\x1b[6n") {
                    let _ = screen.write_all(b"\x1b[1;1R");
                }
                count > 0
            }
            Err(error) => error.kind() == ErrorKind::Interrupted,
        }
    }
}

/// Both ends of a new pty, wide enough that no line is broken, and a line's end is the one that was printed.
///
/// Not `openpty`: its descriptors would be handed on to what other tests start meanwhile.
fn pair() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let screen = posix_openpt(flags).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let mut terminal = File::options();
    terminal.read(true).write(true);
    terminal.custom_flags(OFlag::O_NOCTTY.bits());
    let terminal = terminal.open(ptsname_r(&screen).unwrap()).unwrap();
    let set = Command::new("stty")
        .args(["-onlcr", "rows", "50", "cols", "500"])
        .stdin(terminal.try_clone().unwrap())
        .status();
    assert!(set.unwrap().success());
    (OwnedFd::from(screen).into(), terminal)
}

impl Drop for Pty {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill(self.pid(), Signal::SIGKILL);
            let _ = self.child.wait();
        }
    }
}
