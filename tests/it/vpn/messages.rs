//! Messages while a tunnel comes up, and when it does not.

use std::fs;

use ob_sandbox::{Options, VpnOptions};

use super::network::{Vpn, entered, ip};
use super::overlay::replace_file;
use crate::support::{Pty, TestEnv, run};

/// Removes times, which appear only after one second.
fn untimed(said: &str) -> String {
    let lines = said.lines().map(|line| match line.split_once(" after ") {
        Some((what, time)) if time.ends_with(" s") => what,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_step_of_a_tunnel_is_reported_once() {
    if !entered(
        "vpn::messages::each_step_of_a_tunnel_is_reported_once",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
    insta::assert_snapshot!(untimed(&up.stderr), @r"
    ob: starting openvpn
    ob: connecting
    ob: signing in to the VPN
    ob: setting up the device
    ob: connected
    ob: the VPN is up; `ob vpn down` takes it down
    ");
    assert_eq!(&up.stdout, "");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    let so_far = terminal.until("ob: connected");
    terminal.send("\x03");
    let (_, said) = terminal.wait();
    // At a terminal, what passes is one line that is updated.
    let said = (so_far + &said).replace("^C", "");
    let lines = said
        .lines()
        .map(|line| line.rsplit("\x1b[K").next().unwrap());
    insta::assert_snapshot!(untimed(&lines.collect::<Vec<_>>().join("\n")), @r"
    ob: connected
    ob: the VPN is down
    ");
    vpn.is_gone();
}

#[test]
fn failed_tunnel_ends_with_its_reason_only() {
    let name = "vpn::messages::failed_tunnel_ends_with_its_reason_only";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            refuses: Some("come back on Monday".to_owned()),
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    let up = run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
    // The number of attempts and their progress depend on openvpn.
    let said = untimed(&up.stderr);
    let steps = [
        "starting openvpn",
        "connecting",
        "signing in",
        "setting up",
        "reconnecting",
        "no answer",
    ];
    let is_step = |line: &&str| {
        steps
            .iter()
            .any(|step| line.starts_with(&format!("ob: {step}")))
    };
    let rest: Vec<&str> = said.lines().filter(|line| !is_step(line)).collect();
    insta::assert_snapshot!(rest.join("\n"), @r"
    ob: the VPN asks
    ob: the VPN server says: come back on Monday
    ob: taking the tunnel down
    ob: the VPN is not up
      cause: the VPN server refused the credentials: come back on Monday
      hint: `ob logout`, then `ob vpn up` signs in from the start
    ");
}

#[test]
fn silent_server_is_waited_for_on_one_line() {
    let name = "vpn::messages::silent_server_is_waited_for_on_one_line";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::new();
    // Its output is discarded.
    ip("neigh replace 10.99.0.1 lladdr 02:00:00:00:00:99 dev ob-vpn-c nud permanent");
    let mut terminal = Pty::spawn(vpn.env.ob(["vpn", "up", "--no-dns"]).env("TERM", "xterm"));
    let mut said = String::new();
    for _ in 0..2 {
        said += &terminal.until("ob: no answer after ");
        said += &terminal.until(", trying again");
    }
    assert!(!said.contains('\n'), "{said:?}");
    terminal.send("\x03");
    let (status, rest) = terminal.wait();
    assert_eq!(status.code(), Some(130));
    // The line is removed.
    assert!(
        rest.ends_with("\r\x1b[Kob: the VPN was not up yet, and is down\n"),
        "{rest:?}"
    );
    vpn.is_gone();

    let mut plain = vpn.env.ob(["vpn", "up", "--no-dns"]);
    plain.env("TERM", "dumb");
    let mut terminal = Pty::spawn(&plain);
    let mut said = String::new();
    for _ in 0..2 {
        said += &terminal.until("no answer after ");
        said += &terminal.until(", trying again\n");
    }
    insta::assert_snapshot!(said.lines().map(|line| line.split(" after ").next().unwrap()).collect::<Vec<_>>().join("\n"), @r"
    ob: starting openvpn
    ob: connecting
    ob: no answer
    ob: no answer
    ");
    terminal.send("\x03");
    assert_eq!(terminal.wait().0.code(), Some(130));
    vpn.is_gone();
}

#[test]
fn supervisor_without_a_parent_names_the_reason_and_ends() {
    let env = TestEnv::new();
    let input = env.path("tmp/input");
    let mut shell = env.command("sh");
    shell.args([
        "-c",
        "ulimit -n 12; exec ob vpn supervise --directory \"$2\" 0<>\"$1\"",
        "sh",
    ]);
    shell.arg(&input).arg(env.path("run/ob"));
    let ended = run(&mut shell, "");
    // It goes into the background first; its messages are waited for.
    let said = &ended.stderr;
    assert!(
        said.contains("the tunnel's supervisor cannot start"),
        "{said}"
    );
    assert!(fs::read(&input).unwrap().is_empty());
}

#[test]
fn openvpn_without_a_version_is_named_without_waiting() {
    let name = "vpn::messages::openvpn_without_a_version_is_named_without_waiting";
    if !entered(name, false) {
        return;
    }
    let vpn = Vpn::new();
    let silent = "#!/bin/sh\nexec sleep 600\n";
    replace_file(&vpn.env, "/usr/sbin/openvpn", silent, 0o755);
    let up = run(&mut vpn.env.ob(["vpn", "up"]), "");
    assert_eq!(up.status.code(), Some(1));
    insta::assert_snapshot!(&up.stderr, @r"
    ob: openvpn does not tell its version
      cause: it took longer than 5 s
      hint: `/usr/sbin/openvpn --version` must work
    ");
    vpn.is_gone();
}
