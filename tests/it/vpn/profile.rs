//! Downloading a profile: what is shown of it, and what hostile servers achieve.

use ob_sandbox::{Fault, FaultKind, Options, Server, VpnOptions};

use super::network::vpn_settings;
use crate::support::{Finished, TestEnv, run};

fn env(vpn: VpnOptions) -> TestEnv {
    let env = TestEnv::with(
        "bob",
        Options {
            vpn,
            ..Options::default()
        },
    );
    let settings = env.minimal_settings() + &vpn_settings(&env.sandbox);
    env.write_settings(&settings);
    env.sign_in();
    env
}

fn explain(env: &TestEnv, words: &[&str]) -> Finished {
    run(env.ob(["vpn", "profile", "--explain"]).args(words), "")
}

#[test]
fn each_directive_is_explained_and_no_key_is_shown() {
    let env = env(VpnOptions::default());
    let shown = explain(&env, &[]);
    assert!(shown.status.success(), "{}", &shown.stderr);
    let said = &shown.stdout;
    for line in [
        "allowed  remote 127.0.0.1 9 udp",
        "allowed  <key> PRIVATE KEY",
        "dropped  verb",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let json = explain(&env, &["--json"]);
    let json_text = &json.stdout;
    let parsed: serde_json::Value = serde_json::from_str(json_text).unwrap();
    assert_eq!(parsed["usable"], true);
    assert_eq!(parsed["door"], "/import_profile");
    for (kind, value) in env.sandbox.canaries() {
        for text in [said, json_text] {
            assert!(!text.contains(&value), "{kind} is shown: {text}");
        }
    }
}

#[test]
fn every_door_of_a_server_is_tried() {
    for (vpn, door) in [
        (
            VpnOptions {
                deep_link_in_acs: true,
                ..VpnOptions::default()
            },
            "/saml/acs",
        ),
        (
            VpnOptions {
                import_profile: false,
                ..VpnOptions::default()
            },
            "/downloads.json",
        ),
        (
            VpnOptions {
                import_profile: false,
                downloads: false,
                api: true,
                ..VpnOptions::default()
            },
            "/api/token-url",
        ),
    ] {
        let env = env(vpn);
        let shown = explain(&env, &[]);
        assert!(
            shown.stdout.contains(&format!("from {door} of OpenVPN-AS")),
            "{}",
            &shown.stderr
        );
    }
}

#[test]
fn a_server_without_any_door_is_named_with_what_each_answered() {
    let env = env(VpnOptions {
        import_profile: false,
        downloads: false,
        ..VpnOptions::default()
    });
    let shown = explain(&env, &[]);
    assert_eq!(shown.status.code(), Some(4));
    let said = &shown.stderr;
    for part in [
        "OpenVPN-AS offers no profile at an endpoint",
        "/import_profile answered with status 404",
        "/downloads.json answered with status 404",
        "/api/token-url answered with status 404",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_hostile_profile_is_refused_by_name() {
    for (line, name) in [
        ("up /bin/sh", "up"),
        ("--up /bin/sh", "up"),
        ("\"up\" /bin/sh", "up"),
        ("setenv opt up /bin/sh", "up"),
        ("plugin /tmp/evil.so", "plugin"),
        ("providers default /tmp/evil.so", "providers"),
        ("pkcs11-providers /tmp/evil.so", "pkcs11-providers"),
        ("auth-user-pass /etc/shadow", "auth-user-pass"),
        ("config /etc/shadow", "config"),
        ("log /etc/ob-was-here", "log"),
        ("management 0.0.0.0 7505", "management"),
        ("script-security 2", "script-security"),
        ("a-directive-of-tomorrow x", "a-directive-of-tomorrow"),
    ] {
        let env = env(VpnOptions {
            profile_lines: vec![line.to_owned()],
            ..VpnOptions::default()
        });
        let shown = explain(&env, &[]);
        assert_eq!(shown.status.code(), Some(4), "{line}: {}", &shown.stdout);
        let verdict = format!("refused  {name}");
        assert!(shown.stdout.contains(&verdict), "{line}: {}", &shown.stdout);
        assert!(shown.stderr.contains("the VPN profile cannot be used"));
        let up = run(&mut env.ob(["vpn", "up", "--detach"]), "");
        assert_eq!(up.status.code(), Some(4), "{line}");
    }
}

#[test]
fn harmless_lines_are_dropped_or_normalised_with_a_reason() {
    let lines = [
        (
            "setenv opt USERNAME alice@acme.com",
            "dropped  setenv opt USERNAME (a setting of OpenVPN Connect",
        ),
        (
            "setenv FRIENDLY_NAME \"Acme VPN\"",
            "dropped  setenv FRIENDLY_NAME (a setting of OpenVPN Connect",
        ),
        (
            "socket-flags TCP_NODELAY",
            "allowed  socket-flags TCP_NODELAY\n",
        ),
        (
            "dhcp-option DOMAIN corp.example.com.",
            "changed  dhcp-option DOMAIN corp.example.com (",
        ),
        (
            "dhcp-option DOMAIN a.example.com; b.example.com;",
            "changed  dhcp-option DOMAIN b.example.com (",
        ),
        (
            "dhcp-option NTP 10.0.0.1",
            "dropped  dhcp-option (has no meaning",
        ),
        (
            "dns server 0 address 10.88.0.1",
            "allowed  dns server 0 address 10.88.0.1\n",
        ),
        ("mssfix 1400 mtu", "allowed  mssfix 1400 mtu\n"),
        (
            "remote [2001:db8::1] 1194 udp6",
            "changed  remote 2001:db8::1 1194 udp6 (",
        ),
        ("ca [inline]", "dropped  ca (its block follows"),
        ("comp-lzo", "changed  comp-lzo no ("),
        ("user nobody", "dropped  user (`ob` runs openvpn as you"),
        (
            "ignore-unknown-option dco-frobnicate\ndco-frobnicate 1",
            "dropped  dco-frobnicate (the profile lets",
        ),
    ];
    let env = env(VpnOptions {
        profile_lines: lines.map(|(line, _)| line.to_owned()).to_vec(),
        ..VpnOptions::default()
    });
    let shown = explain(&env, &[]);
    assert!(shown.status.success(), "{}", &shown.stderr);
    let said = &shown.stdout;
    for (line, expected) in lines {
        assert!(said.contains(expected), "{line}: {said}");
    }
    assert!(said.contains(" 0 refused"), "{said}");
}

#[test]
fn a_server_that_misleads_is_refused_by_name() {
    let link = |address: &str| format!("openvpn://import-profile/{address}").into_bytes();
    let token = "abcDEF0123456789abcDEF0123456789";
    let replaced = |body: Vec<u8>| FaultKind::ReplaceBody {
        body,
        content_type: "text/plain".into(),
    };
    let env = env(VpnOptions::default());
    let other = env.sandbox.other_url();
    for (path, fault, expected) in [
        (
            "/import_profile",
            replaced(link(&format!(
                "{other}/rest/GetProfileViaToken?token={token}"
            ))),
            "not the configured VPN",
        ),
        (
            "/import_profile",
            replaced(link(&format!(
                "{}/etc/passwd?token={token}",
                env.sandbox.vpn_url()
            ))),
            "the profile's address is not",
        ),
        (
            "/saml/acs",
            FaultKind::RedirectTo(format!("{other}/")),
            "not the configured VPN",
        ),
        (
            "/saml/acs",
            FaultKind::Status {
                code: 302,
                headers: vec![("Location".into(), "/profile".into())],
                body: Vec::new(),
            },
            "the VPN server did not accept the SAML sign-in",
        ),
        (
            "/rest/GetProfileViaToken",
            replaced(vec![b'#'; 1024 * 1024]),
            "larger than 512 KiB",
        ),
        (
            "/rest/GetProfileViaToken",
            replaced(vec![b'#'; 1024 * 1024 + 1]),
            "more than 1048576 \
            bytes",
        ),
        (
            "/rest/GetProfileViaToken",
            FaultKind::HtmlInsteadOfJson,
            "the VPN server sent a web page instead of a \
             profile",
        ),
        (
            "/rest/GetProfileViaToken",
            replaced(
                b"<?xml \
            version=\"1.0\"?><Error><Type>x</Type><Message>\x1b[31mAUTH_FAILED</Message></Error>"
                    .to_vec(),
            ),
            "\\u{1b}[31mAUTH_FAILED",
        ),
    ] {
        env.sandbox.clear_faults();
        env.sandbox.fault(Fault::vpn(path, fault));
        let shown = explain(&env, &[]);
        let said = &shown.stderr;
        assert!(!shown.status.success(), "{path}");
        assert!(said.contains(expected), "{path}: {said}");
        assert!(!said.contains(token), "{said}");
    }
    assert!(env.sandbox.requests(Server::Other, "/").is_empty());
}

#[test]
fn an_assertion_for_elsewhere_is_not_sent() {
    let env = env(VpnOptions::default());
    let settings = env.minimal_settings()
        + &format!(
            "\n[vpn]\nhost = \"{}\"\napp = \"{}\"\n",
            env.sandbox.other_url().trim_start_matches("https://"),
            env.sandbox.vpn_app_url()
        );
    env.write_settings(&settings);
    let shown = explain(&env, &[]);
    assert_eq!(shown.status.code(), Some(4));
    assert!(
        shown.stderr.contains("which is not the configured VPN"),
        "{}",
        &shown.stderr
    );
    assert!(env.sandbox.requests(Server::Vpn, "/").is_empty());
    assert!(env.sandbox.requests(Server::Other, "/").is_empty());
}

#[test]
fn the_app_is_found_among_the_tiles() {
    let env = env(VpnOptions::default());
    let host = env.sandbox.vpn_url();
    let settings = env.minimal_settings()
        + &format!(
            "\n[vpn]\nhost = \"{}\"\n",
            host.trim_start_matches("https://")
        );
    env.write_settings(&settings);
    let shown = explain(&env, &[]);
    assert!(shown.status.success(), "{}", &shown.stderr);
}

#[test]
fn without_a_vpn_in_the_settings_it_says_what_to_write() {
    let env = TestEnv::new();
    for verb in [
        &["vpn", "up"][..],
        &["vpn", "profile"],
        &["vpn", "exec", "--", "true"],
    ] {
        let said = run(&mut env.ob(verb), "");
        assert_eq!(said.status.code(), Some(2), "{verb:?}");
        assert!(
            said.stderr.contains("host = \"vpn.acme.com\""),
            "{}",
            &said.stderr
        );
    }
}
