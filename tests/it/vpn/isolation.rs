//! `ob vpn exec` separates ports, routes and name servers of the machine from those of the command.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::thread;

use ob_sandbox::{Options, VpnOptions};

use super::command::{machine, machine_with};
use super::network::{Vpn, entered};
use super::overlay::mount;
use crate::support::{run, text};

/// Connects to these addresses and ports and prints each answer or error.
const REACH: &str = r#"
import socket, sys
for where in sys.argv[1:]:
    host, port = where.rsplit(":", 1)
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    for proto in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(kind, proto)
        s.settimeout(2)
        try:
            s.connect((host, int(port)))
            s.send(b"?")
            print(s.recv(100).decode())
        except OSError as error:
            print("nothing")
"#;

/// Listens by TCP and UDP on all addresses, prints that it is ready, and answers with its argument.
const LISTEN: &str = r#"
import socket, sys, threading
def tcp(s):
    while True:
        one, _ = s.accept()
        one.recv(1)
        one.sendall(sys.argv[2].encode())
        one.close()
def udp(s):
    while True:
        _, peer = s.recvfrom(100)
        s.sendto(sys.argv[2].encode(), peer)
for kind, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
    for proto, serve in ((socket.SOCK_STREAM, tcp), (socket.SOCK_DGRAM, udp)):
        s = socket.socket(kind, proto)
        if kind == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.bind((host, int(sys.argv[1])))
        if proto == socket.SOCK_STREAM:
            s.listen()
        threading.Thread(target=serve, args=(s,), daemon=True).start()
print("listening", flush=True)
sys.stdin.read()
"#;

#[test]
fn no_port_is_forwarded_into_or_out_of_the_tunnels_network() {
    if !entered(
        "vpn::isolation::no_port_is_forwarded_into_or_out_of_the_tunnels_network",
        true,
    ) {
        return;
    }
    let vpn = machine();
    // On the machine's loopback: it must not be reachable inside.
    let mut outer = Command::new("python3");
    outer.args(["-c", LISTEN, "4711", "the machine"]);
    let mut outer = outer
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(outer.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "listening\n");
    // The probe reaches a listener outside.
    let seen = Command::new("python3")
        .args(["-c", REACH, "127.0.0.1:4711", "::1:4711"])
        .output()
        .unwrap();
    assert_eq!(text(&seen.stdout), "the machine\n".repeat(4));
    let inside = [
        "vpn",
        "exec",
        "--",
        "python3",
        "-c",
        REACH,
        "127.0.0.1:4711",
        "::1:4711",
    ];
    let inside = run(&mut vpn.env.ob(inside), "");
    assert_eq!(inside.stdout, "nothing\n".repeat(4), "{}", inside.stderr);
    // A listener of the command: it must not be reachable from the machine.
    let listener = [
        "vpn",
        "exec",
        "--",
        "python3",
        "-c",
        LISTEN,
        "4712",
        "the command",
    ];
    let mut listener = vpn
        .env
        .ob(listener)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(listener.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "listening\n");
    let addresses = ["127.0.0.1:4712", "::1:4712", "10.99.0.2:4712"];
    let reached = Command::new("python3")
        .args(["-c", REACH])
        .args(addresses)
        .output()
        .unwrap();
    assert_eq!(text(&reached.stdout), "nothing\n".repeat(6));
    drop(listener.stdin.take());
    assert!(listener.wait().unwrap().success());
    outer.kill().unwrap();
    outer.wait().unwrap();
    vpn.is_gone();
}

/// Options of a server that tries to get more than the policy allows: option names in quotes.
pub(super) fn greedy_pushes() -> Vec<String> {
    let pushed = [
        r#"\"redirect-gateway\" def1"#,
        r#"'redirect-private' def1"#,
        r#"\"route\" 10.66.0.0 255.255.0.0"#,
        r#"'route' 10.67.0.0 255.255.0.0"#,
        r#"\"dhcp-option\" DNS 10.88.0.66"#,
        r#"'dhcp-option' DNS 10.88.0.67"#,
        r#"dhcp-option \"DNS\" 10.88.0.68"#,
        "  route 10.65.0.0 255.255.0.0",
    ];
    pushed.map(str::to_owned).to_vec()
}

