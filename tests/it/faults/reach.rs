//! Names that do not resolve, ports that are closed, hosts that swallow what they are sent.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::{ANSWERED, COMMAND, Failure, failed, in_shell, shell};
use crate::scene::{SOON, Scene, counted};

/// A port at which nobody listens, and nobody else will: a connection that is kept has it.
fn closed() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kept = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = kept.local_addr().unwrap();
    std::mem::forget((listener, kept));
    address
}

/// A scene whose org or STS is elsewhere.
fn elsewhere(usual: impl Fn(&Scene) -> String, address: &str) -> Scene {
    let scene = Scene::of("carol");
    let settings = scene.settings().replace(&usual(&scene), address);
    scene.write_settings(&settings);
    scene
}

fn org(scene: &Scene) -> String {
    scene.sandbox.org_url()
}

fn sts(scene: &Scene) -> String {
    scene.sandbox.sts_url()
}

#[test]
fn a_name_that_does_not_resolve_is_named() {
    for (usual, host) in counted::<2, _>([
        (org as fn(&Scene) -> String, "acme.okta.invalid"),
        (sts, "sts.invalid"),
    ]) {
        let scene = elsewhere(usual, &format!("https://{host}"));
        let ended = shell(&scene, &format!("ob exec {ANSWERED} {COMMAND}"));
        failed(&scene, &ended, &Failure(5, "http.dns", host), host);
        assert!(ended.took < Duration::from_secs(30), "{:?}", ended.took);
    }
}

#[test]
fn a_port_at_which_nobody_listens_is_told_at_once() {
    let by_six = || format!("[::1]:{}", closed().port());
    let by_four = || closed().to_string();
    let org: fn(&Scene) -> String = org;
    for (usual, address, says) in counted::<4, _>([
        (org, by_four(), "Connection refused"),
        (sts, by_four(), "Connection refused"),
        // A machine without IPv6 has other words for it.
        (org, by_six(), "[::1]"),
        (sts, by_six(), "[::1]"),
    ]) {
        let scene = elsewhere(usual, &format!("https://{address}"));
        let ended = shell(&scene, &format!("ob exec {ANSWERED} {COMMAND}"));
        let expected = Failure(5, "http.connect", says);
        failed(&scene, &ended, &expected, &address);
        assert!(ended.took < SOON * 2, "{:?}", ended.took);
    }
}

#[test]
fn a_machine_without_a_network_says_so() {
    let scene = Scene::of("carol");
    let script = format!("ob exec --no-agent {ANSWERED} {COMMAND}");
    let ended = in_shell(&scene, &["unshare", "--net", "sh", "-c", &script]);
    let expected = Failure(5, "http.connect", "Network is unreachable");
    failed(&scene, &ended, &expected, "no network");
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
    let scene = elsewhere(org, &format!("https://{address}"));
    let ended = shell(&scene, &format!("ob exec {ANSWERED} {COMMAND}"));
    let expected = Failure(
        5,
        "http.timeout",
        "127.0.0.1 did not answer within 10 seconds",
    );
    failed(&scene, &ended, &expected, "black hole");
    assert!(ended.took < SOON * 4, "{:?}", ended.took);
}
