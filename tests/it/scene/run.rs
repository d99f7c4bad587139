//! Running a program to its end, with a deadline.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing a test runs takes longer, unless it hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// What happens at once, on a machine that other tests keep busy.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

impl Ended {
    /// The failure that `--json` reports.
    pub(crate) fn report(&self) -> Value {
        let line = self.stderr.lines().find(|line| line.starts_with('{'));
        line.and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default()
    }

    /// What it told the person, without the lines that say what takes longer than a second: on a busy machine
    /// anything may.
    pub(crate) fn told(&self) -> String {
        without_progress(&self.stderr)
    }

    /// The stable name of that failure.
    pub(crate) fn error(&self) -> String {
        self.report()["error"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

/// Runs `command`, writes `input` to it, waits for its end.
pub(crate) fn run(command: Command, input: &str) -> Ended {
    finish(start(command, input))
}

/// Starts `command` and writes `input` to it.
pub(crate) fn start(mut command: Command, input: &str) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that does not read is not thereby at fault.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child
}

/// Waits for the end of a child whose output is piped.
pub(crate) fn finish(mut child: Child) -> Ended {
    let started = Instant::now();
    let reader = |pipe: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.read_to_end(&mut bytes);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let stdout = reader(child.stdout.take().map(|pipe| Box::new(pipe) as _));
    let stderr = reader(child.stderr.take().map(|pipe| Box::new(pipe) as _));
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > DEADLINE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it hangs; it said: {}", stderr.join().unwrap());
        }
        thread::sleep(Duration::from_millis(3));
    };
    let took = started.elapsed();
    Ended {
        code: status.code(),
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
        took,
    }
}

/// What is told of a wait ends in dots, and nothing else does.
pub(crate) fn without_progress(told: &str) -> String {
    let lines = told.split_inclusive('\n');
    lines.filter(|line| !line.ends_with("…\n")).collect()
}

/// Waits until a client that was started with `-v` has been told what is being done: then it is one of those who
/// wait for it. Answers with what it was told.
pub(crate) fn joined(client: &mut Child) -> String {
    let stderr = client.stderr.as_mut().unwrap();
    let mut told = Vec::new();
    while told.last() != Some(&b'\n') {
        let mut byte = [0];
        stderr.read_exact(&mut byte).unwrap();
        told.extend(byte);
    }
    String::from_utf8(told).unwrap()
}

/// Looks until `holds`, at most for `time`; says whether it came to hold.
pub(crate) fn patiently(time: Duration, mut holds: impl FnMut() -> bool) -> bool {
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

/// The cases of a table. Their number is written beside it, so that `docs/security.md` can count the cases of a matrix,
/// and is checked by the compiler.
pub(crate) const fn counted<const N: usize, T>(cases: [T; N]) -> [T; N] {
    cases
}
