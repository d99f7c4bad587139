//! The machine moves: another resolver, IPv6 only, a VPN, suspend, no network at all; each in its
//! own namespaces.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::{Signal, kill};
use ob_sandbox::Options;

use super::{assert_ran, exec_by, sign_in_by};
use crate::hostile::proxy::{Behavior, Proxy};
use crate::support::{TestEnv, relay};
use crate::vpn::network::{Vpn, entered, ip, leads_through};

const HOST: &str = "acme.example";

/// Starts a name server (RFC 1035) that knows one name, and returns its count of queries.
fn name_server(address: &str, knows_name: bool) -> Arc<AtomicUsize> {
    let socket = UdpSocket::bind((address, 53)).unwrap();
    let queries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&queries);
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            count.fetch_add(1, Ordering::AcqRel);
            let _ = socket.send_to(&answer(&packet[..length], knows_name), from);
        }
    });
    queries
}

/// Starts a name server that marks each UDP answer as truncated, and returns its count of queries
/// over TCP.
fn truncating_name_server(address: &str) -> Arc<AtomicUsize> {
    let socket = UdpSocket::bind((address, 53)).unwrap();
    let listener = TcpListener::bind((address, 53)).unwrap();
    let queries = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&queries);
    thread::spawn(move || {
        let mut packet = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let mut short = answer(&packet[..length], true);
            short[2] |= 0x02;
            let _ = socket.send_to(&short, from);
        }
    });
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let count = Arc::clone(&count);
            thread::spawn(move || serve_by_tcp(client, &count));
        }
    });
    queries
}

fn serve_by_tcp(mut client: TcpStream, queries: &AtomicUsize) {
    let mut length = [0; 2];
    while client.read_exact(&mut length).is_ok() {
        let mut question = vec![0; u16::from_be_bytes(length).into()];
        client.read_exact(&mut question).unwrap();
        queries.fetch_add(1, Ordering::AcqRel);
        let answer = answer(&question, true);
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        client.write_all(&[&length[..], &answer].concat()).unwrap();
    }
}

/// Answers 127.0.0.1 to a query for an A record, nothing for AAAA, NXDOMAIN where the name is not
/// known.
fn answer(question: &[u8], knows_name: bool) -> Vec<u8> {
    let name = question[12..].iter().position(|byte| *byte == 0).unwrap();
    let end = 12 + name + 5;
    let is_address = question[end - 4..end - 2] == [0, 1] && knows_name;
    let mut answer = question[..2].to_vec();
    answer.extend([
        0x81,
        if knows_name { 0x80 } else { 0x83 },
        0,
        1,
        0,
        u8::from(is_address),
        0,
        0,
        0,
        0,
    ]);
    answer.extend(&question[12..end]);
    if is_address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

/// Mounts an `/etc` of the test's own with the given `hosts` and `nsswitch.conf`.
fn mount_own_etc(env: &TestEnv, nsswitch: &str, hosts: &str) {
    let own = env.path("etc");
    fs::create_dir(&own).unwrap();
    for name in ["passwd", "group", "ld.so.cache", "localtime"] {
        let from = format!("/etc/{name}");
        if Path::new(&from).exists() {
            fs::copy(from, own.join(name)).unwrap();
        }
    }
    fs::write(own.join("nsswitch.conf"), format!("hosts: {nsswitch}\n")).unwrap();
    fs::write(own.join("hosts"), hosts).unwrap();
    let mounted = Command::new("mount")
        .arg("--bind")
        .arg(&own)
        .arg("/etc")
        .status();
    assert!(mounted.unwrap().success());
}

fn set_resolver(address: &str) {
    fs::write("/etc/resolv.conf", format!("nameserver {address}\n")).unwrap();
}

fn with_host() -> TestEnv {
    TestEnv::with(
        "carol",
        Options {
            host: Some((HOST.to_owned(), 0)),
            ..Options::default()
        },
    )
    .configured()
}

/// Makes the agent open new connections, because its CA bundle has changed.
fn reconnect(env: &TestEnv) {
    env.write("ca.pem", env.sandbox.ca_pem());
}

#[test]
fn changed_resolver_is_asked_at_the_next_connection() {
    let name = "networks::machine::changed_resolver_is_asked_at_the_next_connection";
    if !entered(name, true) {
        return;
    }
    ip("link set lo up");
    let env = with_host();
    mount_own_etc(&env, "dns", "");
    let office = name_server("127.0.0.53", true);
    let home = name_server("127.0.0.54", true);
    let elsewhere = name_server("127.0.0.55", false);
    set_resolver("127.0.0.53");
    sign_in_by(&env, &[]);
    assert!(office.load(Ordering::Acquire) > 0);
    let before = office.load(Ordering::Acquire);
    set_resolver("127.0.0.54");
    reconnect(&env);
    assert_ran(&exec_by(&env, &[], &[]));
    assert_eq!(
        office.load(Ordering::Acquire),
        before,
        "the old resolver was asked"
    );
    assert!(home.load(Ordering::Acquire) > 0);
    // A name server that does not know the name, as outside of the company.
    set_resolver("127.0.0.55");
    reconnect(&env);
    let ended = exec_by(&env, &[], &["--duration", "15m"]);
    assert!(elsewhere.load(Ordering::Acquire) > 0);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.dns"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("cannot find acme.example"),
        "{}",
        ended.stderr
    );
    // The proxy's name is not the org's.
    let ended = exec_by(
        &env,
        &[("HTTPS_PROXY", "http://proxy.example:3128")],
        &["--duration", "15m"],
    );
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.dns"),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("cannot find the proxy proxy.example:3128"),
        "{}",
        ended.stderr
    );
    unmount();
}

