//! Callers whose `XDG_RUNTIME_DIR` differs from that of the login reach the same agent.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Finished, TestEnv, counted, run};

/// `ob` as called by a program that lacks the login's runtime directory.
fn without_xdg(env: &TestEnv, arguments: &[&str]) -> Command {
    let mut ob = env.ob(arguments);
    ob.env_remove("XDG_RUNTIME_DIR");
    ob
}

fn assert_ok(ended: &Finished) {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}

fn json(ended: &Finished) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_default()
}

/// Returns the findings of `ob doctor` with that name.
fn findings(ended: &Finished, name: &str) -> Vec<String> {
    let all = json(ended);
    let all = all.as_array().cloned().unwrap_or_default();
    let named = all.iter().filter(|finding| finding["name"] == name);
    named.map(ToString::to_string).collect()
}

#[test]
fn login_without_xdg_is_reached_with_it() {
    let env = TestEnv::of("carol").configured();
    assert_ok(&run(
        without_xdg(&env, &["login", "--password-stdin"]),
        env.answers(),
    ));
    assert!(!env.runtime().exists());
    let status = env.status();
    assert_eq!(
        status["sessions"].as_array().map(Vec::len),
        Some(1),
        "{status}"
    );
    assert_ok(&run(env.ob(["exec", "--", "true"]), ""));
    assert_ok(&run(env.ob(["credential", "-p", "dev"]), ""));
    let doctor = run(env.ob(["doctor", "--json"]), "");
    let used = findings(&doctor, "agent.elsewhere");
    assert!(
        used.len() == 1 && used[0].contains(".local/state/ob/run/"),
        "{}",
        doctor.stdout
    );
    assert_ok(&run(env.ob(["logout"]), ""));
    let status = env.status();
    assert_eq!(
        status["sessions"].as_array().map(Vec::len),
        Some(0),
        "{status}"
    );
    assert_ok(&run(env.ob(["agent", "stop"]), ""));
    assert_eq!(
        run(env.ob(["status"]), "").stdout,
        "nobody is signed in (no agent is running)\n"
    );
    // No second agent was started.
    assert!(!env.socket().exists());
}

/// Prefix for scripts that need `/run/user/0` as root's private directory, as after a login.
const LOGIN: &str = "mount -t tmpfs none /run && mkdir -p -m 755 /run/user && \
                     mkdir -m 700 /run/user/0 || exit 99; \
                     unset XDG_RUNTIME_DIR; ";

fn in_login(env: &TestEnv, script: &str) -> Finished {
    let mut shell = env.command("unshare");
    shell.args(["--mount", "--propagation", "private", "sh", "-c"]);
    shell.arg(format!("{LOGIN}{script}"));
    run(shell, env.answers())
}

#[test]
fn login_with_xdg_is_reached_without_it() {
    let env = TestEnv::of("carol").configured();
    let ended = in_login(
        &env,
        "XDG_RUNTIME_DIR=/run/user/0 ob login --password-stdin || exit; \
         ob exec -- echo out && ob credential -p dev >/dev/null && ob doctor --json; \
         find $HOME -name '*.sock'; ob logout && ob agent stop && ls /run/user/0/ob && { ob status; test $? = 1; }",
    );
    assert_eq!(ended.code(), Some(0), "{} {}", ended.stdout, ended.stderr);
    assert!(ended.stdout.starts_with("out\n"), "{}", ended.stdout);
    assert!(!ended.stdout.contains("agent.sock"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("in /run/user/0/ob"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .ends_with("nobody is signed in (no agent is running)\n"),
        "{}",
        ended.stdout
    );
}

#[test]
fn runtime_directory_open_to_others_is_not_used() {
    let env = TestEnv::of("carol").configured();
    for spoil in counted::<4, _>([
        "chmod 755 /run/user/0/ob",
        "chown 12345 /run/user/0/ob",
        "chmod 711 /run/user/0",
        "chown 12345 /run/user/0",
    ]) {
        let ended = in_login(
            &env,
            &format!(
                "export XDG_RUNTIME_DIR=/run/user/0; ob login --password-stdin || exit; \
                 {spoil}; unset XDG_RUNTIME_DIR; ob status; \
                                  chown 0 /run/user/0 /run/user/0/ob; \
                                  chmod 700 /run/user/0 /run/user/0/ob; ob agent stop"
            ),
        );
        assert_eq!(ended.code(), Some(0), "{spoil}: {}", ended.stderr);
        assert_eq!(
            ended.stdout, "nobody is signed in (no agent is running)\n",
            "{spoil}"
        );
        assert!(
            ended.stderr.contains("the agent has stopped"),
            "{spoil}: {}",
            ended.stderr
        );
        env.sandbox.forget_used_codes();
    }
}

#[test]
fn two_agents_are_reported_and_both_end() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    // The second login sees neither the first one's home nor its runtime directory.
    let home = env.path("tmp/home");
    fs::create_dir_all(&home).unwrap();
    let mut second = without_xdg(&env, &["login", "--password-stdin"]);
    second.env("HOME", &home);
    assert_ok(&run(second, env.answers()));
    let seeing_both = |arguments: &[&str]| {
        let mut ob = env.ob(arguments);
        ob.env("HOME", &home);
        run(ob, "")
    };
    let status = json(&seeing_both(&["status", "--json"]));
    let others = status["other_agents"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    assert!(
        others.len() == 1 && others[0].as_str().unwrap().contains(".local/state/ob/run"),
        "{status}"
    );
    let doctor = seeing_both(&["doctor", "--json"]);
    assert_eq!(
        findings(&doctor, "agent.second").len(),
        1,
        "{}",
        doctor.stdout
    );
    let logout = seeing_both(&["logout", "--json"]);
    assert_eq!(json(&logout)["sessions"], 2, "{}", logout.stderr);
    let stop = seeing_both(&["agent", "stop"]);
    assert!(stop.stderr.contains("2 agents"), "{}", stop.stderr);
    let status = json(&seeing_both(&["status", "--json"]));
    assert_eq!(status["agent"], Value::Null, "{status}");
}
