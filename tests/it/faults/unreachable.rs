//! Names that do not resolve, closed ports, hosts that drop all packets.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::{ANSWERED, COMMAND, Failure, assert_failed, in_shell, shell};
use crate::support::{SOON, TestEnv, counted};

/// A port that is closed and stays so, because an open connection occupies it.
fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kept = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = kept.local_addr().unwrap();
    std::mem::forget((listener, kept));
    address
}

/// An environment whose org or STS is at another address.
fn env_with_url(current_url: impl Fn(&TestEnv) -> String, address: &str) -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings().replace(&current_url(&env), address);
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
fn unresolvable_name_is_named() {
    for (current_url, host) in counted::<2, _>([
        (org as fn(&TestEnv) -> String, "acme.okta.invalid"),
        (sts, "sts.invalid"),
    ]) {
        let env = env_with_url(current_url, &format!("https://{host}"));
        let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
        assert_failed(&env, &ended, &Failure(5, "http.dns", host), host);
        assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    }
}

#[test]
fn closed_port_is_reported_at_once() {
    let by_six = || format!("[::1]:{}", closed_port().port());
    let by_four = || closed_port().to_string();
    let org: fn(&TestEnv) -> String = org;
    for (current_url, address, expected_text) in counted::<4, _>([
        (org, by_four(), "Connection refused"),
        (sts, by_four(), "Connection refused"),
        // A machine without IPv6 reports it in other words.
        (org, by_six(), "[::1]"),
        (sts, by_six(), "[::1]"),
    ]) {
        let env = env_with_url(current_url, &format!("https://{address}"));
        let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
        let expected = Failure(5, "http.connect", expected_text);
        assert_failed(&env, &ended, &expected, &address);
        assert!(ended.took < SOON * 2, "{:?}", ended.took);
    }
}

#[test]
fn machine_without_a_network_is_named() {
    let env = TestEnv::of("carol").configured();
    let script = format!("ob exec --no-agent {ANSWERED} {COMMAND}");
    let ended = in_shell(&env, &["unshare", "--net", "sh", "-c", &script]);
    let expected = Failure(5, "http.connect", "Network is unreachable");
    assert_failed(&env, &ended, &expected, "no network");
}

#[test]
fn host_that_drops_packets_times_out_after_ten_seconds() {
    // A listener with a full queue that accepts nothing: the kernel drops further packets.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    nix::sys::socket::listen(&listener, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let mut connections = Vec::new();
    while let Ok(one) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        connections.push(one);
        assert!(connections.len() < 1000, "the queue never fills");
    }
    let env = env_with_url(org, &format!("https://{address}"));
    let ended = shell(&env, &format!("ob exec {ANSWERED} {COMMAND}"));
    let expected = Failure(
        5,
        "http.timeout",
        "127.0.0.1 did not answer within 10 seconds",
    );
    assert_failed(&env, &ended, &expected, "black hole");
    assert!(ended.took < SOON * 4, "{:?}", ended.took);
}
