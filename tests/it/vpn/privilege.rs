//! What runs as root and what does not: replaced programs, environments, other users, missing
//! programs.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::network::{Vpn, entered, leads_through, unprivileged};
use super::overlay::{add_files, hide};
use super::sudo::machine;
use crate::support::{Pty, run};

/// Number of rows, one for each tested condition.
pub(crate) const ROWS: usize =
    HOSTILE_VARIABLES.len() + EVIL.len() + REPLACED + MISSING.len() + OTHERS;
/// The other tests of this file, and those of `sudo.rs`, `doas.rs`, `kills.rs`, `tunnel.rs`,
/// `root_program.rs` and `root_refusals.rs` that count as rows.
const OTHERS: usize = 9 + 11 + 6 + 5;

const HOSTILE_VARIABLES: [(&str, &str); 7] = [
    ("LD_PRELOAD", "/nonexistent/evil.so"),
    ("LD_LIBRARY_PATH", "/nonexistent"),
    ("IFS", "/"),
    ("ENV", "/nonexistent/env"),
    ("BASH_ENV", "/nonexistent/env"),
    ("OPENSSL_CONF", "/nonexistent/openssl.cnf"),
    ("SUDO_ASKPASS", "/nonexistent/askpass"),
];
const EVIL: [&str; 6] = ["sudo", "doas", "openvpn", "setsid", "setpriv", "resolvconf"];

#[test]
fn nothing_of_the_environment_reaches_what_runs_with_rights() {
    let name = "vpn::privilege::nothing_of_the_environment_reaches_what_runs_with_rights";
    if !entered(name, true) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL\nDefaults !secure_path");
    let mark = vpn.env.path("tmp/evil-ran").display().to_string();
    let evil = vpn.env.path("tmp/evil");
    fs::create_dir(&evil).unwrap();
    for name in EVIL {
        fs::write(evil.join(name), format!("#!/bin/sh\necho $0 >> {mark}\n")).unwrap();
        fs::set_permissions(evil.join(name), Permissions::from_mode(0o755)).unwrap();
    }
    // Started by env: the test's own setsid would be in the list otherwise.
    let usual = std::env::var("PATH").unwrap();
    let mut up = vpn.env.command("env");
    up.arg(format!("PATH={}:{usual}", evil.display()));
    up.args(HOSTILE_VARIABLES.map(|(name, value)| format!("{name}={value}")));
    up.arg(vpn.env.path("bin/ob"))
        .args(["vpn", "up", "--detach"]);
    let up = run(&mut up, "");
    assert!(up.status.success(), "{}", &up.stderr);
    leads_through();
    for process in [vpn.openvpn(), vpn.supervisor(), vpn.reaper()] {
        let environment = fs::read(format!("/proc/{process}/environ")).unwrap();
        let environment = String::from_utf8_lossy(&environment);
        for (name, _) in HOSTILE_VARIABLES {
            assert!(!environment.contains(&format!("{name}=")), "{environment}");
        }
        assert!(!environment.contains(&evil.display().to_string()));
    }
    assert!(vpn.vpn(&["down"]).status.success());
    assert!(
        !Path::new(&mark).exists(),
        "{}",
        fs::read_to_string(&mark).unwrap()
    );
    vpn.is_gone();
}

/// Ways in which another user could have installed openvpn, and one for its directory.
const REPLACED: usize = 4;

#[test]
fn program_that_others_could_replace_is_not_started() {
    let name = "vpn::privilege::program_that_others_could_replace_is_not_started";
    if !entered(name, true) {
        return;
    }
    let vpn = unprivileged();
    let theirs = vpn.env.path("tmp/openvpn");
    fs::copy("/usr/sbin/openvpn", &theirs).unwrap();
    // What is done there is done to a copy.
    add_files(&vpn.env, "/usr/sbin", |_| ());
    let place = Path::new("/usr/sbin/openvpn");
    let refused = |what: &str| {
        let up = run(&mut vpn.env.ob(["vpn", "up", "--detach"]), "");
        assert_eq!(up.status.code(), Some(126), "{what}: {}", &up.stderr);
        let said = &up.stderr;
        assert!(
            said.contains("could have been put there by somebody else than root"),
            "{said}"
        );
    };
    fs::set_permissions(place, Permissions::from_mode(0o775)).unwrap();
    refused("its group may write it");
    fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
    chown(place, Some(65_534), None).unwrap();
    refused("it is a user's");
    fs::remove_file(place).unwrap();
    symlink(&theirs, place).unwrap();
    refused("it leads to a user's");
    fs::remove_file(place).unwrap();
    fs::copy(&theirs, place).unwrap();
    fs::set_permissions("/usr/sbin", Permissions::from_mode(0o777)).unwrap();
    refused("everybody may write its directory");
    vpn.is_gone();
}

