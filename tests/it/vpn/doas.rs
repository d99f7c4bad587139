//! A user with doas on a machine without sudo: Debian's opendoas.

use std::fs;
use std::path::Path;

use super::network::{Vpn, entered, leads_through, unprivileged};
use super::overlay::{add_files, hide};
use crate::support::run;

fn machine(rule: &str) -> Vpn {
    let vpn = unprivileged();
    add_files(&vpn.env, "/usr/bin", |upper| hide(&upper.join("sudo")));
    add_files(&vpn.env, "/etc", |upper| {
        fs::write(upper.join("doas.conf"), format!("{rule}\n")).unwrap();
    });
    assert!(!Path::new("/usr/bin/sudo").exists());
    vpn
}

#[test]
fn openvpn_keeps_one_capability() {
    if !entered("vpn::doas::openvpn_keeps_one_capability", true) {
        return;
    }
    let vpn = machine("permit nopass nobody as root cmd /usr/bin/setsid");
    vpn.up(&[]);
    let status = fs::read_to_string(format!("/proc/{}/status", vpn.openvpn())).unwrap();
    for line in [
        "CapEff:\t0000000000001000",
        "NoNewPrivs:\t1",
        "Uid:\t65534\t65534\t65534\t65534",
    ] {
        assert!(status.contains(line), "{line}: {status}");
    }
    vpn.ends("/usr/bin/doas");
    // Name servers need another rule.
    let why = &vpn.status()["dns"]["why"];
    assert!(why.to_string().contains("resolvconf"), "{why}");
    leads_through();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn user_without_a_doas_rule_is_not_asked_to_sign_in() {
    if !entered(
        "vpn::doas::user_without_a_doas_rule_is_not_asked_to_sign_in",
        true,
    ) {
        return;
    }
    let vpn = machine("permit nopass root");
    vpn.env.sandbox.clear_log();
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach"]), "");
    assert_eq!(up.status.code(), Some(3), "{}", &up.stderr);
    assert!(
        up.stderr
            .contains("doas does not let you bring up a tunnel")
    );
    assert!(vpn.env.sandbox.log().is_empty());
    vpn.is_gone();
}
