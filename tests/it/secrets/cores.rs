//! Crashes under both ways in which a kernel passes a core dump on: into a file, and to a program
//! that ignores a core limit of 0.
//!
//! The pattern applies to the whole machine, so one test at a time holds it and restores it.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use ob_sandbox::{PushOutcome, PushScript};
use tempfile::TempDir;

use super::needles::Needles;
use super::{TYPED, needles, push_is_sent};
use crate::support::{SOON, TestEnv, counted, finish, holds_within, run, start};

const PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// How the kernel is set to pass cores on.
#[derive(Clone, Copy, Debug)]
enum Handler {
    File,
    Program,
}

/// Collects the machine's cores while it lives.
struct Cores {
    directory: TempDir,
    before: String,
    _alone: Flock<File>,
}

impl Cores {
    fn collect(handler: Handler) -> Self {
        assert!(
            geteuid().is_root(),
            "this test sets {PATTERN}: run it as root (`sudo tests/run`)"
        );
        let lock = File::open(PATTERN).unwrap();
        let alone = Flock::lock(lock, FlockArg::LockExclusive)
            .map_err(|(_, error)| error)
            .unwrap();
        let directory = tempfile::Builder::new()
            .prefix("ob-core-")
            .tempdir()
            .unwrap();
        fs::set_permissions(directory.path(), Permissions::from_mode(0o777)).unwrap();
        let place = directory.path().display();
        let pattern = match handler {
            Handler::File => format!("{place}/%p"),
            Handler::Program => {
                let program = directory.path().join("handler");
                let script = format!("#!/bin/sh\nexec cat >{place}/$1\n");
                fs::write(&program, script).unwrap();
                fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
                format!("|{place}/handler %p")
            }
        };
        let mut before = fs::read_to_string(PATTERN).unwrap();
        // A killed run could not restore the pattern; `core` is the kernel's default.
        if before.contains("/ob-core-") {
            before = "core".to_owned();
        }
        let cores = Self {
            directory,
            before,
            _alone: alone,
        };
        set_pattern(&pattern);
        cores
    }

    /// Returns the processes that left a core.
    fn processes(&self) -> BTreeSet<i32> {
        let entries = fs::read_dir(self.directory.path()).unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Whether a core holds one of `needles`.
    fn contain(&self, needles: &Needles) -> bool {
        self.processes().iter().any(|pid| {
            let core = fs::read(self.directory.path().join(pid.to_string())).unwrap();
            !needles.in_bytes(&core).is_empty()
        })
    }

    /// Crashes an unprotected program with a secret in its environment: its core must arrive, which
    /// shows that earlier ones would have.
    fn prove_that_cores_arrive(&self, handler: Handler) {
        let limit = match handler {
            Handler::File => "unlimited",
            Handler::Program => "0",
        };
        let mut crash = Command::new("sh");
        crash
            .args(["-c", &format!("ulimit -c {limit}; kill -SEGV $$")])
            .env("LEAK", TYPED);
        crash.status().unwrap();
        let typed = Needles::new([("typed".to_owned(), TYPED.to_owned())]);
        assert!(
            holds_within(Duration::from_secs(10), || self.contain(&typed)),
            "{handler:?}: the kernel passes no cores on here, so this proves nothing"
        );
    }
}

impl Drop for Cores {
    fn drop(&mut self) {
        set_pattern(&self.before);
    }
}

fn set_pattern(pattern: &str) {
    let mut file = File::options().write(true).open(PATTERN).unwrap();
    file.write_all(pattern.trim_end().as_bytes())
        .unwrap_or_else(|error| panic!("the kernel does not let {PATTERN} be set: {error}"));
}

/// Runs `ob` without a core limit.
fn unlimited(env: &TestEnv, words: &str) -> Command {
    let mut command = env.command("sh");
    command.args(["-c", &format!("ulimit -c unlimited; exec ob {words}")]);
    command
}

/// The first signal only removes the handler that Rust sets for stack overflows.
fn crash(pid: Pid, signal: Signal) {
    kill(pid, signal).unwrap();
    thread::sleep(Duration::from_millis(50));
    let _ = kill(pid, signal);
}

/// Crashes client and agent in the middle of a sign-in.
fn crash_sign_in(env: &TestEnv, signal: Signal) -> Vec<Pid> {
    env.sandbox.push(PushScript {
        outcome: PushOutcome::Never,
        ..PushScript::approve()
    });
    let login = start(unlimited(env, "login --password-stdin"), env.answers());
    assert!(holds_within(SOON, || push_is_sent(env)));
    let client = Pid::from_raw(i32::try_from(login.id()).unwrap());
    let agent = env.agents()[0];
    crash(client, signal);
    assert_eq!(finish(login).code(), None, "the client ended by itself");
    crash(agent, signal);
    assert!(env.agents_gone_within(SOON));
    vec![client, agent]
}

/// Crashes a command that was given credentials.
fn crash_command(env: &TestEnv, signal: Signal) -> Pid {
    let words = format!(
        "exec --password-stdin -- sh -c 'echo $$; kill -{} $$'",
        signal.as_str().trim_start_matches("SIG")
    );
    let ended = run(unlimited(env, &words), env.answers());
    let child = ended.stdout.trim().parse().expect(&ended.stderr);
    assert_eq!(ended.code(), None, "{}", ended.stderr);
    Pid::from_raw(child)
}

fn no_crash_leaves_a_core(handler: Handler) {
    for signal in counted::<2, _>([Signal::SIGSEGV, Signal::SIGABRT]) {
        let (env, other) = (
            TestEnv::of("dave").configured(),
            TestEnv::of("carol").configured(),
        );
        let cores = Cores::collect(handler);
        let mut crashed = crash_sign_in(&env, signal);
        crashed.push(crash_command(&other, signal));
        cores.prove_that_cores_arrive(handler);
        let dumped = cores.processes();
        for (process, pid) in ["client", "agent", "command"].iter().zip(crashed) {
            assert!(!dumped.contains(&pid.as_raw()), "{signal} of the {process}");
        }
        for env in counted::<2, _>([&env, &other]) {
            assert!(!cores.contain(&needles(env)), "{signal}");
        }
    }
}

#[test]
fn no_crash_leaves_a_core_in_a_file() {
    no_crash_leaves_a_core(Handler::File);
}

#[test]
fn no_crash_hands_a_core_to_a_program() {
    no_crash_leaves_a_core(Handler::Program);
}
