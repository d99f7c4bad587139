//! After a kill or hangup of any process of a tunnel nothing remains, and no traffic leaves
//! unprotected.

use nix::sys::signal::Signal;

use super::network::{Vpn, entered, leads_through};
use crate::support::{Pty, eventually};

#[test]
fn killing_the_supervisor_takes_openvpn_down() {
    if !entered(
        "vpn::kills::killing_the_supervisor_takes_openvpn_down",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    vpn.signal(vpn.supervisor(), Signal::SIGKILL);
    // The files are removed too, without a verb.
    vpn.is_gone();
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
}

#[test]
fn killing_openvpn_ends_the_tunnel_with_its_reason() {
    if !entered(
        "vpn::kills::killing_openvpn_ends_the_tunnel_with_its_reason",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("connected");
    vpn.signal(vpn.openvpn(), Signal::SIGKILL);
    let (status, said) = terminal.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("openvpn ended without giving a reason"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn end_of_a_background_tunnel_is_kept_until_the_next() {
    let name = "vpn::kills::end_of_a_background_tunnel_is_kept_until_the_next";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    vpn.signal(vpn.openvpn(), Signal::SIGKILL);
    vpn.is_gone();
    let status = vpn.vpn(&["status"]);
    assert_eq!(status.status.code(), Some(1));
    let said = &status.stdout;
    assert!(
        said.contains("it ended at 20") && said.contains("openvpn ended without giving a reason"),
        "{said}"
    );
    assert_eq!(vpn.status()["error"], "vpn.vanished");
    // A tunnel that was taken down has no end to explain.
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
    assert_eq!(&vpn.vpn(&["status"]).stdout, "the VPN is not up\n");
    assert_eq!(vpn.status(), serde_json::Value::Null);
}

#[test]
fn killing_the_agent_leaves_the_tunnel_up() {
    if !entered("vpn::kills::killing_the_agent_leaves_the_tunnel_up", false) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    let openvpn = vpn.openvpn();
    vpn.signal(vpn.process("ob-agent"), Signal::SIGKILL);
    vpn.ends("ob-agent");
    leads_through();
    assert_eq!(vpn.openvpn(), openvpn);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn hangup_of_agent_or_reaper_leaves_the_tunnel_up() {
    let name = "vpn::kills::hangup_of_agent_or_reaper_leaves_the_tunnel_up";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    let (openvpn, reaper) = (vpn.openvpn(), vpn.reaper());
    vpn.signal(reaper, Signal::SIGHUP);
    vpn.signal(vpn.process("ob-agent"), Signal::SIGHUP);
    vpn.ends("ob-agent");
    leads_through();
    vpn.reaches("connected");
    assert_eq!((vpn.openvpn(), vpn.reaper()), (openvpn, reaper));
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn killing_the_verb_in_the_foreground_takes_the_tunnel_down() {
    if !entered(
        "vpn::kills::killing_the_verb_in_the_foreground_takes_the_tunnel_down",
        false,
    ) {
        return;
    }
    for signal in [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGHUP] {
        let vpn = Vpn::new();
        let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
        terminal.until("connected");
        vpn.signal(terminal.pid(), signal);
        terminal.wait();
        vpn.is_gone();
    }
}

#[test]
fn a_hang_up_of_openvpn_ends_it_and_opens_nothing_in_the_clear() {
    if !entered(
        "vpn::kills::a_hang_up_of_openvpn_ends_it_and_opens_nothing_in_the_clear",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    vpn.signal(vpn.openvpn(), Signal::SIGHUP);
    vpn.is_gone();
    // A socket is closed shortly after its process lost its command line. A socket that sends
    // unprotected would stay.
    let ports = || std::fs::read_to_string("/proc/net/udp").unwrap();
    eventually("openvpn's port is closed", || !ports().contains(":04AA"));
}

#[test]
fn a_hang_up_of_the_supervisor_ends_the_tunnel() {
    if !entered(
        "vpn::kills::a_hang_up_of_the_supervisor_ends_the_tunnel",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    vpn.signal(vpn.supervisor(), Signal::SIGHUP);
    vpn.is_gone();
}
