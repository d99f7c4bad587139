//! Servers and networks that misbehave: each failure is a named error with an exit code and a hint,
//! nothing is printed to standard output, the command does not run, and no secret is sent twice or
//! to another host.

mod answers;
mod app_refusals;
mod assertions;
mod network;
mod pages;
pub(crate) mod proxy;
mod redirects;
mod retries;
mod sign_in;
mod sts;
mod tls;

use ob_sandbox::{Fault, FaultKind, Options, Server};

use crate::support::{Finished, TestEnv, run};

/// A command that leaves a trace of having run.
const COMMAND: [&str; 5] = [
    "--",
    "sh",
    "-c",
    "echo ran >> \"$HOME/ran\"; echo out",
    "sh",
];

/// The expected failure of `ob exec`.
struct Expected {
    exit: i32,
    error: &'static str,
    /// Text that the report must contain, in summary, causes or hints.
    expected_text: &'static str,
}

const fn refused(error: &'static str, expected_text: &'static str) -> Expected {
    Expected {
        exit: 4,
        error,
        expected_text,
    }
}

/// Okta or an intermediary changed the answer; nothing was refused.
const fn broken(error: &'static str, expected_text: &'static str) -> Expected {
    Expected {
        exit: 125,
        error,
        expected_text,
    }
}

const fn misled(error: &'static str, expected_text: &'static str) -> Expected {
    Expected {
        exit: 2,
        error,
        expected_text,
    }
}

const fn unreachable(error: &'static str, expected_text: &'static str) -> Expected {
    Expected {
        exit: 5,
        error,
        expected_text,
    }
}

fn exec(env: &TestEnv) -> Finished {
    let mut words = vec!["exec", "--json"];
    words.extend(COMMAND);
    env.answered(&words)
}

/// Counts the runs of the command.
fn runs(env: &TestEnv) -> usize {
    let trace = std::fs::read_to_string(env.path("home/ran")).unwrap_or_default();
    trace.lines().count()
}

/// Asserts what holds for every failure.
fn failed(env: &TestEnv, ended: &Finished, expected: &Expected, case: &str) {
    let report = ended.report();
    let context = format!("{case}: exit {:?}, {}", ended.code(), ended.stderr);
    assert_eq!(ended.error(), expected.error, "{context}");
    assert_eq!(ended.code(), Some(expected.exit), "{context}");
    assert!(ended.stderr.contains(expected.expected_text), "{context}");
    let hints = report["hints"].as_array().unwrap();
    assert!(!hints.is_empty(), "no hint: {context}");
    assert!(
        !report["causes"].as_array().unwrap().is_empty(),
        "no cause: {context}"
    );
    assert_eq!(ended.stdout, "", "{context}");
    assert_eq!(runs(env), 0, "the command has run: {context}");
    assert!(
        env.passwords_sent() <= 1,
        "the password was sent twice: {context}"
    );
    other_host_received_nothing(env);
    for (kind, secret) in env.sandbox.canaries() {
        // A passcode is six digits, which any number may contain.
        let shown = kind != "passcode" && ended.stderr.contains(&secret);
        assert!(!shown, "{kind} is shown: {context}");
    }
}

/// Asserts that the unrelated host received nothing.
fn other_host_received_nothing(env: &TestEnv) {
    let received = env.sandbox.requests(Server::Other, "/");
    assert!(received.is_empty(), "{received:?}");
}

/// Asserts that one fault leads to this failure.
fn fails(case: &str, fault: Fault, expected: &Expected) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(fault);
    failed(&env, &exec(&env), expected, case);
    env
}

/// Asserts that the command runs despite this fault.
fn passes(case: &str, fault: Fault) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(fault);
    succeeded(&env, &exec(&env), case);
    env
}

fn succeeded(env: &TestEnv, ended: &Finished, case: &str) {
    assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
    assert_eq!(ended.stdout, "out\n", "{case}");
    assert_eq!(runs(env), 1, "{case}");
    assert!(env.passwords_sent() <= 1, "{case}");
    other_host_received_nothing(env);
}

fn status(code: u16, body: &str) -> FaultKind {
    FaultKind::Status {
        code,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: body.into(),
    }
}

fn page(body: impl Into<Vec<u8>>) -> FaultKind {
    FaultKind::ReplaceBody {
        body: body.into(),
        content_type: "text/html;charset=utf-8".into(),
    }
}

/// Returns the messages with the addresses and ids of this run replaced.
fn normalized_messages(env: &TestEnv, ended: &Finished) -> String {
    let mut text = ended.messages();
    for url in [
        env.sandbox.org_url(),
        env.sandbox.sts_url(),
        env.sandbox.other_url(),
    ] {
        let authority = url.trim_start_matches("https://").to_owned();
        let name = if url == env.sandbox.org_url() {
            "ORG"
        } else if url == env.sandbox.sts_url() {
            "STS"
        } else {
            "OTHER"
        };
        text = text.replace(&url, name).replace(&authority, name);
    }
    match text.split_once("error id ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            format!("{before}error id ID{rest}")
        }
        None => text,
    }
}

fn exec_messages(env: &TestEnv) -> String {
    let mut words = vec!["exec"];
    words.extend(COMMAND);
    let ended = env.answered(&words);
    normalized_messages(env, &ended)
}

fn with_clock_skew(seconds: i64) -> TestEnv {
    TestEnv::with(
        "carol",
        Options {
            clock_skew_seconds: seconds,
            ..Options::default()
        },
    )
    .configured()
}

/// Runs `ob exec` with more variables in its environment.
fn exec_with(env: &TestEnv, variables: &[(&str, &str)]) -> Finished {
    let mut words = vec!["exec", "--password-stdin", "--json"];
    words.extend(COMMAND);
    let mut ob = env.ob(&words);
    ob.envs(variables.iter().copied());
    run(ob, env.answers())
}
