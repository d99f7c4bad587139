//! The ends of the agent's life: nobody can reach it, nobody needs it, somebody says so.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{Fault, FaultKind};

use super::{sign_in, started};
use crate::support::{SOON, TestEnv, counted, run};

/// On a machine that has time: other tests take some of it.
const TWO_SECONDS: Duration = Duration::from_secs(6);

#[test]
fn an_agent_that_has_lost_its_socket_is_gone_within_two_seconds() {
    type Loss = fn(&TestEnv);
    let losses: [(&str, Loss); 5] = [
        ("socket removed", |env| {
            fs::remove_file(env.socket()).unwrap();
        }),
        ("directory removed", |env| {
            fs::remove_dir_all(env.runtime()).unwrap();
        }),
        ("directory above removed", |env| {
            fs::remove_dir_all(env.path("run")).unwrap();
        }),
        ("directory moved", |env| {
            fs::rename(env.runtime(), env.path("elsewhere")).unwrap();
        }),
        ("socket replaced", |env| {
            fs::remove_file(env.socket()).unwrap();
            std::mem::forget(UnixListener::bind(env.socket()).unwrap());
        }),
    ];
    for (case, lose) in counted::<5, _>(losses) {
        let env = TestEnv::of("carol").configured();
        started(&env);
        lose(&env);
        assert!(env.agents_gone_within(TWO_SECONDS), "{case}");
        if case == "socket replaced" {
            assert!(env.socket().exists(), "another's socket is left alone");
        }
    }
}

/// Editors and container tools use up what a user may have of inotify; here the limit of a user namespace is none.
#[test]
fn an_agent_without_inotify_serves_and_notices_its_lost_socket() {
    let env = TestEnv::of("carol").configured();
    let script = "echo 0 >/proc/sys/user/max_inotify_instances && ob login --password-stdin";
    let mut command = env.command("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script]);
    let ended = run(command, &env.answers());
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let ended = run(env.ob(["exec", "--", "echo", "ran"]), "");
    assert_eq!(ended.stdout, "ran\n", "{}", ended.stderr);
    fs::remove_file(env.socket()).unwrap();
    assert!(env.agents_gone_within(SOON));
}

#[test]
fn a_signal_or_a_word_ends_it_and_takes_the_socket_away() {
    for signal in counted::<3, _>([Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT]) {
        let env = TestEnv::of("carol").configured();
        let agent = started(&env);
        kill(agent, signal).unwrap();
        assert!(env.agents_gone_within(TWO_SECONDS), "{signal}");
        assert!(!env.socket().exists(), "{signal}");
    }
    let env = TestEnv::of("carol").configured();
    started(&env);
    assert_eq!(run(env.ob(["agent", "stop"]), "").code(), Some(0));
    assert!(env.agents_gone_within(TWO_SECONDS));
}

#[test]
fn a_session_that_nobody_uses_ends_with_its_agent() {
    let env = TestEnv::of("carol").configured();
    started(&env);
    let begun = Instant::now();
    sign_in(&env, 2, 3600);
    assert!(env.agents_gone_within(SOON));
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_session_ends_at_its_latest_however_much_it_is_used() {
    let env = TestEnv::of("carol").configured();
    started(&env);
    let begun = Instant::now();
    sign_in(&env, 3600, 3);
    while begun.elapsed() < Duration::from_secs(2) {
        assert_eq!(run(env.ob(["exec", "--", "true"]), "").code(), Some(0));
    }
    assert!(env.agents_gone_within(SOON));
}

#[test]
fn a_killed_agent_is_replaced_and_its_socket_with_it() {
    let env = TestEnv::of("carol").configured();
    let first = started(&env);
    kill(first, Signal::SIGKILL).unwrap();
    assert!(env.agents_gone_within(TWO_SECONDS));
    assert!(env.socket().exists(), "nobody was left to take it away");
    assert_eq!(env.status()["agent"], serde_json::Value::Null);
    env.sign_in();
    assert_ne!(env.agent(), Some(first));
}

#[test]
fn request_under_way_outlives_its_session() {
    let env = TestEnv::of("carol").configured();
    started(&env);
    sign_in(&env, 3, 3);
    let slow = FaultKind::Delay(Duration::from_secs(6));
    env.sandbox
        .fault(Fault::org("/home/amazon_aws/", slow).always());
    let ended = run(env.ob(["roles", "--refresh"]), "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("role/Engineer"), "{}", ended.stdout);
    assert!(env.agents_gone_within(SOON));
}
