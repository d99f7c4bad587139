//! System calls that fail, by strace's hand, and an agent that is killed wherever it is: a check that cannot be made is a
//! no, a barrier that cannot be put up is told.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{Fault, FaultKind, Server};

use super::{ANSWERED, COMMAND, Failure, in_shell, quiet, ran, runs, shell};
use crate::support::{Finished, SOON, TestEnv, counted, finish, holds_within, start};

/// Runs a script under strace, which has these calls fail in every process of it.
fn with_failing(env: &TestEnv, inject: &str, script: &str) -> Finished {
    let inject = format!("inject={inject}");
    in_shell(
        env,
        &[
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &inject,
            "sh",
            "-c",
            script,
        ],
    )
}

#[test]
fn a_client_that_cannot_tell_whose_agent_it_is_says_no_byte_to_it() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    for errno in counted::<3, _>(["EPERM", "EBADF", "ENOPROTOOPT"]) {
        let script = format!("ob exec --json {COMMAND}");
        let inject = format!("getsockopt:error={errno}");
        let ended = with_failing(&env, &inject, &script);
        let expected = Failure(4, "agent.foreign", "served by another user");
        failed_with_a_look(&env, &ended, &expected, errno);
    }
}

/// As [`failed`], for a remedy that is not typed.
fn failed_with_a_look(env: &TestEnv, ended: &Finished, expected: &Failure, case: &str) {
    let Failure(exit, error, says) = expected;
    let told = format!("{case}: {}", ended.stderr);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(*exit), *error),
        "{told}"
    );
    assert!(ended.stderr.contains(says), "{told}");
    assert!(
        !ended.report()["hints"].as_array().unwrap().is_empty(),
        "{told}"
    );
    assert_eq!((&*ended.stdout, runs(env)), ("", 0), "{told}");
    quiet(env, ended, case);
}

#[test]
fn an_agent_that_cannot_tell_whose_client_it_is_answers_nobody() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let agent = env.agent().unwrap();
    let mut strace = Command::new("strace");
    strace.args([
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=getsockopt:error=EPERM",
        "-p",
    ]);
    let mut strace: Child = strace
        .arg(agent.to_string())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let traced = || {
        let status = std::fs::read_to_string(format!("/proc/{agent}/status")).unwrap();
        !status.contains("TracerPid:\t0")
    };
    assert!(holds_within(SOON, traced));
    assert_eq!(env.agent(), None, "it answers nobody");
    kill(
        nix::unistd::Pid::from_raw(strace.id().cast_signed()),
        Signal::SIGTERM,
    )
    .unwrap();
    strace.wait().unwrap();
    assert_eq!(
        env.agent(),
        Some(agent),
        "and everybody again when it can tell"
    );
}

#[test]
fn without_landlock_or_seccomp_it_works_and_says_so() {
    for (call, errno, says) in counted::<5, _>([
        (
            "landlock_create_ruleset",
            "ENOSYS",
            "partly confined by the kernel (seccomp, no Landlock)",
        ),
        (
            "landlock_create_ruleset",
            "EOPNOTSUPP",
            "partly confined by the kernel (seccomp, no Landlock)",
        ),
        ("seccomp", "EINVAL", ", no seccomp)"),
        ("seccomp", "EPERM", ", no seccomp)"),
        (
            "landlock_create_ruleset,seccomp",
            "ENOSYS",
            "not confined by the kernel",
        ),
    ]) {
        let env = TestEnv::of("carol").configured();
        let inject = format!("{call}:error={errno}");
        // strace waits for the agent as well.
        let script = format!(
            "ob exec {ANSWERED} {COMMAND}; code=$?; ob status --json >$TMPDIR/status; \
             ob status >$TMPDIR/words; ob agent stop 2>/dev/null; exit $code"
        );
        ran(&env, &with_failing(&env, &inject, &script), call);
        let said = |name: &str| std::fs::read_to_string(env.path(name)).unwrap();
        let status: serde_json::Value = serde_json::from_str(&said("tmp/status")).unwrap();
        assert_eq!(status["agent"]["confined"], false, "{status}");
        let words = said("tmp/words");
        assert!(words.contains(says), "{call}: {words}");
    }
}