#[test]
fn a_command_gets_the_routes_and_name_servers_of_its_flags() {
    if !entered(
        "vpn::isolation::a_command_gets_the_routes_and_name_servers_of_its_flags",
        true,
    ) {
        return;
    }
    let vpn = machine_with(Options {
        vpn: VpnOptions {
            push: greedy_pushes(),
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    fs::write(vpn.env.path("tmp/resolv.conf"), "nameserver 192.0.2.53\n").unwrap();
    let own = vpn.env.path("tmp/resolv.conf").display().to_string();
    mount(&["--bind", &own, "/etc/resolv.conf"]);
    let script = "ip route | sed -n 's/ .*tun-ob0.*//p' | sort; cat /etc/resolv.conf";
    let inside = |flags: &[&str]| {
        let command = ["--", "sh", "-c", script];
        let ended = run(vpn.env.ob(["vpn", "exec"]).args(flags).args(command), "");
        assert!(ended.status.success(), "{flags:?}: {}", &ended.stderr);
        ended.stdout.to_owned()
    };
    let theirs = "search corp.test\nnameserver 10.88.0.1\n";
    let ours = "nameserver 192.0.2.53\n";
    let offered = "10.65.0.0/16\n10.77.0.0/24\n10.88.0.0/24\n";
    let (none, one) = ("10.88.0.0/24\n", "10.77.0.0/25\n10.88.0.0/24\n");
    for (flags, routes, name_servers) in [
        (&[][..], offered, theirs),
        (&["--no-dns"], offered, ours),
        (&["--no-routes"], none, theirs),
        (&["--no-routes", "--no-dns"], none, ours),
        (&["--route", "10.77.0.0/25"], one, theirs),
        (&["--route", "10.77.0.0/25", "--no-dns"], one, ours),
    ] {
        assert_eq!(
            inside(flags),
            format!("{routes}{name_servers}"),
            "{flags:?}"
        );
    }
    let settings = vpn.env.minimal_settings() + &super::network::vpn_settings(&vpn.env.sandbox);
    vpn.env
        .write_settings(&(settings + "routes = [\"10.77.0.0/25\"]\n"));
    assert_eq!(inside(&[]), format!("{one}{theirs}"));
    vpn.is_gone();
}

#[test]
fn name_servers_on_the_machines_loopback_are_asked_from_inside() {
    if !entered(
        "vpn::isolation::name_servers_on_the_machines_loopback_are_asked_from_inside",
        true,
    ) {
        return;
    }
    let vpn: Vpn = machine();
    fs::write(
        vpn.env.path("tmp/resolv.conf"),
        "nameserver 127.0.0.53\nsearch acme.test\n",
    )
    .unwrap();
    let own = vpn.env.path("tmp/resolv.conf").display().to_string();
    mount(&["--bind", &own, "/etc/resolv.conf"]);
    let server = UdpSocket::bind("127.0.0.53:53").unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((_, peer)) = server.recv_from(&mut query) {
            let _ = server.send_to(b"answered", peer);
        }
    });
    let inside = ["vpn", "exec", "--no-dns", "--", "python3", "-c", REACH];
    let asked = run(vpn.env.ob(inside).arg("169.254.1.1:53"), "");
    assert_eq!(&asked.stdout, "nothing\nanswered\n", "{}", &asked.stderr);
    let inside = ["vpn", "exec", "--no-dns", "--", "cat", "/etc/resolv.conf"];
    let shown = run(&mut vpn.env.ob(inside), "");
    assert_eq!(&shown.stdout, "search acme.test\nnameserver 169.254.1.1\n");
    vpn.is_gone();
}
