//! A tunnel comes up, carries traffic, goes down, and reconnects after a loss.

use nix::sys::signal::Signal;
use ob_sandbox::{Options, Server, VpnOptions};

use super::network::{Vpn, entered, ip, leads_through};
use crate::support::{Pty, eventually, run};

#[test]
fn a_tunnel_comes_up_in_the_background_and_goes_down() {
    if !entered(
        "vpn::tunnel::a_tunnel_comes_up_in_the_background_and_goes_down",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    let status = vpn.status();
    assert_eq!(status["phase"], "connected");
    assert_eq!(status["address"], "10.88.0.2");
    assert_eq!(status["username"], "bob@acme.com");
    assert_eq!(status["routes"][0], "10.77.0.0/24");
    assert_eq!(
        vpn.vpn(&["status"])
            .stdout
            .lines()
            .next()
            .unwrap()
            .split(':')
            .next(),
        Some("bob@acme.com at 127.0.0.1")
    );
    let all = run(&mut vpn.env.ob(["status", "--json"]), "");
    let all: serde_json::Value = serde_json::from_str(&all.stdout).unwrap();
    assert_eq!(all["vpn"]["phase"], "connected");
    let log = vpn.vpn(&["logs"]);
    let log = &log.stdout;
    assert!(log.contains("Initialization Sequence Completed"), "{log}");
    let down = vpn.vpn(&["down"]);
    assert!(down.status.success());
    // Everything is gone when the verb returns.
    assert!(vpn.processes("/usr/sbin/openvpn").is_empty());
    assert!(!ip("addr").contains("tun-ob0"));
    vpn.is_gone();
    assert_eq!(vpn.vpn(&["status"]).status.code(), Some(1));
    assert!(vpn.vpn(&["down"]).status.success(), "down twice is down");
}

#[test]
fn a_warm_session_needs_four_requests() {
    if !entered("vpn::tunnel::a_warm_session_needs_four_requests", false) {
        return;
    }
    let vpn = Vpn::new();
    vpn.env.sandbox.clear_log();
    vpn.up(&["--no-dns"]);
    let asked: Vec<_> = vpn
        .env
        .sandbox
        .log()
        .iter()
        .map(|one| one.path.clone())
        .collect();
    assert_eq!(
        asked,
        [
            "/home/openvpn/0oa1openvpn0000000h7/aln1openvpn0000000h7",
            "/saml/acs",
            "/import_profile",
            "/rest/GetProfileViaToken"
        ]
    );
    assert_eq!(vpn.env.sandbox.handshakes(Server::Vpn), 1);
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn ctrl_c_takes_the_tunnel_down() {
    if !entered("vpn::tunnel::ctrl_c_takes_the_tunnel_down", false) {
        return;
    }
    let vpn = Vpn::new();
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "up", "--no-dns"]));
    terminal.until("connected");
    leads_through();
    terminal.send("\x03");
    let (status, said) = terminal.wait();
    assert!(status.success(), "{said}");
    assert!(said.contains("the VPN is down"), "{said}");
    assert!(vpn.processes("/usr/sbin/openvpn").is_empty());
    vpn.is_gone();
}