#[test]
fn where_the_kernel_lets_nobody_hide_nothing_is_begun() {
    for call in counted::<2, _>(["prctl", "prlimit64"]) {
        let env = TestEnv::of("carol").configured();
        let inject = format!("{call}:error=EPERM");
        let ended = with_failing(&env, &inject, &format!("ob exec {ANSWERED} {COMMAND}"));
        assert_eq!(
            (ended.code(), &*ended.stdout, runs(&env)),
            (Some(1), "", 0),
            "{}",
            ended.stderr
        );
        assert!(
            ended
                .stderr
                .contains("cannot keep this process from being read"),
            "{}",
            ended.stderr
        );
        assert!(env.agents().is_empty());
        assert!(env.sandbox.log().is_empty(), "nothing was said to anybody");
    }
}

/// A path that the org or STS is asked at each step of a cold `ob exec`.
const STEP: [(&str, Server, &str); 5] = [
    (
        "asking the org",
        Server::Org,
        "/.well-known/okta-organization",
    ),
    ("the password", Server::Org, "/api/v1/authn"),
    ("the tiles", Server::Org, "/api/v1/users/me"),
    ("the page", Server::Org, "/home/"),
    ("STS", Server::Sts, "AssumeRoleWithSAML"),
];

#[test]
fn an_agent_killed_at_any_step_leaves_no_command_run_twice_and_no_client_waiting() {
    for (case, server, path) in counted::<5, _>(STEP) {
        let env = TestEnv::of("carol").configured();
        let lines = env.full_settings();
        let asks = lines
            .lines()
            .filter(|line| !line.starts_with("app =") && !line.starts_with("sign_in"));
        env.write_settings(&asks.collect::<Vec<_>>().join("\n"));
        let fault = match server {
            Server::Sts => Fault::sts(path, FaultKind::Hang),
            _ => Fault::org(path, FaultKind::Hang),
        };
        env.sandbox.fault(fault);
        let mut command = env.command("sh");
        command.args(["-c", &format!("exec ob exec {ANSWERED} {COMMAND}")]);
        command.env("RAN", super::trace(&env));
        let client = start(command, &env.answers());
        let asked = || match server {
            Server::Sts => !env.sandbox.sts_calls(path).is_empty(),
            _ => !env.sandbox.requests(Server::Org, path).is_empty(),
        };
        assert!(holds_within(SOON, asked), "{case}: never asked");
        thread::sleep(Duration::from_millis(20));
        kill(env.agents()[0], Signal::SIGKILL).unwrap();
        let killed = Instant::now();
        let ended = finish(client);
        assert!(killed.elapsed() < SOON, "{case}: {:?}", killed.elapsed());
        // Before the password was said, a new agent is asked; after it, that is for the person to decide.
        if case == "asking the org" {
            ran(&env, &ended, case);
        } else {
            let expected = Failure(125, "agent.gone", "the agent went away");
            failed_with_a_look(&env, &ended, &expected, case);
            let again = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
            ran(&env, &again, case);
        }
        assert_eq!(env.agents().len(), 1, "{case}");
    }
}

#[test]
fn a_program_that_was_replaced_or_removed_still_starts_its_agent() {
    for (case, change) in counted::<2, _>([
        ("removed", "rm $TMPDIR/ob"),
        (
            "replaced",
            "rm $TMPDIR/ob; printf '#!/bin/sh\\nexit 9\\n' >$TMPDIR/ob; chmod 755 $TMPDIR/ob",
        ),
    ]) {
        let env = TestEnv::of("carol").configured();
        let copy = format!("cp {} $TMPDIR/ob", env!("CARGO_BIN_EXE_ob"));
        // It is running when its file goes: it waits for its password.
        let script = format!(
            "{copy}; mkfifo $TMPDIR/late; $TMPDIR/ob exec {ANSWERED} {COMMAND} <$TMPDIR/late & \
             exec 3>$TMPDIR/late; sleep 0.3; {change}; cat >&3; exec 3>&-; wait $!"
        );
        ran(&env, &shell(&env, &script), case);
    }
}