/// What systemd-resolved, mDNS and `resolv.conf` options require, from an agent that opens no Unix
/// socket.
#[test]
fn confined_agent_resolves_by_tcp_and_ipv6() {
    if !entered(
        "networks::machine::confined_agent_resolves_by_tcp_and_ipv6",
        true,
    ) {
        return;
    }
    ip("link set lo up");
    for (address, sources, options) in [
        (
            "127.0.0.53",
            "files resolve [!UNAVAIL=return] dns",
            "options edns0 trust-ad",
        ),
        (
            "::1",
            "mymachines mdns4_minimal [NOTFOUND=return] dns",
            "options single-request-reopen",
        ),
    ] {
        let env = with_host();
        mount_own_etc(&env, sources, "");
        let queries = truncating_name_server(address);
        let text = format!("nameserver {address}\n{options}\n");
        fs::write("/etc/resolv.conf", text).unwrap();
        sign_in_by(&env, &[]);
        assert_ran(&exec_by(&env, &[], &[]));
        assert!(queries.load(Ordering::Acquire) > 0, "{address}");
        assert_eq!(env.status()["agent"]["seccomp"], true);
        unmount();
    }
}

fn unmount() {
    assert!(
        Command::new("umount")
            .args(["-l", "/etc"])
            .status()
            .unwrap()
            .success()
    );
}

/// Forwards connections from `[::1]` to the same port of 127.0.0.1, where the sandbox listens.
fn forward_from_ipv6(url: &str) {
    let port: u16 = url.rsplit(':').next().unwrap().parse().unwrap();
    let listener = TcpListener::bind(("::1", port)).unwrap();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            thread::spawn(move || relay(client, server));
        }
    });
}

#[test]
fn ipv6_only_network_is_enough() {
    if !entered("networks::machine::ipv6_only_network_is_enough", true) {
        return;
    }
    ip("link set lo up");
    let env = with_host();
    mount_own_etc(&env, "files", &format!("::1 {HOST} sts.example\n"));
    let sts = env.sandbox.sts_url();
    forward_from_ipv6(&env.sandbox.org_url());
    forward_from_ipv6(&sts);
    env.write_settings(
        &env.full_settings()
            .replace(&sts, &sts.replace("127.0.0.1", "[::1]")),
    );
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    // A proxy at an IPv6 address is named with its brackets.
    let dead = [("HTTPS_PROXY", "http://[::1]:1")];
    let ended = exec_by(&env, &dead, &["--duration", "15m"]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.connect"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("cannot connect to the proxy [::1]:1"),
        "{}",
        ended.stderr
    );
    // Where the network no longer has IPv6, the host is named.
    fs::write("/etc/hosts", format!("2001:db8::1 {HOST}\n")).unwrap();
    reconnect(&env);
    let ended = exec_by(&env, &[], &["--duration", "15m"]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.connect"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("cannot connect to acme.example"),
        "{}",
        ended.stderr
    );
    unmount();
}

#[test]
fn machine_without_a_network_keeps_its_session() {
    if !entered(
        "networks::machine::machine_without_a_network_keeps_its_session",
        true,
    ) {
        return;
    }
    ip("link set lo up");
    let env = TestEnv::of("carol").configured();
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    ip("link set lo down");
    let ended = exec_by(&env, &[], &["--duration", "15m"]);
    assert_eq!(ended.code(), Some(5), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("check the network"),
        "{}",
        ended.stderr
    );
    // Cached credentials need no network.
    assert_ran(&exec_by(&env, &[], &[]));
    ip("link set lo up");
    assert_ran(&exec_by(&env, &[], &["--duration", "15m"]));
}

#[test]
fn sleep_and_wake_in_another_network_need_no_sign_in() {
    let env = TestEnv::of("carol").configured();
    let office = Proxy::new(Behavior::Forward);
    sign_in_by(&env, &[("HTTPS_PROXY", &office.address)]);
    let agent = env.agent().unwrap();
    kill(agent, Signal::SIGSTOP).unwrap();
    office.stop();
    env.sandbox.advance_clock(30 * 60);
    kill(agent, Signal::SIGCONT).unwrap();
    let requests = office.requests().len();
    assert_ran(&exec_by(&env, &[], &[]));
    assert_eq!(office.requests().len(), requests);
    assert_eq!(env.agent(), Some(agent));
}

/// The VPN's web pages use the caller's network settings, and the session continues while the
/// tunnel is up.
#[test]
fn vpn_comes_up_by_the_route_of_its_caller() {
    if !entered(
        "networks::machine::vpn_comes_up_by_the_route_of_its_caller",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    let office = Proxy::new(Behavior::Forward);
    let exec = |proxy: Option<&str>| {
        let mut exec = vpn.env.ob([
            "exec",
            "--duration",
            if proxy.is_some() { "15m" } else { "20m" },
        ]);
        exec.args(["--", "true"]);
        exec.envs(proxy.map(|proxy| ("HTTPS_PROXY", proxy)));
        crate::support::run(&mut exec, "")
    };
    assert!(exec(Some(&office.address)).status.success());
    let requests = office.requests().len();
    assert!(requests > 0);
    office.stop();
    vpn.up(&["--no-dns"]);
    assert!(exec(None).status.success());
    leads_through();
    assert_eq!(office.requests().len(), requests);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
