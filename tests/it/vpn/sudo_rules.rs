//! Findings of `ob doctor` about rules of sudo and doas that give away more than a tunnel.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::network::{Vpn, entered};
use super::overlay::{add_files, hide, replace_file};
use super::root_program::{PROGRAM, RULE, install};
use super::sudo::{OPENVPN, machine};
use crate::support::run;

/// The findings of this file: name and state. `sdks::findings` has the others.
pub(crate) const FINDINGS: [(&str, &str); 8] = [
    ("resolvconf", "note"),
    ("sudo.any_program", "wrong"),
    ("sudo.environment", "wrong"),
    ("sudo.installation", "wrong"),
    ("sudo.openvpn", "wrong"),
    ("sudo.program", "good"),
    ("sudo.resolvconf", "wrong"),
    ("sudo.resolvectl", "note"),
];

pub(crate) fn findings() -> impl Iterator<Item = (String, String)> {
    let findings = FINDINGS.into_iter();
    findings.map(|(name, state)| (name.to_owned(), state.to_owned()))
}

/// Returns names and states of the findings about rules.
fn found(vpn: &Vpn) -> Vec<(String, String)> {
    let output = run(&mut vpn.env.ob(["doctor", "--json"]), "");
    let list: Vec<Value> = serde_json::from_str(&output.stdout).unwrap();
    let mut found: Vec<_> = list
        .iter()
        .map(|one| {
            let part = |name: &str| one[name].as_str().unwrap().to_owned();
            (part("name"), part("state"))
        })
        .filter(|(name, _)| name.starts_with("sudo.") || name == "resolvconf")
        .collect();
    found.sort();
    found
}

fn assert_found(vpn: &Vpn, rules: &str, expected: &[(&str, &str)]) {
    replace_file(
        &vpn.env,
        "/etc/sudoers",
        &format!("nobody ALL=(root) {rules}\n"),
        0o440,
    );
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, state)| ((*name).to_owned(), (*state).to_owned()))
        .collect();
    assert_eq!(found(vpn), expected, "{rules}");
}

#[test]
fn doctor_names_what_rules_of_sudo_give_away() {
    if !entered(
        "vpn::sudo_rules::doctor_names_what_rules_of_sudo_give_away",
        true,
    ) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    let resolvconf = ("resolvconf", "note");
    for (rules, expected) in [
        ("NOPASSWD: ALL", &[resolvconf][..]),
        ("ALL", &[resolvconf]),
        (
            &*format!("NOPASSWD: {OPENVPN}"),
            &[resolvconf, ("sudo.openvpn", "wrong")],
        ),
        (
            &format!("PASSWD: {OPENVPN}, NOPASSWD: /usr/bin/true"),
            &[resolvconf],
        ),
        (
            "NOPASSWD: /usr/sbin/resolvconf -a tun-ob0, /usr/sbin/resolvconf -d tun-ob0",
            &[resolvconf, ("sudo.resolvconf", "wrong")],
        ),
        (
            "NOPASSWD: /usr/bin/setsid",
            &[resolvconf, ("sudo.any_program", "wrong")],
        ),
        (
            "NOPASSWD: /usr/bin/resolvectl dns tun-ob0 *",
            &[resolvconf, ("sudo.resolvectl", "note")],
        ),
    ] {
        assert_found(&vpn, rules, expected);
    }
    install(&vpn);
    assert_found(
        &vpn,
        &format!("NOPASSWD: {RULE}"),
        &[("sudo.program", "good")],
    );
    assert_found(
        &vpn,
        "NOPASSWD: SETENV: /usr/libexec/ob/ob-vpn-root",
        &[("sudo.environment", "wrong")],
    );
    fs::set_permissions(PROGRAM, fs::Permissions::from_mode(0o777)).unwrap();
    assert_found(&vpn, "ALL", &[resolvconf, ("sudo.installation", "wrong")]);
}

#[test]
fn doctor_names_what_the_old_rule_of_doas_gives_away() {
    if !entered(
        "vpn::sudo_rules::doctor_names_what_the_old_rule_of_doas_gives_away",
        true,
    ) {
        return;
    }
    let vpn = machine("ALL");
    install(&vpn);
    add_files(&vpn.env, "/usr/bin", |upper| hide(&upper.join("sudo")));
    for (rule, expected) in [
        ("permit nopass nobody as root cmd /usr/bin/setsid", true),
        ("permit persist nobody as root cmd /usr/bin/setsid", false),
    ] {
        add_files(&vpn.env, "/etc", |upper| {
            fs::write(upper.join("doas.conf"), format!("{rule}\n")).unwrap();
        });
        let found = found(&vpn);
        let wrong = found.iter().any(|(name, _)| name == "sudo.any_program");
        assert_eq!(wrong, expected, "{rule}: {found:?}");
    }
}
