//! Every finding of `ob doctor`, produced once: one row for each finding in the source.

mod sources;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use ob::model::{Confinement, Timestamp};
use ob::wire::{
    self, FROM_AGENT_MAX, FromAgent, Hello, PROTOCOL, Reply, RouteSummary, SessionStatus,
    StatusReply,
};
use serde_json::Value;

use super::doctored_machines::{
    agent_elsewhere, devices, directory, readable_key, second_agent, second_tunnel,
};
use super::tools::{dev, printed, set};
use crate::support::{TestEnv, run};
use crate::vpn::authority::vpn_authority;
use crate::vpn::network::{entered, ip, vpn_settings};
use crate::vpn::overlay::{add_files, hide, replace_file};

/// Prepares the machine; the result is set in the environment.
type Arrange = fn(&TestEnv) -> Vec<(&'static str, String)>;

/// A finding's name, its state, a part of its hint, and the machine on which it appears.
type Row = (&'static str, &'static str, &'static str, Arrange);

const NOTHING: Arrange = |_| Vec::new();

/// Each row runs on a machine of its own.
const ROWS: &[Row] = &[
    ("settings", "good", "", NOTHING),
    ("settings", "wrong", "", |env| {
        env.write_settings("[org]\nurl = 7\n");
        Vec::new()
    }),
    ("ca_bundle", "good", "", NOTHING),
    ("ca_bundle", "wrong", "`ls -l ", |env| {
        fs::remove_file(env.path("ca.pem")).unwrap();
        Vec::new()
    }),
    ("vpn.ca_bundle", "good", "", |env| {
        vpn_authority(env, "ca.pem")
    }),
    ("vpn.ca_bundle", "wrong", "`ls -l ", |env| {
        vpn_authority(env, "missing.pem")
    }),
    #[cfg(not(feature = "fido2"))]
    ("security_key", "wrong", "--features fido2`", |env| {
        env.write_settings(&env.minimal_settings().replace("\"totp\"", "\"webauthn\""));
        Vec::new()
    }),
    ("proxy", "good", "", |_| {
        set("HTTPS_PROXY", "http://127.0.0.1:9")
    }),
    ("no_proxy", "note", "`10.0.0.0/8`", |_| {
        let proxy = set("HTTPS_PROXY", "http://127.0.0.1:9");
        [proxy, set("NO_PROXY", "10.*")].concat()
    }),
    ("ca_variables", "note", "`ca_bundle =` of [org]", |env| {
        env.write_settings(&env.minimal_settings().replace("ca_bundle", "# ca_bundle"));
        set("SSL_CERT_FILE", "/etc/acme.pem")
    }),
    ("network", "note", "HTTPS_PROXY", |env| {
        env.sign_in();
        set("HTTPS_PROXY", "http://127.0.0.1:9")
    }),
    ("variables", "wrong", "did you mean `OB_ORG_URL`?", |_| {
        set("OB_ORG_ULR", "x")
    }),
    ("agent.directory", "wrong", "`", |env| {
        let directory = directory(env);
        fs::set_permissions(directory, Permissions::from_mode(0o755)).unwrap();
        Vec::new()
    }),
    ("private_key_file", "wrong", "chmod go=", readable_key),
    (
        "agent.elsewhere",
        "note",
        "XDG_RUNTIME_DIR",
        agent_elsewhere,
    ),
    ("agent.second", "wrong", "`ob agent stop`", second_agent),
    ("vpn.second", "wrong", "`ob vpn down`", second_tunnel),
    ("agent.program", "good", "", NOTHING),
    ("agent.program", "wrong", "install `ob-agent`", |env| {
        let own = env.path("bin/ob");
        fs::remove_file(&own).unwrap();
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_ob"))
            .arg(&own)
            .status();
        assert!(copied.unwrap().success());
        Vec::new()
    }),
    ("agent", "note", "`ob login`", NOTHING),
    ("agent", "good", "", |env| {
        env.sign_in();
        Vec::new()
    }),
    ("agent", "wrong", "`ob agent stop`", |env| {
        let hello = Hello {
            protocol: PROTOCOL + 1,
            build: "9.9.9".to_owned(),
        };
        agent(env, vec![FromAgent::Hello(hello)]);
        Vec::new()
    }),
    ("agent.version", "note", "`ob agent stop`", |env| {
        agent_reporting(env, |status| status.build = "9.9.9".to_owned())
    }),
    ("agent.confinement", "good", "", |env| {
        agent_reporting(env, |_| ())
    }),
    (
        "agent.confinement",
        "note",
        "a kernel of 5.13 or later",
        |env| agent_reporting(env, |status| status.confinement.landlock = 0),
    ),
    ("session", "note", "`ob login`", |env| {
        agent_reporting(env, |_| ())
    }),
    ("session", "good", "", |env| {
        agent_reporting(env, |status| {
            status.sessions.push(SessionStatus {
                org: "https://acme.okta.com".to_owned(),
                username: "bob@acme.com".to_owned(),
                signed_in: Timestamp(0),
                ends: Timestamp(1),
                network: RouteSummary::default(),
            });
        })
    }),
    ("clock", "good", "", |env| {
        agent_reporting(env, |status| status.clock_skew = Some(-30))
    }),
    ("clock", "note", "`sudo timedatectl set-ntp true`", |env| {
        agent_reporting(env, |status| status.clock_skew = Some(31))
    }),
    ("clock", "wrong", "`sudo timedatectl set-ntp true`", |env| {
        agent_reporting(env, |status| status.clock_skew = Some(-121))
    }),
    ("swap", "good", "", |env| {
        replace_file(env, SWAPS, "Filename Type Size Used Priority\n", 0o644);
        Vec::new()
    }),
    ("swap", "note", "`lsblk -f`", |env| {
        let table = "Filename Type Size Used Priority\n/swapfile file 1 0 -2\n";
        replace_file(env, SWAPS, table, 0o644);
        Vec::new()
    }),
    ("openvpn", "good", "", NOTHING),
    ("openvpn", "note", "`apt install openvpn`", |env| {
        add_files(env, "/usr/sbin", |upper| hide(&upper.join("openvpn")));
        Vec::new()
    }),
    ("openvpn", "wrong", "OpenVPN 2.6 or later", |env| {
        with_a_vpn(env);
        let old = "#!/bin/sh\necho 'OpenVPN 2.4.7 x86_64-pc-linux-gnu'\n";
        replace_file(env, "/usr/sbin/openvpn", old, 0o755);
        Vec::new()
    }),
    ("sudo", "good", "", NOTHING),
    ("sudo", "note", "`apt install sudo`", |env| {
        add_files(env, "/usr/bin", |upper| {
            hide(&upper.join("sudo"));
            hide(&upper.join("doas"));
        });
        Vec::new()
    }),
    ("tun", "good", "", |_| {
        devices(true);
        Vec::new()
    }),
    ("tun", "note", "`sudo modprobe tun`", |_| {
        devices(false);
        Vec::new()
    }),
    ("tun", "wrong", "`sudo modprobe tun`", |env| {
        with_a_vpn(env);
        devices(false);
        Vec::new()
    }),
    ("pasta", "good", "", NOTHING),
    ("pasta", "note", "`apt install passt`", |env| {
        add_files(env, "/usr/bin", |upper| hide(&upper.join("pasta")));
        Vec::new()
    }),
    ("user_namespaces", "good", "", |env| {
        replace_file(env, NAMESPACES, "15000\n", 0o644);
        if Path::new(CLONE).exists() {
            replace_file(env, CLONE, "1\n", 0o644);
        }
        Vec::new()
    }),
    (
        "user_namespaces",
        "note",
        "`sudo sysctl -w user.max_user_namespaces=",
        |env| {
            replace_file(env, NAMESPACES, "0\n", 0o644);
            Vec::new()
        },
    ),
    ("aws", "good", "", NOTHING),
    ("aws.files", "wrong", "`", |env| {
        fs::create_dir_all(env.path("home/.aws/config")).unwrap();
        Vec::new()
    }),
    ("aws.stale_token", "wrong", "`unset AWS_SECURITY", |_| {
        set("AWS_SECURITY_TOKEN", "stale")
    }),
    ("aws.expired", "wrong", "`eval \"$(ob env)\"`", |_| {
        set("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z")
    }),
    ("aws.both", "note", "`unset AWS_PROFILE`", |_| {
        let mut both = set("AWS_PROFILE", "work");
        both.extend(set("AWS_ACCESS_KEY_ID", "AKIAENV"));
        both
    }),
    ("aws.unreadable", "wrong", "mend line 2", |env| {
        aws_file(env, "config", "[default]\noutput\n")
    }),
    ("aws.marks", "wrong", "`# >>> ob", |env| {
        aws_file(env, "config", "# >>> ob\n[default]\n")
    }),
    ("aws.leftover", "wrong", "`ob write --clean`", |env| {
        aws_file(env, ".ob.M0Bco7", "[dev]\n")
    }),
    ("aws.default", "note", "`ob config explain`", |env| {
        let keys = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = x\n";
        aws_file(env, "credentials", keys)
    }),
    ("aws.login", "note", "`aws logout --all`", |env| {
        aws_file(env, "login/cache/0a1b.json", "{}")
    }),
    ("aws.bearer", "note", "`unset AWS_BEARER_TOKEN_X`", |_| {
        set("AWS_BEARER_TOKEN_X", "t")
    }),
    ("aws.java", "wrong", "JAVA_TOOL_OPTIONS", |_| {
        let keys = "-Daws.accessKeyId=A -Daws.secretAccessKey=s";
        set("JAVA_TOOL_OPTIONS", keys)
    }),
    ("aws.ghost", "wrong", "`unset AWS_PROFILE`", |_| {
        set("AWS_PROFILE", "ghost")
    }),
    ("aws.block", "wrong", "`ob config aws`", |env| {
        printed(&mut env.ob(["config", "aws"]));
        let config = env.path("home/.aws/config");
        let moved = fs::read_to_string(&config).unwrap();
        fs::write(&config, moved.replace("bin/ob", "gone/ob")).unwrap();
        Vec::new()
    }),
];

const SWAPS: &str = "/proc/swaps";
/// A Debian setting; other kernels lack it.
const CLONE: &str = "/proc/sys/kernel/unprivileged_userns_clone";
const NAMESPACES: &str = "/proc/sys/user/max_user_namespaces";

/// Writes one of the AWS files.
fn aws_file(env: &TestEnv, name: &str, text: &str) -> Vec<(&'static str, String)> {
    let path = env.path("home/.aws").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    Vec::new()
}

/// Listens at the agent's socket and sends only these messages.
fn agent(env: &TestEnv, words: Vec<FromAgent>) {
    let listener = UnixListener::bind(directory(env).join(ob::link::SOCKET)).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            for word in &words {
                let frame = wire::encode(word, FROM_AGENT_MAX).unwrap();
                let _ = stream.write_all(&frame);
            }
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
}

/// An agent that reports this status.
fn agent_reporting(env: &TestEnv, change: fn(&mut StatusReply)) -> Vec<(&'static str, String)> {
    let mut status = StatusReply {
        pid: 1,
        build: env!("CARGO_PKG_VERSION").to_owned(),
        started: Timestamp(0),
        confinement: Confinement {
            landlock: 7,
            seccomp: true,
        },
        clock_skew: None,
        sessions: Vec::new(),
        roles: Vec::new(),
        used: Vec::new(),
        tunnel_ended: None,
    };
    change(&mut status);
    let hello = Hello {
        protocol: PROTOCOL,
        build: status.build.clone(),
    };
    let reply = FromAgent::Reply(Reply::Status(status));
    agent(env, vec![FromAgent::Hello(hello), reply]);
    Vec::new()
}

fn with_a_vpn(env: &TestEnv) {
    env.write_settings(&(env.minimal_settings() + &vpn_settings(&env.sandbox)));
}

/// Removes mounts of the machine's preparation.
fn uncover() {
    let places = [
        SWAPS,
        NAMESPACES,
        CLONE,
        "/usr/sbin/openvpn",
        "/usr/sbin",
        "/usr/bin",
        "/dev/net",
    ];
    for place in places {
        // Fails harmlessly if nothing is mounted.
        let _ = Command::new("umount").args(["-l", place]).output();
    }
}

#[test]
fn every_finding_of_doctor_has_a_row_and_every_row_a_finding() {
    let rows: BTreeSet<_> = ROWS
        .iter()
        .map(|(name, state, ..)| ((*name).to_owned(), (*state).to_owned()))
        .chain(crate::vpn::sudo_rules::findings())
        .collect();
    let mut sources = sources::in_the_sources();
    if cfg!(feature = "fido2") {
        sources.remove(&("security_key".to_owned(), "wrong".to_owned()));
    }
    assert_eq!(
        rows.len(),
        ROWS.len() + crate::vpn::sudo_rules::FINDINGS.len()
    );
    assert_eq!(rows, sources);
}

#[test]
fn each_finding_of_doctor_is_found_with_its_hint() {
    let name = "sdks::findings::each_finding_of_doctor_is_found_with_its_hint";
    if !entered(name, true) {
        return;
    }
    ip("link set lo up");
    for (name, state, hint, arrange) in ROWS {
        // Without swap support there is no finding.
        if *name == "swap" && !Path::new(SWAPS).exists() {
            continue;
        }
        let env = dev();
        let variables = arrange(&env);
        let found = run(env.ob(["doctor", "--json"]).envs(variables.clone()), "");
        let shown = run(env.ob(["doctor"]).envs(variables), "");
        uncover();
        let list: Vec<Value> = serde_json::from_str(&found.stdout).unwrap();
        let one = list
            .iter()
            .find(|one| one["name"] == *name && one["state"] == *state)
            .unwrap_or_else(|| panic!("{name} is not {state}: {list:#?}"));
        let any_wrong = list.iter().any(|one| one["state"] == "wrong");
        assert_eq!(found.status.code(), Some(i32::from(any_wrong)), "{name}");
        let hint_text = one["hint"].as_str();
        match *state {
            "good" => assert_eq!(hint_text, None, "{name}"),
            // Each says what to type, or why nothing helps.
            _ => assert!(
                hint_text
                    .is_some_and(|hint_text| !hint_text.is_empty() && hint_text.contains(hint)),
                "{name} {state}: {one}"
            ),
        }
        let what = one["what"].as_str().unwrap();
        let shown = &shown.stdout;
        assert!(shown.contains(what), "{name}: {what} is not in {shown}");
    }
}
