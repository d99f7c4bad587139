//! A pty with a program on it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;

use super::{ABORTED, KIND};

pub(super) struct Pty {
    child: Child,
    pub(super) master: File,
    slave: OwnedFd,
    output: Receiver<u8>,
    pub(super) seen: String,
    /// What stood before the last expected text.
    pub(super) line: String,
    pub(super) directory: tempfile::TempDir,
}

impl Pty {
    pub(super) fn asking(kind: &str, term: &str) -> Self {
        Self::run(kind, term, &[])
    }

    /// `before` is what starts the program, if it is not the session's first.
    pub(super) fn run(kind: &str, term: &str, before: &[&str]) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let directory = tempfile::tempdir().unwrap();
        // Resets signals that the test runner ignores, as `nohup` and a shell's `&` do.
        let child = Command::new("env")
            .args(["--default-signal", "setsid", "--ctty"])
            .args(before)
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "terminal::pty_tests::prompting_program",
                "--nocapture",
            ])
            .env(KIND, kind)
            .env(ABORTED, directory.path().join("aborted"))
            .env("TERM", term)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let master = File::from(pty.master);
        let mut reader = master.try_clone().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut byte = [0];
            while reader.read_exact(&mut byte).is_ok() && sender.send(byte[0]).is_ok() {}
        });
        Self {
            child,
            master,
            slave: pty.slave,
            output,
            seen: String::new(),
            line: String::new(),
            directory,
        }
    }

    pub(super) fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.seen.contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(byte) => self.seen.push(char::from(byte)),
                Err(_) => panic!("no {text:?} in {:?}", self.seen),
            }
        }
        let at = self.seen.find(text).unwrap();
        let rest = self.seen.split_off(at + text.len());
        self.line = std::mem::replace(&mut self.seen, rest);
        self.line.truncate(at);
    }

    /// The process that asks, which says so before it does.
    pub(super) fn pid(&mut self) -> Pid {
        self.expect("pid=");
        self.expect("\n");
        Pid::from_raw(self.line.trim().parse().unwrap())
    }

    pub(super) fn send(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    pub(super) fn echoes(&self) -> bool {
        tcgetattr(&self.slave)
            .unwrap()
            .local_flags
            .contains(LocalFlags::ECHO)
    }

    pub(super) fn signal(&self, signal: i32) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        kill(pid, Signal::try_from(signal).unwrap()).unwrap();
    }

    /// The signal that ended the program.
    pub(super) fn ended_by(&mut self) -> Option<i32> {
        status_of(&mut self.child).signal()
    }

    pub(super) fn was_aborted(&self) -> bool {
        self.directory.path().join("aborted").exists()
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How `child` ended; it is killed if it does not.
pub(super) fn status_of(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > deadline {
            let _ = child.kill();
            let _ = child.wait();
            panic!("it never ended");
        }
        thread::sleep(Duration::from_millis(5));
    }
}
