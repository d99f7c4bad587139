//! The agent's memory, read as root, after its sessions have ended.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use nix::unistd::Pid;
use ob_sandbox::{Options, PushScript, Server};

use super::needles::Needles;
use super::{TYPED, needles};
use crate::agent::{sign_in, start_agent};
use crate::support::{Pty, SOON, TestEnv, counted, holds_within, run};

/// Returns every writable area of a process.
fn writable_areas(pid: Pid) -> Vec<(String, Vec<u8>)> {
    let memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut areas = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; usize::try_from(number(end) - number(start)).unwrap()];
        if memory.read_exact_at(&mut bytes, number(start)).is_ok() {
            areas.push((line.to_owned(), bytes));
        }
    }
    assert!(!areas.is_empty());
    areas
}

/// Returns every secret in the memory of `pid`, with its area.
pub(super) fn secrets(pid: Pid, needles: &Needles) -> Vec<String> {
    let mut found = Vec::new();
    for (area, bytes) in writable_areas(pid) {
        for what in needles.count(&bytes) {
            let place = area.split_whitespace().last().unwrap_or_default();
            found.push(format!("{what} in {place}"));
        }
    }
    found
}

#[test]
fn sign_out_leaves_no_secret_in_the_agents_memory() {
    for user in counted::<3, _>(["carol", "bob", "dave"]) {
        let env = TestEnv::of(user).configured();
        env.sandbox.push(PushScript::number(47));
        let ended = env.answered(&["exec", "--", "true"]);
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        assert_eq!(run(env.ob(["roles"]), "").code(), Some(0));
        let agent = env.agent().unwrap();
        assert!(
            !secrets(agent, &needles(&env)).is_empty(),
            "a live session is in memory"
        );
        assert_eq!(run(env.ob(["logout"]), "").code(), Some(0));
        assert!(
            !env.sandbox
                .requests(Server::Org, "/api/v1/sessions/me")
                .is_empty()
        );
        // A connection that waits for the server to close is gone a moment later.
        let needles = needles(&env);
        let is_clean = || secrets(agent, &needles).is_empty();
        let left = || secrets(agent, &needles);
        assert!(holds_within(SOON, is_clean), "{user}: {:?}", left());
    }
}

#[test]
fn sign_out_leaves_no_token_in_memory_or_valid_at_okta() {
    let options = Options {
        interclient_trust: true,
        ..Options::default()
    };
    for server_is_down in counted::<2, _>([false, true]) {
        let env = TestEnv::with("alice", options.clone()).configured();
        env.write_settings(&(env.browser_settings() + &env.vpn_table()));
        let succeeds = |words: &[&str]| {
            let ended = run(env.ob(words), "");
            assert_eq!(ended.code(), Some(0), "{words:?}: {}", ended.stderr);
        };
        succeeds(&["exec", "--", "true"]);
        succeeds(&["vpn", "profile", "--explain"]);
        env.sandbox.advance_clock(3700);
        succeeds(&["exec", "--duration", "30m", "--", "true"]);
        let agent = env.agent().unwrap();
        let held = secrets(agent, &needles(&env));
        assert!(
            held.iter().any(|what| what.contains("refresh-token")),
            "{held:?}"
        );
        if server_is_down {
            env.sandbox.stop();
        }
        let logout = run(env.ob(["logout"]), "");
        let expected = if server_is_down { 5 } else { 0 };
        assert_eq!(logout.code(), Some(expected), "{}", logout.stderr);
        let left = secrets(agent, &needles(&env));
        assert_eq!(
            left,
            Vec::<String>::new(),
            "server_is_down: {server_is_down}"
        );
        if !server_is_down {
            assert_eq!(env.sandbox.live(), (0, 0));
        }
    }
}

#[test]
fn refused_sign_in_leaves_no_secret_in_agent_memory() {
    let env = TestEnv::of("carol").configured();
    let ended = run(env.ob(["login", "--password-stdin"]), format!("{TYPED}\n"));
    assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
    let typed = Needles::new([("typed".to_owned(), TYPED.to_owned())]);
    assert_eq!(secrets(env.agent().unwrap(), &typed), Vec::<String>::new());
}

#[test]
fn expired_session_leaves_no_secret_in_agent_memory() {
    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    sign_in(&env, 6, 3600);
    assert_eq!(run(env.ob(["exec", "--", "true"]), "").code(), Some(0));
    let held = secrets(agent, &needles(&env));
    assert!(!held.is_empty(), "a live session is in memory");
    // Another user is asked for a password, or the agent would end with its last session.
    env.write_settings(
        &env.full_settings()
            .replace(&env.user().login, &env.sandbox.user("dave").login),
    );
    let mut other = Pty::spawn(&env.ob(["login"]));
    other.until("assword");
    let left = || secrets(agent, &needles(&env));
    assert!(
        holds_within(Duration::from_secs(15), || left().is_empty()),
        "{:?}",
        left()
    );
    assert_eq!(env.agent(), Some(agent), "it is alive");
    other.send("\u{3}");
    other.wait();
}
