//! System calls that strace makes fail, and an agent that is killed at every step: a check that
//! cannot be made fails, and missing confinement is reported.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{Fault, FaultKind, Server};

use super::{ANSWERED, COMMAND, Failure, assert_quiet, assert_ran, in_shell, runs, shell};
use crate::support::{Finished, SOON, TestEnv, counted, finish, holds_within, start};

/// Runs a script under strace, which makes these calls fail in all of its processes.
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
fn client_that_cannot_check_the_agents_uid_sends_nothing() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    for errno in counted::<3, _>(["EPERM", "EBADF", "ENOPROTOOPT"]) {
        let script = format!("ob exec --json {COMMAND}");
        let inject = format!("getsockopt:error={errno}");
        let ended = with_failing(&env, &inject, &script);
        let expected = Failure(4, "agent.foreign", "served by another user");
        assert_failed_without_input_hint(&env, &ended, &expected, errno);
    }
}

/// Like [`super::assert_failed`], for a hint that names nothing to type.
fn assert_failed_without_input_hint(
    env: &TestEnv,
    ended: &Finished,
    expected: &Failure,
    case: &str,
) {
    let Failure(exit, error, text) = expected;
    let context = format!("{case}: {}", ended.stderr);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(*exit), *error),
        "{context}"
    );
    assert!(ended.stderr.contains(text), "{context}");
    assert!(
        !ended.report()["hints"].as_array().unwrap().is_empty(),
        "{context}"
    );
    assert_eq!((&*ended.stdout, runs(env)), ("", 0), "{context}");
    assert_quiet(env, ended, case);
}

#[test]
fn agent_that_cannot_check_a_clients_uid_answers_none() {
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
    assert_eq!(env.agent(), None, "it answers no client");
    kill(
        nix::unistd::Pid::from_raw(strace.id().cast_signed()),
        Signal::SIGTERM,
    )
    .unwrap();
    strace.wait().unwrap();
    assert_eq!(
        env.agent(),
        Some(agent),
        "and every client again when it can check"
    );
}

#[test]
fn missing_landlock_or_seccomp_is_reported() {
    for (call, errno, expected_text) in counted::<5, _>([
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
        assert_ran(&env, &with_failing(&env, &inject, &script), call);
        let file = |name: &str| std::fs::read_to_string(env.path(name)).unwrap();
        let status: serde_json::Value = serde_json::from_str(&file("tmp/status")).unwrap();
        assert_eq!(status["agent"]["confined"], false, "{status}");
        let status_text = file("tmp/words");
        assert!(status_text.contains(expected_text), "{call}: {status_text}");
    }
}

#[test]
fn unprotectable_process_stops_before_it_begins() {
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
                .contains("cannot protect this process's memory"),
            "{}",
            ended.stderr
        );
        assert!(env.agents().is_empty());
        assert!(env.sandbox.log().is_empty(), "no request was made");
    }
}

/// A path that the org or STS is asked for at each step of a cold `ob exec`.
const STEPS: [(&str, Server, &str); 5] = [
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
fn agent_killed_at_any_step_runs_no_command_twice() {
    for (case, server, path) in counted::<5, _>(STEPS) {
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
        let client = start(command, env.answers());
        let is_requested = || match server {
            Server::Sts => !env.sandbox.sts_calls(path).is_empty(),
            _ => !env.sandbox.requests(Server::Org, path).is_empty(),
        };
        assert!(holds_within(SOON, is_requested), "{case}: never requested");
        thread::sleep(Duration::from_millis(20));
        kill(env.agents()[0], Signal::SIGKILL).unwrap();
        let killed = Instant::now();
        let ended = finish(client);
        assert!(killed.elapsed() < SOON, "{case}: {:?}", killed.elapsed());
        // Before the password was sent, a new agent is asked; after it, the user must decide.
        if case == "asking the org" {
            assert_ran(&env, &ended, case);
        } else {
            let expected = Failure(125, "agent.gone", "the agent has ended");
            assert_failed_without_input_hint(&env, &ended, &expected, case);
            let again = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
            assert_ran(&env, &again, case);
        }
        assert_eq!(env.agents().len(), 1, "{case}");
    }
}

#[test]
fn replaced_or_removed_program_still_starts_its_agent() {
    for (case, change) in counted::<2, _>([
        ("removed", "rm $TMPDIR/ob"),
        (
            "replaced",
            "rm $TMPDIR/ob; printf '#!/bin/sh\\nexit 9\\n' >$TMPDIR/ob; chmod 755 $TMPDIR/ob",
        ),
    ]) {
        let env = TestEnv::of("carol").configured();
        let copy = format!(
            "cp {} {} $TMPDIR",
            env!("CARGO_BIN_EXE_ob"),
            env!("CARGO_BIN_EXE_ob-agent")
        );
        // The program runs when its file is removed: it waits for its password.
        let script = format!(
            "{copy}; mkfifo $TMPDIR/late; $TMPDIR/ob exec {ANSWERED} {COMMAND} <$TMPDIR/late & \
             exec 3>$TMPDIR/late; \
             until [ \"$(readlink /proc/$!/exe)\" = $TMPDIR/ob ]; do sleep 0.01; done; \
             {change}; cat >&3; exec 3>&-; wait $!"
        );
        assert_ran(&env, &shell(&env, &script), case);
    }
}
