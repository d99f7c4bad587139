//! Servers and networks that misbehave: each time a named error with an exit code and a hint, nothing on
//! standard output, the command not run, nothing secret said twice or to strangers.

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

/// A command that would leave a trace of having run.
const COMMAND: [&str; 5] = [
    "--",
    "sh",
    "-c",
    "echo ran >> \"$HOME/ran\"; echo out",
    "sh",
];

/// What is expected of `ob exec` when something is wrong.
struct Expected {
    exit: i32,
    error: &'static str,
    /// Words that the report has to hold, in summary, causes or hints.
    says: &'static str,
}

const fn refused(error: &'static str, says: &'static str) -> Expected {
    Expected {
        exit: 4,
        error,
        says,
    }
}

/// What stands between us and Okta has changed the answer, or Okta has: nobody said no.
const fn broken(error: &'static str, says: &'static str) -> Expected {
    Expected {
        exit: 125,
        error,
        says,
    }
}

const fn misled(error: &'static str, says: &'static str) -> Expected {
    Expected {
        exit: 2,
        error,
        says,
    }
}

const fn unreachable(error: &'static str, says: &'static str) -> Expected {
    Expected {
        exit: 5,
        error,
        says,
    }
}

fn exec(env: &TestEnv) -> Finished {
    let mut words = vec!["exec", "--json"];
    words.extend(COMMAND);
    env.answered(&words)
}

/// How often the command has run.
fn runs(env: &TestEnv) -> usize {
    let trace = std::fs::read_to_string(env.path("home/ran")).unwrap_or_default();
    trace.lines().count()
}

/// How often the password was sent.
fn passwords(env: &TestEnv) -> usize {
    let requests = env.sandbox.requests(Server::Org, "/api/v1/authn");
    requests
        .iter()
        .filter(|request| request.path == "/api/v1/authn" && request.json()["password"].is_string())
        .count()
}

/// Asserts everything that holds for every failure.
fn failed(env: &TestEnv, ended: &Finished, expected: &Expected, case: &str) {
    let report = ended.report();
    let told = format!("{case}: exit {:?}, {}", ended.code(), ended.stderr);
    assert_eq!(ended.error(), expected.error, "{told}");
    assert_eq!(ended.code(), Some(expected.exit), "{told}");
    assert!(ended.stderr.contains(expected.says), "{told}");
    let hints = report["hints"].as_array().unwrap();
    assert!(!hints.is_empty(), "no hint: {told}");
    assert!(
        !report["causes"].as_array().unwrap().is_empty(),
        "no cause: {told}"
    );
    assert_eq!(ended.stdout, "", "{told}");
    assert_eq!(runs(env), 0, "the command has run: {told}");
    assert!(passwords(env) <= 1, "the password was sent twice: {told}");
    strangers_saw_nothing(env);
    for (kind, secret) in env.sandbox.canaries() {
        // A passcode is six digits: any number may hold them.
        let shown = kind != "passcode" && ended.stderr.contains(&secret);
        assert!(!shown, "{kind} is shown: {told}");
    }
}

/// The host that has no business with us heard nothing at all.
fn strangers_saw_nothing(env: &TestEnv) {
    let heard = env.sandbox.requests(Server::Other, "/");
    assert!(heard.is_empty(), "{heard:?}");
}

/// One server, one fault, one failure.
fn fails(case: &str, fault: Fault, expected: &Expected) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(fault);
    failed(&env, &exec(&env), expected, case);
    env
}

/// The command runs in spite of this fault.
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
    assert!(passwords(env) <= 1, "{case}");
    strangers_saw_nothing(env);
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

/// What a person reads: addresses, ports and times of this run made the same for every run.
fn read_by_people(env: &TestEnv, ended: &Finished) -> String {
    // What is said meanwhile on a slow machine is not the message.
    let lines = ended.stderr.split_inclusive('\n');
    let mut text: String = lines.filter(|line| !line.ends_with("…\n")).collect();
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

fn in_words(env: &TestEnv) -> String {
    let mut words = vec!["exec"];
    words.extend(COMMAND);
    let ended = env.answered(&words);
    read_by_people(env, &ended)
}

fn skewed(seconds: i64) -> TestEnv {
    TestEnv::with(
        "carol",
        Options {
            clock_skew_seconds: seconds,
            ..Options::default()
        },
    )
    .configured()
}

/// `ob` with more in its environment.
fn exec_with(env: &TestEnv, variables: &[(&str, &str)]) -> Finished {
    let mut words = vec!["exec", "--password-stdin", "--json"];
    words.extend(COMMAND);
    let mut ob = env.ob(&words);
    ob.envs(variables.iter().copied());
    run(ob, &env.answers())
}
