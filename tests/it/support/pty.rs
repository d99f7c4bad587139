//! A pty that is the controlling terminal of one command in its own session.
//!
//! A thread reads the screen all the time, as a terminal does: queries of line editors are answered
//! while the test does something else, and a command never blocks on a full pty.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use super::run::DEADLINE;

/// Queries of line editors and their answers. Without an answer nushell gives up after two seconds,
/// and fish 4 complains.
const QUERIES: [(&[u8], &[u8]); 3] = [
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[c", b"\x1b[?6c"),
    (b"\x1b[0c", b"\x1b[?6c"),
];

/// Interval of polling where there is no notification.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

pub(crate) struct Pty {
    child: Child,
    /// `None` once it has been hung up.
    screen: Option<Screen>,
    seen: Arc<Output>,
    /// How much of the output a test has read.
    read: usize,
}

/// The master side of the pty and its reader; both end with the value.
struct Screen {
    keys: File,
    /// The reader ends when this is closed.
    until: Option<PipeWriter>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Output {
    text: Mutex<Text>,
    changed: Condvar,
}

#[derive(Default)]
struct Text {
    bytes: Vec<u8>,
    /// How much of it contains no unanswered query.
    answered: usize,
    /// No more output will come.
    ended: bool,
}

impl Output {
    fn text(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap()
    }

    /// Waits for more output, for `time` at most.
    fn wait<'a>(&self, text: MutexGuard<'a, Text>, time: Duration) -> MutexGuard<'a, Text> {
        self.changed.wait_timeout(text, time).unwrap().0
    }

    /// Reads the screen until it ends or `until` is closed.
    fn read(&self, mut screen: File, until: &PipeReader) {
        while ready(&screen, until) {
            let mut chunk = [0; 4096];
            // Locked first: a test must not miss output that has been read but not stored.
            let mut text = self.text();
            match screen.read(&mut chunk) {
                Ok(count) if count > 0 => {
                    text.bytes.extend_from_slice(&chunk[..count]);
                    let _ = screen.write_all(&text.answers());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => break,
            }
            self.changed.notify_all();
        }
        self.text().ended = true;
        self.changed.notify_all();
    }
}

impl Text {
    /// Returns the answers to the queries received, also to a query received in two parts.
    fn answers(&mut self) -> Vec<u8> {
        let mut answers = Vec::new();
        while self.answered < self.bytes.len() {
            let rest = &self.bytes[self.answered..];
            if let Some((question, answer)) = QUERIES.iter().find(|(q, _)| rest.starts_with(q)) {
                answers.extend_from_slice(answer);
                self.answered += question.len();
            } else if QUERIES
                .iter()
                .any(|(question, _)| question.starts_with(rest))
            {
                break;
            } else {
                self.answered += 1;
            }
        }
        answers
    }
}

/// Waits for output; `false` when the reader is to end.
fn ready(screen: &File, until: &PipeReader) -> bool {
    let mut ends = [screen.as_fd(), until.as_fd()].map(|end| PollFd::new(end, PollFlags::POLLIN));
    let _ = poll(&mut ends, PollTimeout::NONE);
    ends[1].any() != Some(true)
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.until = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
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
        let (until, end) = pipe().unwrap();
        let seen = Arc::new(Output::default());
        let (keys, reading) = (screen.try_clone().unwrap(), Arc::clone(&seen));
        let reader = thread::spawn(move || reading.read(screen, &until));
        Self {
            child: child.unwrap(),
            screen: Some(Screen {
                keys,
                until: Some(end),
                reader: Some(reader),
            }),
            seen,
            read: 0,
        }
    }

    /// Types keys.
    pub(crate) fn send(&mut self, keys: &str) {
        let screen = self.screen.as_mut().unwrap();
        screen.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal echoes what is typed.
    pub(crate) fn echoes(&self) -> bool {
        let screen = self.screen.as_ref().unwrap();
        let settings = tcgetattr(&screen.keys).unwrap();
        settings.local_flags.contains(LocalFlags::ECHO)
    }

    /// Reads on until `pattern` appears; returns the output since the last call, `pattern`
    /// included.
    ///
    /// # Panics
    /// With all output so far, when it does not appear before the deadline or the command ends.
    pub(crate) fn until(&mut self, pattern: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        let mut text = self.seen.text();
        loop {
            let found = text.bytes[self.read..]
                .windows(pattern.len())
                .position(|bytes| bytes == pattern.as_bytes());
            if let Some(at) = found {
                let end = self.read + at + pattern.len();
                let new = String::from_utf8_lossy(&text.bytes[self.read..end]).into_owned();
                self.read = end;
                return new;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if text.ended || left.is_zero() {
                let seen = String::from_utf8_lossy(&text.bytes).into_owned();
                drop(text);
                panic!("waited for {pattern:?} and saw {seen:?}");
            }
            text = self.seen.wait(text, left);
        }
    }

    /// Waits for the command's end; returns its status and the output that was not read yet.
    ///
    /// # Panics
    /// With all output so far, when it does not end before the deadline.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(
                Instant::now() < deadline,
                "it did not end; saw {:?}",
                String::from_utf8_lossy(&self.seen.text().bytes).into_owned()
            );
            thread::sleep(POLL_INTERVAL);
        };
        // The last output may still be in the pty.
        let mut text = self.seen.text();
        while !text.ended && self.screen.as_ref().is_some_and(Screen::has_more) {
            text = self.seen.wait(text, POLL_INTERVAL);
        }
        let rest = String::from_utf8_lossy(&text.bytes[self.read..]).into_owned();
        self.read = text.bytes.len();
        (status, rest)
    }

    /// The process that was started; after `ob exec` it is the command.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Closes the terminal, as when its window is closed.
    pub(crate) fn hang_up(&mut self) {
        self.screen = None;
    }
}

impl Screen {
    /// Whether there is output that was not read yet.
    fn has_more(&self) -> bool {
        let mut wait = [PollFd::new(self.keys.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut wait, PollTimeout::ZERO);
        wait[0]
            .revents()
            .is_some_and(|events| events.contains(PollFlags::POLLIN))
    }
}

/// Opens both ends of a pty that is wide enough to break no line and does not translate line ends.
///
/// Not `openpty`: other tests' children would inherit its descriptors.
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

#[test]
fn terminal_queries_are_answered_in_the_background() {
    let env = super::TestEnv::new();
    // In two parts, as on a busy machine.
    let asking = "stty raw -echo; printf '\\33['; sleep 0.1; printf 6n; \
                  head -c 6 >answer; mv answer answered";
    let _pty = Pty::spawn(env.command("sh").args(["-c", asking]));
    let answered = env.path("home/answered");
    super::eventually("the answer is there", || answered.exists());
    assert_eq!(std::fs::read(answered).unwrap(), b"\x1b[1;1R");
}

/// Returns the QR code of `address` as a terminal gets it: white blocks on black, line by line.
pub(crate) fn qr_code_on_terminal(address: &str) -> String {
    let code = QrCode::new(address).unwrap();
    let (light, dark) = (Dense1x2::Dark, Dense1x2::Light);
    let square = code.render().light_color(light).dark_color(dark).build();
    square
        .lines()
        .map(|line| format!("\u{1b}[97;40m{line}\u{1b}[0m\n"))
        .collect()
}