/// A missing program, and the message.
const MISSING: [(&str, &[&str], &str); 3] = [
    ("/usr/sbin", &["openvpn"], "openvpn is not installed"),
    (
        "/usr/bin",
        &["sudo", "doas"],
        "`ob vpn exec -- CMD` runs one command inside the tunnel",
    ),
    ("/usr/bin", &["setpriv"], "setpriv is not installed"),
];

#[test]
fn what_is_missing_is_named_before_anybody_signs_in() {
    let name = "vpn::privilege::what_is_missing_is_named_before_anybody_signs_in";
    if !entered(name, true) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    vpn.env.sandbox.clear_log();
    for (directory, names, said) in MISSING {
        add_files(&vpn.env, directory, |upper| {
            for name in names {
                hide(&upper.join(name));
            }
        });
        // The test itself changes the user by `setpriv`.
        let up = match names {
            ["setpriv"] => {
                let mut bare = vpn.env.ob(["vpn", "up", "--detach"]);
                let mut perl = Command::new("perl");
                perl.args([
                    "-e",
                    "$) = '65534 65534'; $( = 65534; $< = $> = 65534; exec @ARGV",
                ]);
                perl.arg(vpn.env.path("bin/ob"))
                    .args(["vpn", "up", "--detach"]);
                perl.env_clear().envs(
                    bare.env("X", "")
                        .get_envs()
                        .filter_map(|(k, v)| Some((k, v?))),
                );
                run(&mut perl, "")
            }
            _ => run(&mut vpn.env.ob(["vpn", "up", "--detach"]), ""),
        };
        assert!(!up.status.success());
        assert!(up.stderr.contains(said), "{}", &up.stderr);
        assert!(
            Command::new("umount")
                .args(["-l", directory])
                .status()
                .unwrap()
                .success()
        );
    }
    assert!(vpn.env.sandbox.log().is_empty());
    vpn.is_gone();
}

