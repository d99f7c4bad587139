//! Servers and networks that misbehave: each time a named error with an exit code and a hint, nothing on
//! standard output, the command not run, nothing secret said twice or to strangers.

mod answers;
mod assertions;
mod network;
mod pages;
pub(crate) mod proxy;
mod redirects;
mod retries;
mod sign_in;
mod sts;
mod tls;
mod turned_away;

use ob_sandbox::{Fault, FaultKind, Options, Server};

use crate::scene::{Ended, Scene, run};

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

fn exec(scene: &Scene) -> Ended {
    let mut words = vec!["exec", "--json"];
    words.extend(COMMAND);
    scene.answered(&words)
}

/// How often the command has run.
fn runs(scene: &Scene) -> usize {
    let trace = std::fs::read_to_string(scene.path("home/ran")).unwrap_or_default();
    trace.lines().count()
}

/// How often the password was sent.
fn passwords(scene: &Scene) -> usize {
    let requests = scene.sandbox.requests(Server::Org, "/api/v1/authn");
    requests
        .iter()
        .filter(|request| request.path == "/api/v1/authn" && request.json()["password"].is_string())
        .count()
}

/// Asserts everything that holds for every failure.
fn failed(scene: &Scene, ended: &Ended, expected: &Expected, case: &str) {
    let report = ended.report();
    let told = format!("{case}: exit {:?}, {}", ended.code, ended.stderr);
    assert_eq!(ended.error(), expected.error, "{told}");
    assert_eq!(ended.code, Some(expected.exit), "{told}");
    assert!(ended.stderr.contains(expected.says), "{told}");
    let hints = report["hints"].as_array().unwrap();
    assert!(!hints.is_empty(), "no hint: {told}");
    assert!(
        !report["causes"].as_array().unwrap().is_empty(),
        "no cause: {told}"
    );
    assert_eq!(ended.stdout, "", "{told}");
    assert_eq!(runs(scene), 0, "the command has run: {told}");
    assert!(passwords(scene) <= 1, "the password was sent twice: {told}");
    strangers_saw_nothing(scene);
    for (kind, secret) in scene.sandbox.canaries() {
        // A passcode is six digits: any number may hold them.
        let shown = kind != "passcode" && ended.stderr.contains(&secret);
        assert!(!shown, "{kind} is shown: {told}");
    }
}

/// The host that has no business with us heard nothing at all.
fn strangers_saw_nothing(scene: &Scene) {
    let heard = scene.sandbox.requests(Server::Other, "/");
    assert!(heard.is_empty(), "{heard:?}");
}

/// One server, one fault, one failure.
fn fails(case: &str, fault: Fault, expected: &Expected) -> Scene {
    let scene = Scene::of("carol");
    scene.sandbox.fault(fault);
    failed(&scene, &exec(&scene), expected, case);
    scene
}

/// The command runs in spite of this fault.
fn passes(case: &str, fault: Fault) -> Scene {
    let scene = Scene::of("carol");
    scene.sandbox.fault(fault);
    succeeded(&scene, &exec(&scene), case);
    scene
}

fn succeeded(scene: &Scene, ended: &Ended, case: &str) {
    assert_eq!(ended.code, Some(0), "{case}: {}", ended.stderr);
    assert_eq!(ended.stdout, "out\n", "{case}");
    assert_eq!(runs(scene), 1, "{case}");
    assert!(passwords(scene) <= 1, "{case}");
    strangers_saw_nothing(scene);
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
fn read_by_people(scene: &Scene, ended: &Ended) -> String {
    // What is said meanwhile on a slow machine is not the message.
    let lines = ended.stderr.split_inclusive('\n');
    let mut text: String = lines.filter(|line| !line.ends_with("…\n")).collect();
    for url in [
        scene.sandbox.org_url(),
        scene.sandbox.sts_url(),
        scene.sandbox.other_url(),
    ] {
        let authority = url.trim_start_matches("https://").to_owned();
        let name = if url == scene.sandbox.org_url() {
            "ORG"
        } else if url == scene.sandbox.sts_url() {
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

fn in_words(scene: &Scene) -> String {
    let mut words = vec!["exec"];
    words.extend(COMMAND);
    let ended = scene.answered(&words);
    read_by_people(scene, &ended)
}

fn skewed(seconds: i64) -> Scene {
    Scene::with(
        "carol",
        Options {
            clock_skew_seconds: seconds,
            ..Options::default()
        },
    )
}

/// `ob` with more in its environment.
fn exec_with(scene: &Scene, variables: &[(&str, &str)]) -> Ended {
    let mut words = vec!["exec", "--password-stdin", "--json"];
    words.extend(COMMAND);
    let mut ob = scene.ob(&words);
    ob.envs(variables.iter().copied());
    run(ob, &scene.answers())
}
