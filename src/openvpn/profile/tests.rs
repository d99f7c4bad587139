//! Tests that valid profiles become the expected canonical text, that incomplete ones are refused,
//! and that writing is stable.

use proptest::prelude::*;

use super::*;
use crate::openvpn::policy::{Policy, Routes};

const OF_2024: &str = include_str!("../../../tests/fixtures/openvpn/userlocked-2024.ovpn");
const OF_2016: &str = include_str!("../../../tests/fixtures/openvpn/userlocked-2016.ovpn");

fn parse(text: &str) -> Profile {
    Profile::parse(text.as_bytes()).unwrap()
}

/// Returns the canonical text up to the keys.
fn head(profile: &Profile) -> String {
    profile
        .canonical()
        .expose()
        .split("<ca>")
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn current_profile_is_unchanged() {
    let profile = parse(OF_2024);
    assert_eq!(
        head(&profile),
        "client\ndev tun\nallow-compression no\nserver-poll-timeout 4\nnobind\n\
         remote vpn.acme.com 1194 udp\n\
         remote vpn.acme.com 1194 udp\nremote vpn.acme.com 443 tcp\ndev-type tun\n\
         remote-cert-tls server\ntls-version-min 1.2\nreneg-sec 604800\ntun-mtu 1420\n\
         auth-user-pass\npush-peer-info\n"
    );
    assert_eq!(profile.username(), Some("alice@acme.com"));
    assert!(profile.asks_user_password());
    assert_eq!(profile.remotes().count(), 3);
}

#[test]
fn profile_of_2016_is_written_with_present_names() {
    let profile = parse(OF_2016);
    assert_eq!(
        head(&profile),
        "client\ndev tun\nallow-compression no\nserver-poll-timeout 4\nnobind\n\
         remote 192.0.2.10 1194 udp\n\
         remote 192.0.2.10 443 tcp\ndev-type tun\nremote-cert-tls server\ntls-version-min 1.2\n\
         reneg-sec 604800\nsndbuf 100000\nrcvbuf 100000\nauth-user-pass\ncomp-lzo no\n\
         push-peer-info\n\
         static-challenge \"Enter Authenticator Code\" 1\nkey-direction 1\n"
    );
}

#[test]
fn verdicts_show_changes_but_no_key() {
    let shown = format!("{:#?}", parse(OF_2016).explain());
    for text in ["its name since", "Y2FuYXJ5", "0000000000", "YSBjZXJ0"] {
        assert!(!shown.contains(text), "{text}");
    }
    for text in ["<key> RSA PRIVATE KEY", "nothing below TLS 1.2"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!format!("{:?}", parse(OF_2016)).contains("Y2FuYXJ5"));
}

#[test]
fn incomplete_profile_is_refused_with_what_is_missing() {
    let without = |line: &str| OF_2024.replace(&format!("\n{line}\n"), "\n");
    let blockless = |name: &str| {
        let (head, rest) = OF_2024.split_once(&format!("<{name}>")).unwrap();
        let (_, tail) = rest.split_once(&format!("</{name}>")).unwrap();
        format!("{head}{tail}")
    };
    let remoteless = OF_2024.replace("remote vpn.", "# remote vpn.");
    let twice = OF_2024.replace("<ca>", "<connection>\nport 1\n</connection>\n<ca>");
    for (text, missing) in [
        (without("client"), MissingDirective::Client),
        (
            without("remote-cert-tls server"),
            MissingDirective::ServerCheck,
        ),
        (remoteless, MissingDirective::Remote),
        (blockless("ca"), MissingDirective::Authority),
        (blockless("cert"), MissingDirective::KeyPair),
        (blockless("key"), MissingDirective::KeyPair),
        (twice, MissingDirective::ConnectionRemote),
    ] {
        assert_eq!(
            Profile::parse(text.as_bytes()).unwrap_err(),
            ProfileError::Incomplete(missing)
        );
    }
    let autologin = without("auth-user-pass").replace(
        "# OVPN_ACCESS_SERVER_PROFILE",
        "# OVPN_ACCESS_SERVER_AUTOLOGIN=1\n#",
    );
    let autologin = parse(&autologin);
    assert!(!autologin.asks_user_password());
}

#[test]
fn damaged_keys_and_repeated_blocks_are_refused() {
    for (from, to) in [
        (
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        ),
        ("-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----"),
        (
            "-----END PRIVATE KEY-----",
            "-----END PRIVATE KEY-----\n-----BEGIN PRIVATE KEY-----\nQUJD\n\
             -----END PRIVATE KEY-----",
        ),
        ("-----END PRIVATE KEY-----", ""),
        (
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nup /tmp/x",
        ),
        (
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n<ca>",
        ),
        (
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\nA",
        ),
        (
            "<key>",
            "<ca>\n-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n</ca>\n<key>",
        ),
        ("</key>", ""),
        ("<key>", "<key>\n<key>"),
    ] {
        let text = OF_2024.replacen(from, to, 1);
        assert!(Profile::parse(text.as_bytes()).is_err(), "{to}");
    }
    let cut = OF_2016.replace("0f0f0f0f", "");
    assert!(Profile::parse(cut.as_bytes()).is_err());
}

#[test]
fn text_around_a_certificate_is_left_out() {
    let text = OF_2024.replace(
        "<cert>\n",
        "<cert>\nCertificate:\n    Data:\n        Version: 3 (0x2)\n",
    );
    assert_eq!(parse(&text).settings(), parse(OF_2024).settings());
}

#[test]
fn policy_excludes_routes_and_name_servers() {
    let text = format!(
        "{OF_2024}route 10.77.0.0 255.255.0.0\nredirect-gateway def1\ndhcp-option DNS 10.0.0.1\n\
         pull-filter accept \"route \"\npull-filter ignore \"block-\"\n"
    );
    let all = head(&parse(&text).apply_policy(&Policy::default()));
    for line in [
        "route 10.77.0.0 255.255.0.0",
        "redirect-gateway def1",
        "dhcp-option DNS 10.0.0.1",
    ] {
        assert!(all.contains(line), "{all}");
    }
    let strict = Policy {
        routes: Routes::Only(Vec::new()),
        dns: false,
        peer_info: false,
    };
    let profile = parse(&text).apply_policy(&strict);
    let none = head(&profile);
    for word in ["route ", "redirect", "dhcp", "accept", "push-peer-info"] {
        assert!(!none.contains(word), "{none}");
    }
    assert!(none.contains("pull-filter \"ignore\" \"block-\""));
    let dropped = |verdict: &&Verdict| matches!(verdict.ruling, Ruling::Dropped(_));
    assert_eq!(profile.explain().iter().filter(dropped).count(), 6);
}

#[test]
fn own_filter_accepts_no_more_than_the_policy() {
    let canonical_head = |text: &str, policy: &Policy| {
        let profile = parse(&format!("{OF_2024}pull-filter accept {text}\n")).apply_policy(policy);
        let head = head(&profile);
        let filters = head.lines().filter(|line| line.starts_with("pull-filter"));
        filters.map(str::to_owned).collect::<Vec<_>>()
    };
    let (open, strict) = (
        Policy::default(),
        Policy {
            routes: Routes::Only(Vec::new()),
            dns: false,
            peer_info: true,
        },
    );
    for text in [
        "setenv-safe",
        "'\"redirect-gateway\"'",
        "verb",
        "bind-dev",
        "x",
    ] {
        assert!(canonical_head(text, &open).is_empty(), "{text}");
    }
    assert_eq!(
        canonical_head("'route 10.77.'", &open),
        ["pull-filter \"accept\" \"route 10.77.\""]
    );
    assert!(canonical_head("'route 10.77.'", &strict).is_empty());
    assert_eq!(
        canonical_head("route", &strict),
        ["pull-filter \"accept\" \"route-gateway \""]
    );
    // An empty prefix accepts what the policy accepts.
    assert_eq!(canonical_head("r", &open).len(), 6);
    let all = open.accepted_pushes().count();
    let profile = parse(&format!(
        "{OF_2024}pull-filter accept a\npull-filter ignore b\n"
    ));
    let profile = profile.apply_policy(&open);
    let accepted = head(&profile).matches("\"accept\" \"auth-token").count();
    assert!(accepted == 2 && all > 30, "{}", head(&profile));
    let changed = |verdict: &&Verdict| matches!(verdict.ruling, Ruling::Changed(_));
    assert_eq!(profile.explain().iter().filter(changed).count(), 1);
}

#[test]
fn last_value_of_a_single_directive_counts() {
    let profile = parse(&format!("{OF_2024}reneg-sec 60\nreneg-sec 120\n"));
    assert_eq!(
        profile.settings().find("reneg-sec"),
        Some(&Value::Numbers(vec![120]))
    );
    assert_eq!(head(&profile).matches("reneg-sec").count(), 1);
}

#[test]
fn generic_profile_is_refused() {
    let text = format!("{OF_2024}setenv GENERIC_CONFIG 1\n");
    assert_eq!(
        Profile::parse(text.as_bytes()).unwrap_err(),
        ProfileError::Generic
    );
}

/// Generates accepted and refused lines with variable parts.
fn line() -> impl Strategy<Value = String> {
    let words = prop::sample::select(known_directives().collect::<Vec<_>>());
    prop_oneof![
        (words, "( [a-zA-Z0-9.:_/-]{0,12}){0,3}").prop_map(|(name, args)| format!("{name}{args}")),
        "static-challenge \"[ -~&&[^\"\\\\]]{1,40}\" [0-3]",
        "static-challenge \"(\\\\\\\\|\\\\\"|[a-zé ]){1,20}\" [0-3]",
        "verify-x509-name '[ -~&&[^']]{1,40}' (subject|name|name-prefix)",
        "pull-filter (accept|ignore|reject) \"[a-z -]{1,20}\"",
        "remote [a-z]{1,8}(\\.[a-z0-9]{1,8}){0,3} [0-9]{1,6} (udp|tcp|udp6|tcp-client)",
        "<connection>\nremote [a-z.]{1,9} [0-9]{1,4}\n(connect-retry 1 2\n)?</connection>",
        "route 10\\.[0-9]{1,3}\\.0\\.0 255\\.255\\.(0|255)\\.0",
        "(data-ciphers|cipher|auth|tls-cipher) [A-Za-z0-9:!-]{1,20}",
        "\\PC{0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn canonical_text_parses_to_the_same_settings(lines in prop::collection::vec(line(), 0..6)) {
        // One refused line refuses the profile, so each line is tried alone as well.
        let whole = format!("{OF_2024}{}\n", lines.join("\n"));
        let alone = lines.iter().map(|line| format!("{OF_2016}{line}\n"));
        for text in std::iter::once(whole).chain(alone) {
            if let Ok(profile) = Profile::parse(text.as_bytes()) {
                let canonical = profile.canonical();
                let again = Profile::parse(canonical.expose().as_bytes());
                let again = again.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
                prop_assert_eq!(again.settings(), profile.settings());
                let second = again.canonical();
                prop_assert_eq!(second.expose(), canonical.expose());
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0usize..3000) {
        let _ = Profile::parse(&bytes);
        let mut spliced = OF_2024.as_bytes()[..cut.min(OF_2024.len())].to_vec();
        spliced.extend_from_slice(&bytes);
        let _ = Profile::parse(&spliced);
    }
}