#[test]
fn two_ups_at_once_make_one_tunnel() {
    if !entered("vpn::tunnel::two_ups_at_once_make_one_tunnel", false) {
        return;
    }
    let vpn = Vpn::new();
    let both: Vec<_> = std::thread::scope(|scope| {
        let up = || run(&mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns"]), "");
        let both = [scope.spawn(up), scope.spawn(up)];
        both.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let up: Vec<_> = both.iter().filter(|one| one.status.success()).collect();
    assert_eq!(up.len(), 1, "{both:?}");
    let other = both.iter().find(|one| !one.status.success()).unwrap();
    assert!(other.stderr.contains("a tunnel is up or being set up"));
    leads_through();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn it_reconnects_with_a_dead_token_without_asking() {
    let name = "vpn::tunnel::it_reconnects_with_a_dead_token_without_asking";
    if !entered(name, false) {
        return;
    }
    let mut vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    vpn.env.sandbox.clear_log();
    vpn.server.restart().unwrap();
    vpn.is_back();
    leads_through();
    // The new server does not know the old token, so the agent fetched another one.
    assert!(!vpn.env.sandbox.requests(Server::Vpn, "/rest/").is_empty());
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn only_the_networks_of_the_settings_are_routed() {
    if !entered(
        "vpn::tunnel::only_the_networks_of_the_settings_are_routed",
        false,
    ) {
        return;
    }
    let vpn = Vpn::with(Options {
        vpn: VpnOptions {
            push: vec![
                "route 10.66.0.0 255.255.0.0".to_owned(),
                "redirect-gateway def1".to_owned(),
            ],
            ..VpnOptions::default()
        },
        ..Options::default()
    });
    vpn.up(&["--no-dns", "--route", "10.77.0.0/24"]);
    let routes = ip("route");
    assert!(routes.contains("10.77.0.0/24"), "{routes}");
    assert!(
        !routes.contains("10.66") && !routes.contains("128.0.0.0"),
        "{routes}"
    );
    assert!(vpn.vpn(&["down"]).status.success());
    let up = run(
        &mut vpn
            .env
            .ob(["vpn", "up", "--detach", "--no-dns", "--no-routes"]),
        "",
    );
    assert!(up.status.success());
    assert!(!ip("route").contains("10.77.0"), "{}", ip("route"));
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn events_are_json_lines_with_their_times() {
    if !entered("vpn::tunnel::events_are_json_lines_with_their_times", false) {
        return;
    }
    let vpn = Vpn::new();
    let up = run(
        &mut vpn.env.ob(["vpn", "up", "--detach", "--no-dns", "--json"]),
        "",
    );
    assert!(up.status.success());
    let events: Vec<serde_json::Value> = up
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let phases: Vec<_> = events
        .iter()
        .filter_map(|event| event["phase"].as_str())
        .collect();
    assert_eq!(phases.first(), Some(&"launching"));
    assert!(phases.contains(&"connected"), "{phases:?}");
    assert!(
        events
            .iter()
            .any(|event| event["event"] == "dns" && event["dns"]["applied"] == false)
    );
    vpn.signal(vpn.supervisor(), Signal::SIGTERM);
    // The supervisor takes openvpn down.
    vpn.is_gone();
}

/// Returns the output of `ob vpn status --follow` for a background tunnel that loses its server and
/// is taken down, without times, numbers and connection steps, whose number varies.
fn followed(vpn: &mut Vpn, words: &[&str]) -> String {
    vpn.up(&["--no-dns"]);
    let mut terminal = Pty::spawn(vpn.env.ob(["vpn", "status", "--follow"]).args(words));
    let first = terminal.until("Ctrl-C leaves it as it is\n");
    let so_far = match words {
        [] => "bob@acme.com at 127.0.0.1",
        _ => "{\"event\":\"status\",",
    };
    assert!(first.starts_with(so_far), "{first}");
    vpn.server.restart().unwrap();
    vpn.is_back();
    assert!(vpn.vpn(&["down"]).status.success());
    let (status, said) = terminal.wait();
    assert!(status.success(), "{said}");
    vpn.is_gone();
    let passing = [
        "connecting",
        "signing-in",
        "signing in",
        "asking",
        "the VPN asks",
        "configuring",
        "setting up",
        "no answer",
    ];
    let is_passing = |line: &&str| {
        passing
            .iter()
            .any(|step| line.starts_with(step) || line.contains(&format!("\"{step}\"")))
    };
    let lines = said.lines().filter(|line| !is_passing(line));
    let digits = |line: &str| -> String {
        let mut text = String::new();
        for c in line.chars() {
            match c.is_ascii_digit() {
                true if text.ends_with('N') => {}
                true => text.push('N'),
                false => text.push(c),
            }
        }
        text
    };
    // The server may be back before its loss is noticed, so the reasons and their number vary.
    let reason = |line: String| -> String {
        let between = |before: &str, after: &str| {
            let begins = line.find(before)? + before.len();
            let ends = line.rfind(after)?;
            Some(format!("{}REASON{}", &line[..begins], &line[ends..]))
        };
        let is_named = match words {
            [] => line.starts_with("reconnecting"),
            _ => line.contains("\"phase\":\"reconnecting\""),
        };
        let named = match words {
            [] => between("(", ")"),
            _ => between("\"detail\":\"", "\",\"event\""),
        };
        named.filter(|_| is_named).unwrap_or(line)
    };
    let lines = lines.map(|line| line.split(" after ").next().unwrap());
    let mut lines: Vec<String> = lines.map(|line| reason(digits(line))).collect();
    lines.dedup();
    lines.join("\n")
}

#[test]
fn a_tunnel_in_the_background_is_followed_to_its_end() {
    if !entered(
        "vpn::tunnel::a_tunnel_in_the_background_is_followed_to_its_end",
        false,
    ) {
        return;
    }
    let mut vpn = Vpn::new();
    let none = vpn.vpn(&["status", "--follow"]);
    assert_eq!(none.status.code(), Some(1), "nothing to follow");
    insta::assert_snapshot!(followed(&mut vpn, &[]), @r"
    reconnecting (REASON)
    connected
    taking the tunnel down
    ended
    ");
    insta::assert_snapshot!(followed(&mut vpn, &["--json"]), @r#"
    {"after_ms":N,"detail":"REASON","event":"phase","phase":"reconnecting"}
    {"dns":{"applied":false,"asked":"all","commands":[],"domains":[],"notes":[],"servers":[],"why":null},"event":"dns"}
    {"after_ms":N,"detail":null,"event":"phase","phase":"connected"}
    {"after_ms":N,"detail":null,"event":"phase","phase":"stopping"}
    {"error":null,"event":"ended"}
    "#);
    // A follower gets the reason of an unexpected end.
    vpn.up(&["--no-dns"]);
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "status", "--follow"]));
    terminal.until("Ctrl-C leaves it as it is\n");
    vpn.signal(vpn.openvpn(), Signal::SIGKILL);
    let (status, said) = terminal.wait();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("ended\n") && said.contains("openvpn ended without giving a reason"),
        "{said}"
    );
    vpn.is_gone();
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    if !entered("vpn::tunnel::a_clock_that_jumps_changes_nothing", false) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    // The servers' clock advances eight hours, as after a suspend.
    vpn.env.sandbox.advance_clock(8 * 3600);
    leads_through();
    vpn.reaches("connected");
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn a_laptop_that_slept_is_connected_again_by_itself() {
    if !entered(
        "vpn::tunnel::a_laptop_that_slept_is_connected_again_by_itself",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    vpn.up(&["--no-dns"]);
    let asleep = [
        vpn.supervisor(),
        vpn.openvpn(),
        vpn.reaper(),
        vpn.process("ob-agent"),
    ];
    for process in asleep {
        vpn.signal(process, Signal::SIGSTOP);
    }
    // After eight hours the server has dropped the client, and the session is over.
    vpn.env.sandbox.advance_clock(8 * 3600);
    eventually("the server gives the client up", || {
        vpn.server.log().contains("Inactivity timeout")
    });
    for process in asleep {
        vpn.signal(process, Signal::SIGCONT);
    }
    vpn.is_back();
    leads_through();
    assert!(vpn.vpn(&["down"]).status.success());
    vpn.is_gone();
}

#[test]
fn the_mark_for_prompts_stands_while_the_tunnel_is_up() {
    if !entered(
        "vpn::tunnel::the_mark_for_prompts_stands_while_the_tunnel_is_up",
        false,
    ) {
        return;
    }
    let vpn = Vpn::new();
    let mark = vpn.env.path("run/ob/vpn.up");
    let ours = format!("{}/shell/ob.bash", env!("CARGO_MANIFEST_DIR"));
    vpn.env
        .write("home/.bashrc", format!("PS1='READY> '\nsource {ours}\n"));
    let mut bash = vpn.env.command("/usr/bin/bash");
    let mut terminal = Pty::spawn(bash.arg("-i"));
    assert!(!terminal.until("READY> ").contains("vpn"));
    vpn.up(&["--no-dns"]);
    assert!(mark.exists());
    terminal.send("\r");
    terminal.until("vpn READY> ");
    assert!(vpn.vpn(&["down"]).status.success());
    assert!(!mark.is_symlink());
    vpn.is_gone();
    // The reaper ends with its supervisor, so the next command removes the mark.
    vpn.up(&["--no-dns"]);
    let supervisor = vpn.supervisor();
    vpn.signal(supervisor, Signal::SIGSTOP);
    vpn.signal(vpn.reaper(), Signal::SIGKILL);
    vpn.signal(supervisor, Signal::SIGKILL);
    vpn.ends("/usr/sbin/openvpn");
    assert!(mark.is_symlink());
    // The supervisor's files stay open for a moment after its command line is gone.
    eventually("who looks takes the mark away", || {
        vpn.vpn(&["status"]).status.code() == Some(1) && !mark.is_symlink()
    });
    vpn.is_gone();
}
