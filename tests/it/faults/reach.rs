//! Names that do not resolve, ports that are closed, hosts that swallow what they are sent.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::{ANSWERED, COMMAND, Failure, failed, in_shell, shell};
use crate::support::{SOON, TestEnv, counted};

/// A port at which nobody listens, and nobody else will: a connection that is kept has it.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kept = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = kept.local_addr().unwrap();
    std::mem::forget((listener, kept));
    address
}

/// A env whose org or STS is elsewhere.
fn elsewhere(usual: impl Fn(&TestEnv) -> String, address: &str) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings().replace(&usual(&env), address);
    env.write_settings(&settings);
    env
}

fn org(env: &TestEnv) -> String {
    env.sandbox.org_url()
}

fn sts(env: &TestEnv) -> String {
    env.sandbox.sts_url()
}

#[test]
fn a_name_that_does_not_resolve_is_named() {
    for (usual, host) in counted::<2, _>([
        (org as fn(&TestEnv) -> String, "acme.okta.invalid"),
        (sts, "sts.invalid"),
    ]) {
        let env = elsewhere(usual, &format!("https://{host}"));
        let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
        failed(&env, &ended, &Failure(5, "http.dns", host), host);
        assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    }
}

#[test]
fn a_port_at_which_nobody_listens_is_told_at_once() {
    let by_six = || format!("[::1]:{}", closed().port());
    let by_four = || closed().to_string();
    let org: fn(&TestEnv) -> String = org;
    for (usual, address, says) in counted::<4, _>([
        (org, by_four(), "Connection refused"),
        (sts, by_four(), "Connection refused"),
        // A machine without IPv6 has other words for it.
        (org, by_six(), "[::1]"),
        (sts, by_six(), "[::1]"),
    ]) {
        let env = elsewhere(usual, &format!("https://{address}"));
        let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
        let expected = Failure(5, "http.connect", says);
        failed(&env, &ended, &expected, &address);
        assert!(ended.took < SOON * 2, "{:?}", ended.took);
    }
}

#[test]
fn a_machine_without_a_network_says_so() {
    let env = TestEnv::of("carol").configured();
    let script = format!("ob exec --no-agent {ANSWERED} {COMMAND}");
    let ended = in_shell(&env, &["unshare", "--net", "sh", "-c", &script]);
    let expected = Failure(5, "http.connect", "Network is unreachable");
    failed(&env, &ended, &expected, "no network");
}

#[test]
fn a_host_that_swallows_every_packet_is_given_up_after_ten_seconds() {
    // A listener whose queue is full and which accepts nobody: the kernel drops who knocks next.
    let hole = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::socket::listen(&hole, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let address = hole.local_addr().unwrap();
    let mut knocking = Vec::new();
    while let Ok(one) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        knocking.push(one);
        assert!(knocking.len() < 1000, "the queue never fills");
    }
    let env = elsewhere(org, &format!("https://{address}"));
    let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
    let expected = Failure(
        5,
        "http.timeout",
        "127.0.0.1 did not answer within 10 seconds",
    );
    failed(&env, &ended, &expected, "black hole");
    assert!(ended.took < SOON * 4, "{:?}", ended.took);
}
