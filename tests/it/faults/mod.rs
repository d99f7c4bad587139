//! Machines that misbehave: full and read-only disks, homes that are not there, descriptors that are closed,
//! limits that are low, names and hosts that do not answer. Each time `ob` works, or says what is wrong and what
//! to type; the command is run once or not at all.

mod kernel;
mod limits;
mod places;
mod reach;
mod streams;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Finished, TestEnv, run};

/// `ob exec`, its flags still to come, of a command that leaves a trace of having run.
const COMMAND: &str = r#"-- sh -c 'echo ran >>"$RAN"; echo out'"#;

/// The flags with which everything is answered from standard input, and a failure is JSON.
const ANSWERED: &str = "--json --password-stdin";

/// What is expected of a failure: exit code, stable name, words of the report.
struct Failure(i32, &'static str, &'static str);

/// Runs a shell script in which `ob` is found, as the env's user, with the answers on standard input.
fn shell(env: &TestEnv, script: &str) -> Finished {
    in_shell(env, &["sh", "-c", script])
}

/// The same as root in a mount namespace of its own, so that what it mounts is nobody else's.
fn shell_with_mounts(env: &TestEnv, script: &str) -> Finished {
    let words = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];
    in_shell(env, &[&words[..], &[script]].concat())
}

fn in_shell(env: &TestEnv, words: &[&str]) -> Finished {
    env.sandbox.forget_used_codes();
    let mut command = env.command(words[0]);
    command.args(&words[1..]).env("RAN", trace(env));
    run(command, &env.answers())
}

fn trace(env: &TestEnv) -> PathBuf {
    env.path("tmp/ran")
}

/// How often the command has run since this was asked last.
fn runs(env: &TestEnv) -> usize {
    let ran = fs::read_to_string(trace(env)).unwrap_or_default();
    let _ = fs::remove_file(trace(env));
    ran.lines().count()
}

/// It ran, once, and its output is all there is.
fn ran(env: &TestEnv, ended: &Finished, case: &str) {
    assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
    assert_eq!(ended.stdout, "out\n", "{case}");
    assert_eq!(runs(env), 1, "{case}");
    quiet(env, ended, case);
}

/// It failed as expected, with a hint, and nothing was run.
fn failed(env: &TestEnv, ended: &Finished, expected: &Failure, case: &str) {
    let Failure(exit, error, says) = expected;
    let told = format!("{case}: exit {:?}, {}", ended.code(), ended.stderr);
    assert_eq!(ended.error(), *error, "{told}");
    assert_eq!(ended.code(), Some(*exit), "{told}");
    assert!(ended.stderr.contains(says), "{told}");
    let reports = ended.stderr.lines().filter(|line| line.starts_with('{'));
    assert_eq!(reports.count(), 1, "{told}");
    let hints = ended.report()["hints"].as_array().unwrap().clone();
    let types = |hint: &serde_json::Value| hint.as_str().unwrap().contains(['`', '=']);
    assert!(hints.iter().any(types), "nothing to type: {told}");
    assert_eq!(ended.stdout, "", "{told}");
    assert_eq!(runs(env), 0, "{told}");
    quiet(env, ended, case);
}

/// Nothing panicked, and no secret was said.
fn quiet(env: &TestEnv, ended: &Finished, case: &str) {
    for word in ["panicked", "RUST_BACKTRACE", "os error"] {
        let said = ended.stderr.contains(word) && !ended.stderr.contains("cannot get an answer");
        assert!(!said, "{case}: {}", ended.stderr);
    }
    for (kind, secret) in env.sandbox.canaries() {
        // A passcode is six digits: any number may hold them.
        let shown = kind != "passcode"
            && [&ended.stderr, &ended.stdout]
                .iter()
                .any(|said| said.contains(&secret));
        assert!(!shown, "{case}: {kind} is shown");
    }
}

/// Each file of the env and what is in it; not sockets, not the command's trace, and not the names of roles that are
/// kept for the next menu.
fn files(env: &TestEnv) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut look = vec![env.path("")];
    while let Some(directory) = look.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() && entry.path().ends_with(".cache/ob") {
                continue;
            }
            if kind.is_dir() {
                look.push(entry.path());
            } else if kind.is_file() && entry.path() != trace(env) && !is_lock(&entry.path()) {
                found.insert(entry.path(), fs::read(entry.path()).unwrap());
            }
        }
    }
    found
}

/// Empty, and left for the next one to start an agent.
fn is_lock(path: &Path) -> bool {
    path.ends_with("ob/lock") && fs::read(path).unwrap().is_empty()
}
