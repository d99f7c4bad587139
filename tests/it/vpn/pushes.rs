//! Pushed options: what a real server pushes, and what a real client accepts.
//!
//! Every option that openvpn 2.6 lets a server push (`VERIFY_PERMISSION` of its `options.c` against
//! `pull_permission_mask` of its `init.c`; the manual's list at `--push` is a part of it), and
//! options that it does not, are pushed at once, each in every spelling, in as many continued
//! messages as needed. Since 2.6.11 a client drops a whole message with a tab, so tabs are tested
//! separately. PUSH_UPDATE exists since openvpn 2.7. It passes the same filters
//! (`apply_push_options` calls `apply_pull_filter` for both), and is not tested here, because tests
//! run with 2.6.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use ob::openvpn::argv::{Launch, Privilege, argv};
use ob::openvpn::policy::{Policy, Routes};
use ob::openvpn::profile::Profile;
use ob_sandbox::{OpenVpn, Options, VpnOptions};

use super::network::{entered, ip};
use super::push_list::Taken::Never;
use super::push_list::{Push, pushes};
use crate::support::{DEADLINE, TestEnv};

/// What openvpn reported while it came up.
#[derive(Default)]
struct Seen {
    accepted: BTreeSet<String>,
    removed: BTreeSet<String>,
    environment: BTreeMap<String, String>,
    echoes: Vec<String>,
    log: String,
    /// Networks that are routed to the device.
    routes: BTreeSet<String>,
}

