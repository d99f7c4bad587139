//! Runs programs to their end, and waits, both with one deadline.

use std::borrow::BorrowMut;
use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Limit of every wait. Only a test that fails needs as long, also on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(120);

/// Limit of what should follow at once, on a machine that other tests keep busy.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// How a program ended, and what it printed.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Finished {
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The error object that `--json` prints to standard error; null without one.
    pub(crate) fn report(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with('{'));
        line.and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default()
    }

    /// The error's name in [`Self::report`].
    pub(crate) fn error(&self) -> String {
        self.report()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Standard error without progress lines, which appear only on a slow machine.
    pub(crate) fn messages(&self) -> String {
        without_progress(&self.stderr)
    }
}

/// Runs a command with `input` on its standard input.
///
/// # Panics
/// When it does not end before the deadline; it is killed then.
pub(crate) fn run(command: impl BorrowMut<Command>, input: impl AsRef<[u8]>) -> Finished {
    finish(start(command, input))
}

/// Starts a command with `input` on its standard input, both outputs captured.
pub(crate) fn start(mut command: impl BorrowMut<Command>, input: impl AsRef<[u8]>) -> Child {
    let mut child = command
        .borrow_mut()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    // In a thread: a program that does not read its input must not block the test.
    thread::spawn(move || stdin.write_all(&input));
    child
}

/// Waits for the end of a child of [`start`].
///
/// # Panics
/// When it does not end before the deadline; it is killed then.
pub(crate) fn finish(child: Child) -> Finished {
    finish_within(child, DEADLINE)
}

/// [`finish`] with a deadline of `limit`.
pub(crate) fn finish_within(mut child: Child, limit: Duration) -> Finished {
    let started = Instant::now();
    let stdout = read_all(child.stdout.take());
    let stderr = read_all(child.stderr.take());
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "not ended within {limit:?}; it printed: {}",
                stderr.join().unwrap()
            );
        }
        thread::sleep(Duration::from_millis(3));
    };
    let took = started.elapsed();
    Finished {
        status,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        took,
    }
}

fn read_all(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a program of [`Command::output`] printed.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Removes progress lines, the only ones that end in an ellipsis.
pub(crate) fn without_progress(stderr: &str) -> String {
    let lines = stderr.split_inclusive('\n');
    lines.filter(|line| !line.ends_with("…\n")).collect()
}

/// Waits until a client that was started with `-v` prints its first line, which says that it waits
/// for the agent; returns that line.
pub(crate) fn joined(client: &mut Child) -> String {
    let stderr = client.stderr.as_mut().unwrap();
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let mut byte = [0];
        stderr.read_exact(&mut byte).unwrap();
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

/// Waits until `holds`.
///
/// # Panics
/// With `what` when it does not hold before the deadline.
pub(crate) fn eventually(what: &str, holds: impl FnMut() -> bool) {
    assert!(
        holds_within(DEADLINE, holds),
        "not within {DEADLINE:?}: {what}"
    );
}

/// Waits until `holds`, for `time` at most, and returns whether it did: for what must not happen,
/// or must happen in time.
pub(crate) fn holds_within(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + time;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Marks the cases of a table. The compiler checks their number, which `docs/security.md` shows.
pub(crate) const fn counted<const N: usize, T>(cases: [T; N]) -> [T; N] {
    cases
}
