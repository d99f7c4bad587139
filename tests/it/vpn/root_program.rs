//! `ob-vpn-root` with real sudo and doas: what its one rule is enough for, and what it refuses.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use ob_sandbox::{Options, VpnOptions};
use serde_json::{Value, json};

use super::network::{Vpn, entered, leads_through, unprivileged};
use super::overlay::{add_files, hide, mount, replace_file};
use super::sudo::{machine, machine_with};
use crate::support::{Finished, Pty, eventually, run};

pub(super) const PROGRAM: &str = "/usr/libexec/ob/ob-vpn-root";
/// The rule of docs/vpn-sudo.md.
pub(super) const RULE: &str = "/usr/libexec/ob/ob-vpn-root \"\"";

/// Installs the program as docs/admin.md says.
pub(super) fn install(vpn: &Vpn) {
    add_files(&vpn.env, "/usr/libexec", |upper| {
        fs::create_dir(upper.join("ob")).unwrap();
        let program = upper.join("ob/ob-vpn-root");
        fs::copy(env!("CARGO_BIN_EXE_ob-vpn-root"), &program).unwrap();
        fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    });
}

pub(super) fn installed() -> Vpn {
    let vpn = machine(&format!("NOPASSWD: {RULE}"));
    install(&vpn);
    with_own_resolver_files(&vpn);
    vpn
}

const BEFORE: &str = "nameserver 192.0.2.1\n";

/// Protects the machine's resolver files if the program wrongly sets name servers.
fn with_own_resolver_files(vpn: &Vpn) {
    let sudoers = fs::read("/etc/sudoers").unwrap();
    add_files(&vpn.env, "/etc", |upper| {
        fs::write(upper.join("resolv.conf"), BEFORE).unwrap();
        fs::write(upper.join("sudoers"), sudoers).unwrap();
        fs::set_permissions(upper.join("sudoers"), Permissions::from_mode(0o440)).unwrap();
    });
    mount(&["-t", "tmpfs", "tmpfs", "/run"]);
}

/// Runs the program by sudo, as a user without any other right.
pub(super) fn ask(vpn: &Vpn, input: impl AsRef<[u8]>) -> Finished {
    let mut sudo = vpn.env.command("/usr/bin/sudo");
    run(sudo.args(["-n", "--", PROGRAM]), input)
}

pub(super) fn request(action: Value) -> String {
    json!({ "protocol": 1, "action": action }).to_string()
}

/// Fails unless the program refused with this name.
pub(super) fn assert_refused(output: &Finished, name: &str) {
    let said = &output.stderr;
    assert!(!output.status.success(), "{name}: accepted");
    assert!(
        said.contains(&format!("ob-vpn-root: {name}: ")),
        "{name}: {said}"
    );
}

