//! `ob vpn exec`: a command inside the tunnel, run by an unprivileged user.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use nix::sys::signal::Signal;
use ob_sandbox::Options;

use super::network::{Vpn, entered, ip, unprivileged_with, vpn_settings};
use crate::support::{Finished, Pty, TestEnv, run};

pub(super) fn machine() -> Vpn {
    machine_with(Options::default())
}

pub(super) fn machine_with(options: Options) -> Vpn {
    let vpn = unprivileged_with(options);
    // pasta needs a default route in this network.
    ip("route add default via 10.99.0.1");
    vpn
}

fn exec(vpn: &Vpn, script: &str) -> Finished {
    run(
        &mut vpn.env.ob(["vpn", "exec", "--", "bash", "-c", script]),
        "",
    )
}

/// Connects to the network behind the VPN, where the port is closed and refuses.
const ASK: &str = "(exec 3<>/dev/tcp/10.77.0.1/9) 2>&1 | grep -q refused";

#[test]
fn a_command_runs_inside_the_tunnel_without_root() {
    if !entered(
        "vpn::command::a_command_runs_inside_the_tunnel_without_root",
        true,
    ) {
        return;
    }
    let vpn = machine();
    let inside = exec(
        &vpn,
        &format!(
            "{ASK} && ip route get 10.77.0.1 | grep tun-ob0 && ip addr show tun-ob0 && cat \
             /etc/resolv.conf"
        ),
    );
    assert!(
        inside.status.success(),
        "{}{}\n{}",
        &inside.stdout,
        &inside.stderr,
        vpn.server.log()
    );
    let said = &inside.stdout;
    assert!(said.contains("10.88.0."), "{said}");
    assert!(said.contains("nameserver 10.88.0.1"), "{said}");
    // No other process is in it.
    assert!(!ip("addr").contains("tun-ob0"));
    vpn.is_gone();
}

#[test]
fn its_exit_code_and_environment_are_kept() {
    if !entered("vpn::command::its_exit_code_and_environment_are_kept", true) {
        return;
    }
    let vpn = machine();
    assert_eq!(exec(&vpn, "exit 7").status.code(), Some(7));
    assert_eq!(exec(&vpn, "kill -TERM $$").status.code(), Some(143));
    let missing = run(
        &mut vpn.env.ob(["vpn", "exec", "--", "/no/such/command"]),
        "",
    );
    assert_eq!(missing.status.code(), Some(127), "{}", &missing.stderr);
    // All settings but the private key of another org, which is a machine's.
    let settings = fs::read_to_string(vpn.env.path("config/ob/config.toml")).unwrap();
    let machine = "\n[orgs.ci]\nurl = \"https://ci.okta.com\"\nprivate_key_env = \"CI_KEY\"\n";
    vpn.env.write_settings(&(settings + machine));
    let script = "echo $MARK$CI_KEY$AWS_PROFILE; pwd; cat";
    let mut with = vpn.env.ob(["vpn", "exec", "--", "sh", "-c", script]);
    with.envs([
        ("MARK", "kept"),
        ("CI_KEY", "secret"),
        ("AWS_PROFILE", "own"),
    ]);
    let said = run(&mut with, "its own input");
    let home = vpn.env.path("home").display().to_string();
    let error = &said.stderr;
    assert_eq!(
        said.stdout,
        format!("keptown\n{home}\nits own input"),
        "{error}"
    );
    vpn.is_gone();
}

#[test]
fn ctrl_c_is_the_commands_to_decide_on() {
    if !entered("vpn::command::ctrl_c_is_the_commands_to_decide_on", true) {
        return;
    }
    let vpn = machine();
    let script = "trap 'echo caught; exit 3' INT; echo ready; sleep 20 & wait";
    let mut terminal = Pty::spawn(&vpn.env.ob(["vpn", "exec", "--", "bash", "-c", script]));
    terminal.until("ready");
    terminal.send("\x03");
    terminal.until("caught");
    assert_eq!(terminal.wait().0.code(), Some(3));
    vpn.is_gone();
}

