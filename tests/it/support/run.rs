//! Running to the end, with a deadline: a test that hangs says what it waited for instead.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far more than anything here takes on a loaded machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// Runs `command` with `input` on its standard input, both outputs captured.
///
/// # Panics
/// When it does not end before the deadline; it is killed then.
pub(crate) fn run(command: &mut Command, input: impl AsRef<[u8]>) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let id = Pid::from_raw(child.id().try_into().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    let input = input.as_ref().to_owned();
    // A command that does not read must not hold up the test, so somebody else writes.
    thread::spawn(move || stdin.write_all(&input));
    let (done, ended) = channel();
    thread::spawn(move || done.send(child.wait_with_output()));
    ended.recv_timeout(DEADLINE).map_or_else(
        |_| {
            let _ = kill(id, Signal::SIGKILL);
            panic!("{command:?} did not end within {DEADLINE:?}")
        },
        |output| output.unwrap(),
    )
}

/// What was printed, as text.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Waits until `holds`.
///
/// # Panics
/// With `what` when it does not hold before `limit`.
pub(crate) fn eventually(what: &str, limit: Duration, holds: impl Fn() -> bool) {
    let until = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < until, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
