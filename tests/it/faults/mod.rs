//! Machines that misbehave: full and read-only disks, missing homes, closed descriptors, low
//! limits, names and hosts that do not answer. Each time `ob` works, or reports what is wrong and
//! what to type; the command runs once or not at all.

mod disks;
mod kernel;
mod limits;
mod streams;
mod unreachable;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Finished, TestEnv, run};

/// `ob exec` of a command that leaves a trace of having run; flags come before this.
const COMMAND: &str = r#"-- sh -c 'echo ran >>"$RAN"; echo out'"#;

/// Flags that answer everything from standard input and print a failure as JSON.
const ANSWERED: &str = "--json --password-stdin";

/// An expected failure: exit code, error name, text of the report.
struct Failure(i32, &'static str, &'static str);

/// Runs a shell script in which `ob` is found, as the environment's user, with the answers on
/// standard input.
fn shell(env: &TestEnv, script: &str) -> Finished {
    in_shell(env, &["sh", "-c", script])
}

/// Runs a script as root in its own mount namespace.
fn shell_with_mounts(env: &TestEnv, script: &str) -> Finished {
    let words = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];
    in_shell(env, &[&words[..], &[script]].concat())
}

fn in_shell(env: &TestEnv, words: &[&str]) -> Finished {
    env.sandbox.forget_used_codes();
    let mut command = env.command(words[0]);
    command.args(&words[1..]).env("RAN", trace(env));
    run(command, env.answers())
}

fn trace(env: &TestEnv) -> PathBuf {
    env.path("tmp/ran")
}

/// Counts the command's runs since the last call.
fn runs(env: &TestEnv) -> usize {
    let assert_ran = fs::read_to_string(trace(env)).unwrap_or_default();
    let _ = fs::remove_file(trace(env));
    assert_ran.lines().count()
}

/// Asserts that the command ran once and printed nothing else.
fn assert_ran(env: &TestEnv, ended: &Finished, case: &str) {
    assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
    assert_eq!(ended.stdout, "out\n", "{case}");
    assert_eq!(runs(env), 1, "{case}");
    assert_quiet(env, ended, case);
}

/// Asserts that it failed as expected, with a hint, and that nothing was run.
fn assert_failed(env: &TestEnv, ended: &Finished, expected: &Failure, case: &str) {
    let Failure(exit, error, text) = expected;
    let context = format!("{case}: exit {:?}, {}", ended.code(), ended.stderr);
    assert_eq!(ended.error(), *error, "{context}");
    assert_eq!(ended.code(), Some(*exit), "{context}");
    assert!(ended.stderr.contains(text), "{context}");
    let reports = ended.stderr.lines().filter(|line| line.starts_with('{'));
    assert_eq!(reports.count(), 1, "{context}");
    let hints = ended.report()["hints"].as_array().unwrap().clone();
    let names_input = |hint: &serde_json::Value| hint.as_str().unwrap().contains(['`', '=']);
    assert!(hints.iter().any(names_input), "nothing to type: {context}");
    assert_eq!(ended.stdout, "", "{context}");
    assert_eq!(runs(env), 0, "{context}");
    assert_quiet(env, ended, case);
}

/// Asserts that nothing panicked and that no secret was printed.
fn assert_quiet(env: &TestEnv, ended: &Finished, case: &str) {
    for word in ["panicked", "RUST_BACKTRACE", "os error"] {
        let shown = ended.stderr.contains(word) && !ended.stderr.contains("cannot get an answer");
        assert!(!shown, "{case}: {}", ended.stderr);
    }
    for (kind, secret) in env.sandbox.canaries() {
        // A passcode is six digits, which any number may contain.
        let shown = kind != "passcode"
            && [&ended.stderr, &ended.stdout]
                .iter()
                .any(|output| output.contains(&secret));
        assert!(!shown, "{case}: {kind} is shown");
    }
}

/// Returns the files of the environment with their contents, without sockets, the command's trace,
/// and the role names cached for the next menu.
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

/// Whether it is the empty lock file that starting an agent leaves behind.
fn is_lock(path: &Path) -> bool {
    path.ends_with("ob/lock") && fs::read(path).unwrap().is_empty()
}
