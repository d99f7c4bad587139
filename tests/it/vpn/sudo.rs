//! A user with sudo: asked before the sign-in; no secret in sudo's logs; nothing of root's stays.

use std::fs;
use std::path::Path;
use std::process::Command;

use ob_sandbox::Options;

use super::network::{Vpn, entered, leads_through, unprivileged_with};
use super::overlay::replace_file;
use crate::support::{Pty, run};

/// The rule of docs/vpn-sudo.md for openvpn's own command line, for the user `nobody`.
pub(super) const OPENVPN: &str = "/usr/bin/setsid --fork /usr/bin/setpriv --reuid 65534 --regid \
    65534 \
     --clear-groups --inh-caps -all\\,+net_admin --ambient-caps -all\\,+net_admin \
     --bounding-set -all\\,+net_admin --no-new-privs /usr/sbin/openvpn --config *";

/// A sudo that refuses everything and records what it can.
pub(super) fn machine(rule: &str) -> Vpn {
    machine_with(Options::default(), rule)
}

/// As above, with another sandbox.
pub(super) fn machine_with(options: Options, rule: &str) -> Vpn {
    let vpn = unprivileged_with(options);
    let records = vpn.env.path("iolog").display().to_string();
    let sudoers = format!(
        "Defaults use_pty, log_input, log_output, !compress_io, iolog_dir={records}\n\
         Defaults timestamp_type=tty, passprompt=\"sudo wants a password: \", !lecture\n\
         nobody ALL=(root) {rule}\n"
    );
    replace_file(&vpn.env, "/etc/sudoers", &sudoers, 0o440);
    vpn
}

/// Reads all files below a directory.
fn read_all(directory: &Path, into: &mut Vec<u8>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            read_all(&entry.path(), into);
        } else {
            into.extend(fs::read(entry.path()).unwrap());
        }
    }
}

#[test]
fn openvpn_keeps_one_capability_and_sudo_records_no_secret() {
    if !entered(
        "vpn::sudo::openvpn_keeps_one_capability_and_sudo_records_no_secret",
        true,
    ) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    vpn.up(&["--no-dns"]);
    let status = fs::read_to_string(format!("/proc/{}/status", vpn.openvpn())).unwrap();
    for line in [
        "CapEff:\t0000000000001000",
        "CapBnd:\t0000000000001000",
        "NoNewPrivs:\t1",
        "Uid:\t65534\t65534\t65534\t65534",
    ] {
        assert!(status.contains(line), "{line}: {status}");
    }
    // After openvpn has called; sudo closes its records first.
    vpn.ends("/usr/bin/sudo");
    assert!(vpn.vpn(&["down"]).status.success());
    let mut recorded = Vec::new();
    read_all(&vpn.env.path("iolog"), &mut recorded);
    let text = String::from_utf8_lossy(&recorded);
    assert!(text.contains("openvpn"), "sudo has recorded the command");
    for (kind, value) in vpn.env.sandbox.canaries() {
        assert!(!text.contains(&value), "{kind} is in sudo's records");
    }
    vpn.is_gone();
}

#[test]
fn the_line_of_the_readme_is_enough() {
    if !entered("vpn::sudo::the_line_of_the_readme_is_enough", true) {
        return;
    }
    let vpn = machine(&format!("NOPASSWD: {OPENVPN}"));
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn sudo_asks_before_anybody_signs_in_and_its_ticket_is_enough() {
    if !entered(
        "vpn::sudo::sudo_asks_before_anybody_signs_in_and_its_ticket_is_enough",
        true,
    ) {
        return;
    }
    let vpn = machine("ALL");
    let hash = run(
        Command::new("openssl").args(["passwd", "-6", "open-sesame"]),
        "",
    );
    let shadow = format!(
        "root:*:19000:0:99999:7:::\nnobody:{}:19000:0:99999:7:::\n",
        hash.stdout.trim()
    );
    replace_file(&vpn.env, "/etc/shadow", &shadow, 0o600);
    assert!(run(&mut vpn.env.ob(["agent", "stop"]), "").status.success());
    vpn.env.sandbox.clear_log();
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("sudo wants a password: ");
    assert!(
        vpn.env.sandbox.log().is_empty(),
        "nobody was asked for a factor yet"
    );
    terminal.send("open-sesame\r");
    terminal.until("Password for");
    let user = vpn.env.user();
    terminal.send(&format!("{}\r", user.password));
    vpn.env.sandbox.forget_used_codes();
    terminal.until(": ");
    terminal.until(": ");
    terminal.send(&format!("{}\r", user.totp_now()));
    terminal.until("connected");
    leads_through();
    vpn.ends("/usr/bin/sudo");
    terminal.send("\x03");
    terminal.wait();
    vpn.is_gone();
}

#[test]
fn user_refused_by_sudo_is_not_asked_to_sign_in() {
    if !entered(
        "vpn::sudo::user_refused_by_sudo_is_not_asked_to_sign_in",
        true,
    ) {
        return;
    }
    let vpn = machine("/usr/bin/true");
    vpn.env.sandbox.clear_log();
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach"]), "");
    assert_eq!(up.status.code(), Some(3), "{}", &up.stderr);
    assert!(up.stderr.contains("`ob vpn exec -- CMD`"), "{}", &up.stderr);
    assert!(vpn.env.sandbox.log().is_empty());
    vpn.is_gone();
}

#[test]
fn staying_processes_hold_no_output_and_sudo_errors_show() {
    let name = "vpn::sudo::staying_processes_hold_no_output_and_sudo_errors_show";
    if !entered(name, true) {
        return;
    }
    // Without a pty, sudo passes its streams on; a pipe of `ob` would wait for their end.
    let vpn = machine("NOPASSWD: ALL\nDefaults !use_pty, !log_input, !log_output");
    vpn.up(&["--no-dns"]);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
    // Any openvpn command line but ours.
    let rule = format!(
        "NOPASSWD: /usr/bin/setsid, !{}",
        OPENVPN.replace("--config *", "*")
    );
    replace_file(
        &vpn.env,
        "/etc/sudoers",
        &format!("nobody ALL=(root) {rule}\n"),
        0o440,
    );
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
    let said = &up.stderr;
    assert_eq!(up.status.code(), Some(1), "{said}");
    assert!(
        said.contains("openvpn was not started as root")
            && said.contains("cause: Sorry, user nobody"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn a_hang_up_of_the_terminal_takes_the_tunnel_down() {
    if !entered(
        "vpn::sudo::a_hang_up_of_the_terminal_takes_the_tunnel_down",
        true,
    ) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("connected");
    drop(terminal);
    vpn.is_gone();
}
