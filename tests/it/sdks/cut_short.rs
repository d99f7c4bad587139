//! `ob write` that is killed: no keys stay beside the file, or not for long.

use std::fs;
use std::path::PathBuf;

use super::doctor::{doctor, state};
use super::tools::{dev, json, ok, printed};
use crate::support::{TestEnv, run};

/// Runs `ob write` with these words and injects this at a system call.
fn cut(env: &TestEnv, inject: &str, words: &[&str]) {
    let inject = format!("inject={inject}");
    let mut command = env.command("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject, "ob"]);
    run(command.arg("write").args(words), "");
}

/// Returns the files beside the credentials file.
fn beside(env: &TestEnv) -> Vec<PathBuf> {
    let entries = fs::read_dir(env.path("home/.aws")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| !path.ends_with("credentials"))
        .collect()
}

#[test]
fn signal_during_a_write_leaves_no_keys_beside_the_file() {
    let env = dev();
    env.sign_in();
    for (signal, words) in [
        ("INT", &["-p", "dev"][..]),
        ("TERM", &["-p", "dev"]),
        ("HUP", &["-p", "dev"]),
        ("INT", &["--all"]),
    ] {
        // Written and not yet in place; in place, and its directory not yet synced.
        for at in [1, 2] {
            cut(&env, &format!("fsync:signal={signal}:when={at}"), words);
            assert_eq!(beside(&env), [""; 0].map(PathBuf::from), "{signal} {at}");
            let written = fs::read_to_string(env.path("home/.aws/credentials")).unwrap();
            assert!(
                written.contains("aws_session_token"),
                "{signal} {at}: {written}"
            );
            fs::remove_file(env.path("home/.aws/credentials")).unwrap();
        }
    }
}

#[test]
fn draft_of_a_killed_write_is_found_and_removed() {
    let env = dev();
    env.sign_in();
    let kill = || {
        cut(&env, "fsync:signal=KILL:when=1", &["-p", "dev"]);
        let left = beside(&env);
        assert_eq!(left.len(), 1, "{left:?}");
        let keys = fs::read_to_string(&left[0]).unwrap();
        assert!(keys.contains("aws_secret_access_key"), "{keys}");
        left
    };
    let left = kill();
    assert!(!env.path("home/.aws/credentials").exists());
    let (_, found) = doctor(&env, &[]);
    assert_eq!(state(&found, "aws.leftover"), "wrong", "{found:?}");
    let answer = run(&mut env.ob(["write", "--clean"]), "");
    ok(&answer);
    let said = &answer.stderr;
    let name = left[0].display().to_string();
    assert!(said.contains(&format!("removed {name}")), "{said}");
    assert!(!said.contains("nothing of ob's"), "{said}");
    assert!(beside(&env).is_empty());
    let left = kill();
    let answer = json(&mut env.ob(["write", "--clean", "--json"]));
    assert_eq!(answer["leftovers"][0], left[0].to_str().unwrap());
    kill();
    printed(&mut env.ob(["write", "-p", "dev"]));
    assert!(beside(&env).is_empty());
    let (_, found) = doctor(&env, &[]);
    assert_eq!(state(&found, "aws.leftover"), "absent");
}