#[test]
fn one_rule_is_enough_and_openvpn_has_one_capability() {
    if !entered(
        "vpn::root_program::one_rule_is_enough_and_openvpn_has_one_capability",
        true,
    ) {
        return;
    }
    let vpn = installed();
    vpn.up(&["--no-dns", "--route", "10.77.0.0/24"]);
    let process = vpn.openvpn();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    for line in [
        "CapInh:\t0000000000001000",
        "CapPrm:\t0000000000001000",
        "CapEff:\t0000000000001000",
        "CapBnd:\t0000000000001000",
        "CapAmb:\t0000000000001000",
        "NoNewPrivs:\t1",
        "Uid:\t65534\t65534\t65534\t65534",
        "Groups:\t \n",
    ] {
        assert!(status.contains(line), "{line}: {status}");
    }
    let words = fs::read(format!("/proc/{process}/cmdline")).unwrap();
    let words = String::from_utf8_lossy(&words).replace('\0', " ");
    assert!(
        words.contains("--config stdin --client --nobind"),
        "{words}"
    );
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn programs_of_the_user_cannot_make_openvpn_run_code() {
    if !entered(
        "vpn::root_program::programs_of_the_user_cannot_make_openvpn_run_code",
        true,
    ) {
        return;
    }
    let vpn = installed();
    vpn.up(&["--no-dns"]);
    let process = vpn.openvpn();
    // The kernel requires every capability of the inspected process.
    for what in ["mem", "environ", "maps", "fd/0", "cwd/etc"] {
        let file = format!("/proc/{process}/{what}");
        let read = run(vpn.env.command("ls").arg("-l").arg(&file), "");
        let head = run(vpn.env.command("head").args(["-c1", &file]), "");
        assert!(!head.status.success(), "{what}: {}", &read.stdout);
    }
    let attach = "import ctypes, sys; libc = ctypes.CDLL(None, use_errno=True); \
                  sys.exit(0 if libc.ptrace(16, int(sys.argv[1]), 0, 0) == 0 else 7)";
    let attached = run(
        vpn.env
            .command("/usr/bin/python3")
            .args(["-c", attach, &process.to_string()]),
        "",
    );
    assert_eq!(attached.status.code(), Some(7), "ptrace must be refused");
    // When it is made to read its configuration again, there is none, and it ends.
    let mark = vpn.env.path("tmp/ran");
    let evil = vpn.env.path("tmp/evil");
    fs::write(&evil, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
    fs::set_permissions(&evil, Permissions::from_mode(0o755)).unwrap();
    let words = fs::read(format!("/proc/{process}/cmdline")).unwrap();
    let words = String::from_utf8_lossy(&words).into_owned();
    let socket = words.split('\0').find(|word| word.ends_with("/m")).unwrap();
    let directory = Path::new(socket).parent().unwrap();
    let _ = fs::create_dir(directory);
    let config = format!("script-security 2\nup {}\ndev null\n", evil.display());
    for name in ["p", "stdin"] {
        fs::write(directory.join(name), &config).unwrap();
    }
    let hang_up = run(
        vpn.env.command("kill").args(["-HUP", &process.to_string()]),
        "",
    );
    assert!(hang_up.status.success(), "it is the user's own process");
    vpn.ends("/usr/sbin/openvpn");
    assert!(!mark.exists());
    fs::remove_dir_all(directory).unwrap();
    vpn.is_gone();
}

#[test]
fn openresolv_gets_values_that_hold_no_command() {
    if !entered(
        "vpn::root_program::openresolv_gets_values_that_hold_no_command",
        true,
    ) {
        return;
    }
    let options = Options {
        vpn: VpnOptions {
            push: vec![
                "dhcp-option DOMAIN-SEARCH x$(touch${IFS}/run/ran).test".to_owned(),
                "dhcp-option DOMAIN-SEARCH x`touch${IFS}/run/ran`.test".to_owned(),
                "dhcp-option DOMAIN-SEARCH good.test".to_owned(),
            ],
            ..VpnOptions::default()
        },
        ..Options::default()
    };
    let vpn = machine_with(options, &format!("NOPASSWD: {RULE}"));
    install(&vpn);
    with_own_resolver_files(&vpn);
    let there = run(
        Command::new("/usr/sbin/resolvconf").args(["-a", "eth0"]),
        BEFORE,
    );
    assert!(
        there.status.success(),
        "openresolv is needed: {}",
        &there.stderr
    );
    vpn.up(&[]);
    let status = vpn.status();
    assert_eq!(status["dns"]["applied"], true, "{status}");
    assert_eq!(status["dns"]["domains"], json!(["corp.test", "good.test"]));
    assert_eq!(
        status["dns"]["notes"].as_array().unwrap().len(),
        3,
        "{status}"
    );
    let resolv_conf = || fs::read_to_string("/etc/resolv.conf").unwrap();
    let applied = resolv_conf();
    assert!(applied.contains("nameserver 10.88.0.1"), "{applied}");
    assert!(
        applied.contains("good.test") && !applied.contains("touch"),
        "{applied}"
    );
    // Local resolvers, which are not root, read what resolvconf writes.
    let record = fs::metadata("/run/resolvconf/interfaces/tun-ob0").unwrap();
    assert_eq!(record.permissions().mode() & 0o777, 0o644);
    // Also with a hand-made request.
    let hostile = request(json!({ "SetDns": {
        "device": "tun-ob0", "servers": ["10.88.0.1"], "search": ["x$(touch /run/ran)"],
        "route_domains": [], "scope": "all", "is_scope_chosen": false,
    }}));
    assert_refused(&ask(&vpn, hostile), "request.malformed");
    assert!(vpn.vpn(&["down"]).status.success());
    eventually("they are reverted", || !resolv_conf().contains("10.88.0.1"));
    assert!(!Path::new("/run/ran").exists());
    vpn.is_gone();
}

#[test]
fn copy_that_others_can_write_is_not_used() {
    if !entered(
        "vpn::root_program::copy_that_others_can_write_is_not_used",
        true,
    ) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    install(&vpn);
    fs::set_permissions(PROGRAM, Permissions::from_mode(0o775)).unwrap();
    assert_refused(&ask(&vpn, request(json!("Probe"))), "installation");
    vpn.up(&["--no-dns"]);
    let words = fs::read(format!("/proc/{}/cmdline", vpn.openvpn())).unwrap();
    assert!(!String::from_utf8_lossy(&words).contains("\0stdin\0"));
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn rule_with_a_password_uses_the_program_too() {
    if !entered(
        "vpn::root_program::rule_with_a_password_uses_the_program_too",
        true,
    ) {
        return;
    }
    let vpn = machine(RULE);
    install(&vpn);
    let hash = run(
        Command::new("openssl").args(["passwd", "-6", "open-sesame"]),
        "",
    );
    let shadow = format!("nobody:{}:19000:0:99999:7:::\n", hash.stdout.trim());
    replace_file(&vpn.env, "/etc/shadow", &shadow, 0o600);
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("sudo wants a password: ");
    terminal.send("open-sesame\r");
    terminal.until("connected");
    leads_through();
    let words = fs::read(format!("/proc/{}/cmdline", vpn.openvpn())).unwrap();
    assert!(String::from_utf8_lossy(&words).contains("\0stdin\0"));
    vpn.signal(vpn.supervisor(), Signal::SIGKILL);
    terminal.wait();
    vpn.is_gone();
}

#[test]
fn rule_of_doas_without_arguments_is_enough() {
    if !entered(
        "vpn::root_program::rule_of_doas_without_arguments_is_enough",
        true,
    ) {
        return;
    }
    let vpn = unprivileged();
    add_files(&vpn.env, "/usr/bin", |upper| hide(&upper.join("sudo")));
    add_files(&vpn.env, "/etc", |upper| {
        let rule = format!("permit nopass nobody as root cmd {PROGRAM} args\n");
        fs::write(upper.join("doas.conf"), rule).unwrap();
    });
    install(&vpn);
    let mut doas = vpn.env.command("/usr/bin/doas");
    let refused = run(doas.args(["-n", PROGRAM, "--up"]), request(json!("Probe")));
    assert!(!refused.status.success() && !refused.stderr.contains("ob-vpn-root:"));
    vpn.up(&["--no-dns"]);
    let status = fs::read_to_string(format!("/proc/{}/status", vpn.openvpn())).unwrap();
    assert!(status.contains("CapEff:\t0000000000001000"), "{status}");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}