#[test]
fn caller_with_the_capability_is_not_asked_for_a_password() {
    let name = "vpn::privilege::caller_with_the_capability_is_not_asked_for_a_password";
    if !entered(name, true) {
        return;
    }
    let vpn = unprivileged();
    add_files(&vpn.env, "/usr/bin", |upper| {
        for name in ["sudo", "doas"] {
            hide(&upper.join(name));
        }
    });
    let usual = vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]);
    let mut with = Command::new("setpriv");
    with.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    with.args([
        "--inh-caps=+net_admin,+sys_nice",
        "--ambient-caps=+net_admin,+sys_nice",
    ]);
    // The test's own command, without its wrapper.
    let words: Vec<_> = usual.get_args().collect();
    let program = words
        .iter()
        .position(|word| word.as_encoded_bytes().ends_with(b"/bin/ob"));
    with.args(&words[program.unwrap()..]).env_clear();
    with.envs(
        usual
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let up = run(&mut with, "");
    assert!(up.status.success(), "{}", &up.stderr);
    leads_through();
    let status = fs::read_to_string(format!("/proc/{}/status", vpn.openvpn())).unwrap();
    for line in [
        "CapEff:\t0000000000001000",
        "CapPrm:\t0000000000001000",
        "NoNewPrivs:\t1",
    ] {
        assert!(status.contains(line), "{line}: {status}");
    }
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn somebody_who_leaves_sudos_question_has_signed_in_nowhere() {
    let name = "vpn::privilege::somebody_who_leaves_sudos_question_has_signed_in_nowhere";
    if !entered(name, true) {
        return;
    }
    let vpn = machine("ALL");
    vpn.env.sandbox.clear_log();
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("sudo wants a password: ");
    terminal.send("\x03");
    let (status, said) = terminal.wait();
    assert!(!status.success(), "{said}");
    assert!(vpn.env.sandbox.log().is_empty());
    vpn.is_gone();
}

#[test]
fn nobody_else_reads_or_drives_the_supervisor() {
    if !entered(
        "vpn::privilege::nobody_else_reads_or_drives_the_supervisor",
        true,
    ) {
        return;
    }
    let vpn = machine("NOPASSWD: ALL");
    vpn.up(&["--no-dns"]);
    // The same user may not read it: it holds tokens.
    for what in ["environ", "mem", "maps", "auxv"] {
        let file = format!("/proc/{}/{what}", vpn.supervisor());
        let read = run(vpn.env.command("head").args(["-c1", &file]), "");
        assert!(!read.status.success(), "{what} can be read");
    }
    // Another agent, through a socket that is open to all users.
    let socket = vpn.env.path("run/ob/vpn.sock");
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    let _ = stream.write_all(b"\0\0\0\x06\"Down\"");
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    assert_eq!(received, b"", "not even root");
    leads_through();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn a_supervisor_of_another_uid_is_refused_before_a_byte() {
    let name = "vpn::privilege::a_supervisor_of_another_uid_is_refused_before_a_byte";
    if !entered(name, true) {
        return;
    }
    let vpn = unprivileged();
    let socket = vpn.env.path("run/ob/vpn.sock");
    let fake = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    for verb in [&["status"][..], &["logs"], &["down"], &["up"]] {
        let said = std::thread::scope(|scope| {
            let client = scope.spawn(|| vpn.vpn(verb));
            let (mut stream, _) = fake.accept().unwrap();
            let mut received = Vec::new();
            let _ = stream.read_to_end(&mut received);
            assert_eq!(received, b"", "{verb:?}");
            client.join().unwrap()
        });
        assert_eq!(said.status.code(), Some(4), "{verb:?}: {}", &said.stderr);
    }
    fs::remove_file(&socket).unwrap();
    vpn.is_gone();
}

#[test]
fn closed_streams_and_few_descriptors_are_enough() {
    if !entered(
        "vpn::privilege::closed_streams_and_few_descriptors_are_enough",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    for circumstance in ["exec <&- >&- 2>&-", "ulimit -Sn 12"] {
        let script = format!("{circumstance}; ob vpn up --detach --no-dns");
        let up = run(vpn.env.command("bash").args(["-c", &script]), "");
        assert!(up.status.success(), "{circumstance}: {}", &up.stderr);
        leads_through();
        let script = format!("{circumstance}; ob vpn down");
        let down = run(vpn.env.command("bash").args(["-c", &script]), "");
        assert!(down.status.success(), "{circumstance}: {}", &down.stderr);
        vpn.is_gone();
    }
}

#[test]
fn too_few_descriptors_end_with_a_name_and_leave_nothing() {
    let name = "vpn::privilege::too_few_descriptors_end_with_a_name_and_leave_nothing";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::new();
    for count in [5, 6, 7, 8, 9, 10, 12, 14, 20, 24] {
        let script = format!("ulimit -n {count}; ob vpn up --detach --no-dns");
        let up = run(vpn.env.command("bash").args(["-c", &script]), "");
        let said = &up.stderr;
        assert!(
            up.status.success() || said.contains("too many open files"),
            "{count}: {said}"
        );
        assert!(
            up.status.success() || said.contains("hint: `ulimit -n 1024`"),
            "{count}: {said}"
        );
        assert!(vpn.vpn(&["down"]).status.success());
        vpn.is_gone();
    }
}

#[test]
fn up_and_down_may_meet() {
    if !entered("vpn::privilege::up_and_down_may_meet", false) {
        return;
    }
    let vpn = Vpn::new();
    for _ in 0..5 {
        std::thread::scope(|scope| {
            for verb in [&["up", "--detach", "--no-dns"][..], &["down"], &["down"]] {
                scope.spawn(|| vpn.vpn(verb));
            }
        });
        assert!(vpn.vpn(&["down"]).status.success());
        vpn.is_gone();
    }
}