#[test]
fn whoever_of_it_is_killed_or_hung_up_on_nothing_is_left() {
    if !entered(
        "vpn::command::whoever_of_it_is_killed_or_hung_up_on_nothing_is_left",
        true,
    ) {
        return;
    }
    let vpn = machine();
    let inside = format!("{} vpn inside", vpn.env.path("bin/ob").display());
    for signal in [Signal::SIGHUP, Signal::SIGKILL] {
        for who in [
            "ob vpn exec",
            "ob vpn supervise",
            "ob vpn keep --",
            inside.as_str(),
            "/usr/bin/pasta",
            "/usr/sbin/openvpn",
        ] {
            // A command that is found by its command line, whatever else sleeps on this machine.
            let command = vpn.env.path("run/ob/command").display().to_string();
            let script = format!("echo ready; exec -a {command} sleep 1000");
            let mut terminal =
                Pty::spawn(&vpn.env.ob(["vpn", "exec", "--", "bash", "-c", &script]));
            terminal.until("ready");
            vpn.process(&command);
            let found = match who {
                "ob vpn exec" => terminal.pid(),
                _ => vpn.process(who),
            };
            vpn.signal(found, signal);
            if who == "ob vpn keep --" {
                drop(terminal);
            } else {
                let (status, said) = terminal.wait();
                // Its traffic would otherwise leave outside of the tunnel.
                if matches!(who, "ob vpn supervise" | "/usr/sbin/openvpn") {
                    assert_eq!(status.code(), Some(125), "{signal} to {who}: {said}");
                    assert!(
                        said.contains("the command was ended: its tunnel is gone"),
                        "{said}"
                    );
                }
            }
            // No process of it is left.
            vpn.ends("/usr/bin/pasta");
            vpn.ends(&command);
            vpn.is_gone();
        }
    }
}

#[test]
fn root_is_refused_before_anybody_signs_in() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let env = TestEnv::new();
    env.write_settings(&(env.minimal_settings() + &vpn_settings(&env.sandbox)));
    let refused = run(&mut env.ob(["vpn", "exec", "--", "true"]), "");
    assert_eq!(refused.status.code(), Some(125));
    insta::assert_snapshot!(&refused.stderr, @"
    ob: `ob vpn exec` does not run as root
      cause: pasta, which makes the network for the command, does not work for root
      hint: run it as yourself; as root `ob vpn up` works without sudo
    ");
}

#[test]
fn unusable_tun_device_is_reported_before_anything_starts() {
    if !entered(
        "vpn::command::unusable_tun_device_is_reported_before_anything_starts",
        true,
    ) {
        return;
    }
    let vpn = machine();
    let closed = fs::Permissions::from_mode(0o600);
    fs::set_permissions("/dev/net/tun", closed).unwrap();
    let refused = exec(&vpn, "true");
    assert_eq!(refused.status.code(), Some(125));
    insta::assert_snapshot!(&refused.stderr, @"
    ob: you cannot open the tunnel device
      cause: /dev/net/tun: Permission denied (os error 13)
      hint: `sudo chmod 0666 /dev/net/tun` makes it everybody's, as udev leaves it
    ");
    vpn.is_gone();
}

#[test]
fn a_pasta_that_fails_is_named_and_nothing_of_it_stays() {
    if !entered(
        "vpn::command::a_pasta_that_fails_is_named_and_nothing_of_it_stays",
        true,
    ) {
        return;
    }
    // Every user may open this file, but it is no tunnel device, which pasta notices when its child
    // waits for it already.
    let vpn = machine();
    fs::remove_file("/dev/net/tun").unwrap();
    let words = ["-m", "666", "/dev/net/tun", "c", "1", "3"];
    assert!(
        Command::new("mknod")
            .args(words)
            .status()
            .unwrap()
            .success()
    );
    let failed = exec(&vpn, "true");
    assert_eq!(failed.status.code(), Some(125));
    let said = &failed.stderr;
    assert!(
        said.contains("ob: cannot make a network for the command"),
        "{said}"
    );
    assert!(said.contains("pasta ended before the command"), "{said}");
    vpn.ends("/usr/bin/pasta");
    vpn.is_gone();
}
