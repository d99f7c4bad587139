//! Name servers with Debian's openresolv, in a mount namespace of the test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};

use super::network::{Vpn, entered, leads_through};
use crate::support::{eventually, run};

const BEFORE: &str = "nameserver 192.0.2.1\n";

/// A machine whose resolv.conf is managed by openresolv only.
fn with_openresolv() -> Vpn {
    on_openresolv(Vpn::new())
}

fn on_openresolv(vpn: Vpn) -> Vpn {
    let own = vpn.env.path("etc");
    fs::create_dir(&own).unwrap();
    for name in [
        "passwd",
        "group",
        "nsswitch.conf",
        "hosts",
        "ld.so.cache",
        "resolvconf.conf",
        "localtime",
    ] {
        let from = format!("/etc/{name}");
        if Path::new(&from).exists() {
            fs::copy(from, own.join(name)).unwrap();
        }
    }
    let own = own.display().to_string();
    for words in [
        format!("mount --bind {own} /etc"),
        "mount -t tmpfs tmpfs /run".to_owned(),
    ] {
        let mut words = words.split(' ');
        let status = Command::new(words.next().unwrap())
            .args(words)
            .status()
            .unwrap();
        assert!(status.success());
    }
    fs::write("/etc/resolv.conf", BEFORE).unwrap();
    let there = run(
        Command::new("/usr/sbin/resolvconf").args(["-a", "eth0"]),
        BEFORE,
    );
    assert!(
        there.status.success(),
        "openresolv is needed: {}",
        &there.stderr
    );
    assert!(resolv_conf().contains("192.0.2.1"));
    vpn
}

fn resolv_conf() -> String {
    fs::read_to_string("/etc/resolv.conf").unwrap()
}

#[test]
fn they_are_applied_and_taken_back() {
    if !entered("vpn::name_servers::they_are_applied_and_taken_back", false) {
        return;
    }
    let vpn = with_openresolv();
    vpn.up(&[]);
    let applied = resolv_conf();
    assert!(
        applied.contains("nameserver 10.88.0.1") && applied.contains("corp.test"),
        "{applied}"
    );
    // glibc asks the first one.
    let first = applied.lines().find(|line| line.starts_with("nameserver"));
    assert_eq!(first, Some("nameserver 10.88.0.1"), "{applied}");
    assert_eq!(vpn.status()["dns"]["applied"], true);
    let status = vpn.vpn(&["status"]);
    assert!(
        status
            .stdout
            .contains("name servers 10.88.0.1 for every name, first corp.test")
    );
    assert!(vpn.vpn(&["down"]).status.success());
    assert!(!resolv_conf().contains("10.88.0.1"), "{}", resolv_conf());
    vpn.is_gone();
}

#[test]
fn local_resolvers_can_read_them_under_a_strict_umask() {
    if !entered(
        "vpn::name_servers::local_resolvers_can_read_them_under_a_strict_umask",
        false,
    ) {
        return;
    }
    let vpn = with_openresolv();
    umask(Mode::from_bits_truncate(0o077));
    vpn.up(&[]);
    let record = fs::metadata("/run/resolvconf/interfaces/tun-ob0").unwrap();
    assert_eq!(record.permissions().mode() & 0o777, 0o644);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn they_are_taken_back_when_the_supervisor_is_killed() {
    if !entered(
        "vpn::name_servers::they_are_taken_back_when_the_supervisor_is_killed",
        false,
    ) {
        return;
    }
    let vpn = with_openresolv();
    vpn.up(&[]);
    assert!(resolv_conf().contains("10.88.0.1"));
    vpn.signal(vpn.supervisor(), Signal::SIGKILL);
    eventually("the name servers are taken back", || {
        !resolv_conf().contains("10.88.0.1")
    });
    vpn.is_gone();
}

#[test]
fn name_servers_are_reverted_whatever_signal_hits_the_reaper() {
    if !entered(
        "vpn::name_servers::name_servers_are_reverted_whatever_signal_hits_the_reaper",
        false,
    ) {
        return;
    }
    let vpn = with_openresolv();
    for signal in [
        Signal::SIGHUP,
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGKILL,
    ] {
        vpn.up(&[]);
        let reaper = vpn.reaper();
        vpn.signal(reaper, signal);
        if signal == Signal::SIGKILL {
            eventually("there is another reaper", || {
                let now = vpn.processes("ob vpn keep --");
                now.len() == 1 && now[0] != reaper
            });
            eventually("it keeps the name servers", || {
                vpn.status()["dns"]["applied"] == true
            });
        }
        leads_through();
        // A file that is being replaced is missing for a moment.
        eventually("the name servers are there", || {
            resolv_conf().contains("10.88.0.1")
        });
        assert!(vpn.vpn(&["down"]).status.success(), "{signal}");
        eventually(&format!("taken back after {signal}"), || {
            !resolv_conf().contains("10.88.0.1")
        });
        vpn.is_gone();
    }
}

#[test]
fn they_are_applied_again_after_a_reconnection() {
    if !entered(
        "vpn::name_servers::they_are_applied_again_after_a_reconnection",
        false,
    ) {
        return;
    }
    let mut vpn = with_openresolv();
    vpn.up(&[]);
    vpn.server.restart().unwrap();
    vpn.is_back();
    eventually("its name servers are there", || {
        resolv_conf().contains("10.88.0.1")
    });
    assert!(vpn.vpn(&["down"]).status.success());
    eventually("they are taken back", || {
        !resolv_conf().contains("10.88.0.1")
    });
    vpn.is_gone();
}

#[test]
fn without_a_way_to_apply_them_the_tunnel_stays_and_says_so() {
    let name = "vpn::name_servers::without_a_way_to_apply_them_the_tunnel_stays_and_says_so";
    if !entered(name, false) {
        return;
    }
    let vpn = with_openresolv();
    let refuses = vpn
        .env
        .write("refuses", "#!/bin/sh\necho 'not today' >&2\nexit 1\n");
    let status = Command::new("chmod")
        .arg("755")
        .arg(&refuses)
        .status()
        .unwrap();
    assert!(status.success());
    let status = Command::new("mount")
        .arg("--bind")
        .arg(&refuses)
        .arg("/usr/sbin/resolvconf")
        .status();
    assert!(status.unwrap().success());
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach"]), "");
    assert!(up.status.success());
    let said = &up.stderr;
    assert!(
        said.contains("are not applied") && said.contains("not today"),
        "{said}"
    );
    assert!(
        said.contains("| sudo /usr/sbin/resolvconf -a tun-ob0"),
        "{said}"
    );
    let status = vpn.vpn(&["status"]);
    assert!(status.stdout.contains("are not applied"));
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