/// Connects a client that is started as `ob` starts it, and ends it.
fn connect(server: &OpenVpn, directory: &Path, policy: &Policy) -> Seen {
    let (config, socket) = (directory.join("p"), directory.join("m"));
    let profile = Profile::parse(server.profile().as_bytes())
        .unwrap()
        .apply_policy(policy);
    fs::write(&config, profile.canonical().expose()).unwrap();
    let _ = fs::remove_file(&socket);
    let listener = UnixListener::bind(&socket).unwrap();
    let launch = Launch {
        openvpn: Path::new("/usr/sbin/openvpn"),
        version: (2, 6),
        config: &config,
        management: &socket,
        user: None,
        device: "tun-ob0",
        asks_user_password: true,
        policy,
    };
    let words = argv(&launch, &Privilege::Held);
    // One level higher, at which accepted options are logged.
    let mut openvpn = Command::new(&words[0])
        .args(&words[1..])
        .args(["--verb", "4"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut send = |line: &str| {
        let _ = writer.write_all(format!("{line}\n").as_bytes());
    };
    let mut seen = Seen::default();
    for line in BufReader::new(stream).lines() {
        let Ok(line) = line else { break };
        let line = line.trim_end_matches('\r');
        if line.starts_with(">HOLD") {
            for command in ["log on", "echo on", "state on", "hold release"] {
                send(command);
            }
        } else if line.starts_with(">PASSWORD:Need 'Auth'") {
            send("username \"Auth\" \"bob\"");
            send("password \"Auth\" \"x\"");
        } else if let Some((name, value)) = line
            .strip_prefix(">UPDOWN:ENV,")
            .and_then(|variable| variable.split_once('='))
        {
            seen.environment.insert(name.to_owned(), value.to_owned());
        } else if line.starts_with(">ECHO:") {
            seen.echoes.push(line.to_owned());
        } else if line.starts_with(">STATE:") && line.contains(",CONNECTED,") {
            seen.routes = routes();
            send("signal SIGTERM");
        } else if let Some((_, text)) = line.split_once("Pushed option accepted by filter: '") {
            seen.accepted
                .insert(text.strip_suffix('\'').unwrap_or(text).to_owned());
        } else if let Some((_, text)) = line.split_once("Pushed option removed by filter: '") {
            seen.removed
                .insert(text.strip_suffix('\'').unwrap_or(text).to_owned());
        }
        seen.log += line;
        seen.log.push('\n');
    }
    openvpn.wait().unwrap();
    seen
}

/// Returns the networks that the kernel routes to the tunnel.
pub(super) fn routes() -> BTreeSet<String> {
    let all = ip("route") + &ip("-6 route");
    let ours = all.lines().filter(|line| line.contains("dev tun-ob0"));
    let networks = ours.filter_map(|line| line.split(' ').next());
    let own = |network: &&str| !network.starts_with("fe80:") && !network.starts_with("ff00:");
    networks.filter(own).map(str::to_owned).collect()
}

fn policy(routes: Routes, dns: bool) -> Policy {
    Policy {
        routes,
        dns,
        peer_info: true,
    }
}

/// Returns a pushed text as it is written in a server's settings.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[test]
fn every_pushable_option_is_taken_by_name_or_not_at_all() {
    if !entered(
        "vpn::pushes::every_pushable_option_is_taken_by_name_or_not_at_all",
        false,
    ) {
        return;
    }
    let pushes: Vec<_> = pushes()
        .into_iter()
        .filter(|push| !push.has_tab())
        .collect();
    assert!(pushes.len() > 700, "{}", pushes.len());
    let env = pushing(&pushes);
    let server = env.sandbox.openvpn().unwrap();
    for policy in policies() {
        let seen = connect(&server, &env.path("tmp"), &policy);
        check(&pushes, &policy, &seen);
    }
}

#[test]
fn a_tab_lets_no_pushed_option_through() {
    if !entered("vpn::pushes::a_tab_lets_no_pushed_option_through", false) {
        return;
    }
    let mut pushes: Vec<_> = pushes().into_iter().filter(Push::has_tab).collect();
    // The last message, which has the address, contains no tab.
    pushes.extend((0..12).map(|number| Push {
        taken: Never,
        text: format!("echo {number}{}", "x".repeat(200)),
    }));
    let env = pushing(&pushes);
    let server = env.sandbox.openvpn().unwrap();
    for policy in policies() {
        let seen = connect(&server, &env.path("tmp"), &policy);
        assert!(seen.log.contains(",CONNECTED,"), "{}", seen.log);
        let taken: BTreeSet<_> = pushes
            .iter()
            .filter(|push| push.is_taken(&policy))
            .map(Push::trimmed)
            .collect();
        let tabbed = seen.accepted.iter().filter(|text| text.contains('\t'));
        let odd: Vec<_> = tabbed.filter(|text| !taken.contains(*text)).collect();
        assert!(odd.is_empty(), "{policy:?}: {odd:?}");
        let own = ["10.77.0.0/24", "10.77.0.0/25", "10.88.0.0/24", "fd88::/64"];
        let named = ["10.101.2.0/24", "fd01:2::/64"];
        for route in &seen.routes {
            let is_named = policy.routes == Routes::AsOffered && named.contains(&route.as_str());
            assert!(
                own.contains(&route.as_str()) || is_named,
                "{policy:?}: {route}"
            );
        }
    }
}

/// A sandbox whose server pushes these and admits clients without asking.
fn pushing(pushes: &[Push]) -> TestEnv {
    TestEnv::with(
        "bob",
        Options {
            vpn: VpnOptions {
                push: pushes.iter().map(|push| escaped(&push.text)).collect(),
                admits_all_clients: true,
                ..VpnOptions::default()
            },
            ..Options::default()
        },
    )
}

/// Returns every policy that flags and settings can make.
fn policies() -> Vec<Policy> {
    let one = || Routes::Only(vec!["10.77.0.0/25".parse().unwrap()]);
    let none = || Routes::Only(Vec::new());
    let kinds = [|| Routes::AsOffered, none, one];
    let with = |routes: &fn() -> Routes| [true, false].map(|dns| policy(routes(), dns));
    kinds.iter().flat_map(with).collect()
}

/// Compares what a client saw and did with what the policy allows.
fn check(pushes: &[Push], policy: &Policy, seen: &Seen) {
    let case = format!("{policy:?}");
    assert!(seen.log.contains(",CONNECTED,"), "{case}: {}", seen.log);
    assert!(
        seen.log.matches("PUSH_REPLY").count() > 10,
        "{case}: not continued"
    );
    let of = |taken: bool| -> BTreeSet<String> {
        let those = pushes.iter().filter(|push| push.is_taken(policy) == taken);
        those.map(Push::trimmed).collect()
    };
    let missing: Vec<_> = of(true).difference(&seen.accepted).cloned().collect();
    assert!(missing.is_empty(), "{case}: not accepted: {missing:?}");
    let missing: Vec<_> = of(false).difference(&seen.removed).cloned().collect();
    assert!(missing.is_empty(), "{case}: not removed: {missing:?}");
    for push in pushes {
        let text = push.trimmed();
        let (has, other) = (seen.accepted.contains(&text), seen.removed.contains(&text));
        assert!(has != other, "{case}: {text}");
    }
    // The effects.
    let numbers = 0..2;
    let mut routes: BTreeSet<String> = ["10.88.0.0/24", "fd88::/64"].map(str::to_owned).into();
    match &policy.routes {
        Routes::AsOffered => {
            let theirs = ["10.77.0.0/24", "0.0.0.0/1", "128.0.0.0/1"];
            routes.extend(theirs.map(str::to_owned));
            routes.extend(numbers.clone().map(|n| format!("10.101.{n}.0/24")));
            // A network of zeros is printed without them.
            routes.extend(numbers.clone().map(|n| match n {
                0 => "fd01::/64".to_owned(),
                n => format!("fd01:{n}::/64"),
            }));
        }
        Routes::Only(networks) => routes.extend(networks.iter().map(ToString::to_string)),
    }
    assert_eq!(seen.routes, routes, "{case}");
    let foreign: BTreeSet<String> = seen
        .environment
        .iter()
        .filter(|(name, _)| name.starts_with("foreign_option_"))
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(foreign.is_empty(), !policy.dns, "{case}: {foreign:?}");
    for value in &foreign {
        let kind = value.split(' ').nth(1).unwrap();
        let kinds = [
            "DNS",
            "DNS6",
            "DOMAIN",
            "DOMAIN-SEARCH",
            "DOMAIN-ROUTE",
            "ADAPTER_DOMAIN_SUFFIX",
        ];
        assert!(kinds.contains(&kind), "{case}: {value}");
        let number = value.trim_end_matches(".test").chars().last().unwrap();
        let is_own = ["DNS 10.88.0.1", "DOMAIN corp.test"];
        let is_own = is_own.iter().any(|own| value.ends_with(own));
        assert!(is_own || ('0'..'2').contains(&number), "{case}: {value}");
    }
    let variables = seen.environment.keys();
    let odd: Vec<_> = variables
        .filter(|name| name.contains("PUSHED") || (!policy.dns && name.starts_with("dns_")))
        .collect();
    assert!(odd.is_empty(), "{case}: {odd:?}");
    assert!(seen.echoes.is_empty(), "{case}: {:?}", seen.echoes);
    // A pushed `verb` would have logged the keys.
    assert!(!seen.log.contains("PID packet_id_init"), "{case}");
}
