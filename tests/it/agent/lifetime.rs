//! The ends of the agent's life: its socket is lost, its sessions are over, or it is stopped.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{Fault, FaultKind};

use super::{sign_in, start_agent};
use crate::support::{SOON, TestEnv, counted, run};

/// The agent's limit is two seconds; other tests keep the machine busy.
const END_LIMIT: Duration = Duration::from_secs(6);

#[test]
fn agent_that_lost_its_socket_ends_within_two_seconds() {
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
        start_agent(&env);
        lose(&env);
        assert!(env.agents_gone_within(END_LIMIT), "{case}");
        if case == "socket replaced" {
            assert!(env.socket().exists(), "another's socket is left alone");
        }
    }
}

/// Editors and container tools use up a user's inotify instances; here a user namespace allows
/// none.
#[test]
fn agent_without_inotify_notices_its_lost_socket() {
    let env = TestEnv::of("carol").configured();
    let script = "echo 0 >/proc/sys/user/max_inotify_instances && ob login --password-stdin";
    let mut command = env.command("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script]);
    let ended = run(command, env.answers());
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let ended = run(env.ob(["exec", "--", "echo", "ran"]), "");
    assert_eq!(ended.stdout, "ran\n", "{}", ended.stderr);
    fs::remove_file(env.socket()).unwrap();
    assert!(env.agents_gone_within(SOON));
}

#[test]
fn signal_or_stop_ends_the_agent_and_removes_the_socket() {
    for signal in counted::<3, _>([Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT]) {
        let env = TestEnv::of("carol").configured();
        let agent = start_agent(&env);
        kill(agent, signal).unwrap();
        assert!(env.agents_gone_within(END_LIMIT), "{signal}");
        assert!(!env.socket().exists(), "{signal}");
    }
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    assert_eq!(run(env.ob(["agent", "stop"]), "").code(), Some(0));
    assert!(env.agents_gone_within(END_LIMIT));
}

#[test]
fn unused_session_ends_with_its_agent() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
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
fn session_ends_at_its_maximum_age_despite_use() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    let begun = Instant::now();
    sign_in(&env, 3600, 3);
    while begun.elapsed() < Duration::from_secs(2) {
        assert_eq!(run(env.ob(["exec", "--", "true"]), "").code(), Some(0));
    }
    assert!(env.agents_gone_within(SOON));
}

#[test]
fn killed_agent_and_its_socket_are_replaced() {
    let env = TestEnv::of("carol").configured();
    let first = start_agent(&env);
    kill(first, Signal::SIGKILL).unwrap();
    assert!(env.agents_gone_within(END_LIMIT));
    assert!(env.socket().exists(), "nobody was left to take it away");
    assert_eq!(env.status()["agent"], serde_json::Value::Null);
    env.sign_in();
    assert_ne!(env.agent(), Some(first));
}

#[test]
fn request_under_way_outlives_its_session() {
    let env = TestEnv::of("carol").configured();
    start_agent(&env);
    sign_in(&env, 3, 3);
    let slow = FaultKind::Delay(Duration::from_secs(6));
    env.sandbox
        .fault(Fault::org("/home/amazon_aws/", slow).always());
    let ended = run(env.ob(["roles", "--refresh"]), "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("role/Engineer"), "{}", ended.stdout);
    assert!(env.agents_gone_within(SOON));
}
