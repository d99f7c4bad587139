//! Tests of harmless lines in real profiles: what becomes of each, and which of their kind are
//! refused.

use super::*;

const GOOD: &str = include_str!("../../../tests/fixtures/openvpn/userlocked-2024.ovpn");

fn with(lines: &str) -> Result<Profile, ProfileError> {
    Profile::parse(format!("{GOOD}{lines}\n").as_bytes())
}

/// Returns the lines that `lines` add to the canonical text.
fn added(lines: &str) -> Vec<String> {
    let own = with("").unwrap();
    let own = own.canonical();
    let profile = with(lines).unwrap_or_else(|error| panic!("{lines}: {error}"));
    let canonical = profile.canonical();
    let known: Vec<&str> = own.expose().lines().collect();
    let new = canonical
        .expose()
        .lines()
        .filter(|line| !known.contains(line));
    new.map(str::to_owned).collect()
}

fn is_refused(lines: &str, name: &str) -> bool {
    let error = with(lines).expect_err(lines);
    error
        .verdicts()
        .iter()
        .any(|verdict| verdict.directive == name && verdict.ruling.is_refused())
}

/// Returns the rulings on the last line.
fn rulings(line: &str) -> Vec<(String, Ruling)> {
    let profile = with(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let last = GOOD.lines().count();
    let those = profile
        .explain()
        .iter()
        .filter(|verdict| verdict.line > last);
    those
        .map(|verdict| (verdict.directive.clone(), verdict.ruling.clone()))
        .collect()
}

#[test]
fn settings_of_apps_are_dropped() {
    for line in [
        "setenv opt USERNAME alice@acme.com",
        "setenv USERNAME \"alice\"",
        "setenv FRIENDLY_NAME \"Acme VPN\"",
        "setenv SERVER vpn.acme.com/x",
        "setenv ALLOW_PASSWORD_SAVE 0",
        "setenv opt a-directive-of-tomorrow x",
        "setenv UV_NAME Alice of Acme",
        "allow-password-save 0",
        "user nobody",
        "group nogroup",
        "dhcp-option NTP 10.0.0.1",
        "dhcp-option PROXY_HTTP proxy 3128",
        "allow-compression yes",
        "persist-remote-ip",
        "allow-pull-fqdn",
    ] {
        assert!(added(line).is_empty(), "{line}");
        let rulings = rulings(line);
        let is_dropped = |(_, ruling): &(String, Ruling)| matches!(ruling, Ruling::Dropped(_));
        assert!(
            rulings.len() == 1 && rulings.iter().all(is_dropped),
            "{line}"
        );
    }
    for line in [
        "setenv LD_PRELOAD x",
        "setenv USERNAMES x",
        "setenv opt up /x",
        "setenv PATH /x",
    ] {
        let name = if line.contains("opt") { "up" } else { "setenv" };
        assert!(is_refused(line, name), "{line}");
    }
    let nameless = GOOD.replace("# OVPN_ACCESS_SERVER_USERNAME", "# OTHER");
    let profile = Profile::parse(format!("{nameless}setenv USERNAME carol\n").as_bytes());
    assert_eq!(profile.unwrap().username(), Some("carol"));
    assert_eq!(
        with("setenv USERNAME carol").unwrap().username(),
        Some("alice@acme.com")
    );
}

#[test]
fn ignorable_options_are_dropped() {
    let lines = "ignore-unknown-option dco-frobnicate other\ndco-frobnicate 1";
    assert!(added(lines).is_empty());
    assert!(added("dco-frobnicate 1\nignore-unknown-option dco-frobnicate").is_empty());
    assert!(added("ignore-unknown-option x-y\n<x-y>\n1\n</x-y>").is_empty());
    assert!(is_refused("dco-frobnicate 1", "dco-frobnicate"));
    // It does not cover a name that openvpn knows.
    for (line, name) in [
        ("up /x", "up"),
        ("plugin /x.so", "plugin"),
        ("dev tap", "dev"),
    ] {
        assert!(
            is_refused(&format!("ignore-unknown-option {name}\n{line}"), name),
            "{line}"
        );
    }
}

#[test]
fn hosts_and_domains_are_normalized() {
    for (line, expected) in [
        (
            "remote vpn.example.com. 1194 udp",
            &["remote vpn.example.com 1194 udp"][..],
        ),
        (
            "remote [2001:db8::1] 1194 udp6",
            &["remote 2001:db8::1 1194 udp6"],
        ),
        (
            "dhcp-option DOMAIN corp.example.com.",
            &["dhcp-option DOMAIN corp.example.com"],
        ),
        (
            "dhcp-option DOMAIN-ROUTE .",
            &["dhcp-option DOMAIN-ROUTE ."],
        ),
        (
            "dhcp-option DOMAIN a.example.com; b.example.com;",
            &[
                "dhcp-option DOMAIN a.example.com",
                "dhcp-option DOMAIN b.example.com",
            ],
        ),
        (
            "dhcp-option DOMAIN-SEARCH 'a.test,b.test'",
            &[
                "dhcp-option DOMAIN-SEARCH a.test",
                "dhcp-option DOMAIN-SEARCH b.test",
            ],
        ),
        ("dhcp-option DNS [fd00::1]", &["dhcp-option DNS fd00::1"]),
        (
            "dhcp-option DNS \"10.0.0.1, 10.0.0.2\"",
            &["dhcp-option DNS 10.0.0.1", "dhcp-option DNS 10.0.0.2"],
        ),
        (
            "dhcp-option DNS6 fd00::1 fd00::2;",
            &["dhcp-option DNS6 fd00::1", "dhcp-option DNS6 fd00::2"],
        ),
        (
            "dhcp-option DOMAIN ~corp.test.",
            &["dhcp-option DOMAIN-ROUTE corp.test"],
        ),
        (
            "dhcp-option DOMAIN-SEARCH '~a.test ~.'",
            &[
                "dhcp-option DOMAIN-ROUTE a.test",
                "dhcp-option DOMAIN-ROUTE .",
            ],
        ),
        (
            "dhcp-option DOMAIN-ROUTE ~.",
            &["dhcp-option DOMAIN-ROUTE ."],
        ),
        (
            "dns server 0 address 10.88.0.1",
            &["dns server 0 address 10.88.0.1"],
        ),
        (
            "dns server -1 address [fd00::1]:53 10.0.0.1:5353",
            &["dns server -1 address [fd00::1]:53 10.0.0.1:5353"],
        ),
        (
            "dns server 0 resolve-domains corp.test. svc.test",
            &["dns server 0 resolve-domains corp.test svc.test"],
        ),
        (
            "dns search-domains corp.test",
            &["dns search-domains corp.test"],
        ),
        ("route-gateway 10.88.0.1", &["route-gateway 10.88.0.1"]),
    ] {
        assert_eq!(added(line), expected, "{line}");
    }
    for (line, name) in [
        ("remote vpn..example.com", "remote"),
        ("remote [vpn.example.com]", "remote"),
        ("remote .", "remote"),
        ("dhcp-option DOMAIN a.test;$(id)", "dhcp-option"),
        ("dhcp-option DOMAIN .", "dhcp-option"),
        ("dhcp-option DOMAIN ~$(id)", "dhcp-option"),
        ("dhcp-option DNS", "dhcp-option"),
        ("dhcp-option DNS ,", "dhcp-option"),
        ("dhcp-option DNS '10.0.0.1 x'", "dhcp-option"),
        ("dhcp-option DOMAIN", "dhcp-option"),
        ("dhcp-option FROBNICATE x", "dhcp-option"),
        ("dns server 0 address evil.example", "dns"),
        ("dns server 0 address", "dns"),
        ("dns server x address 10.0.0.1", "dns"),
        ("dns server 0 sni 'a b'", "dns"),
        ("dns other 10.0.0.1", "dns"),
        ("route-gateway dhcp", "route-gateway"),
    ] {
        assert!(is_refused(line, name), "{line}");
    }
}

#[test]
fn arguments_of_newer_versions_are_parsed() {
    for (line, expected) in [
        ("mssfix 1400 mtu", "mssfix 1400 mtu"),
        ("mssfix 1400 fixed", "mssfix 1400 fixed"),
        ("mssfix", "mssfix"),
        ("fragment 1300 mtu", "fragment 1300 mtu"),
        ("tun-mtu 1400 1500", "tun-mtu 1400 1500"),
        ("max-packet-size 1400", "max-packet-size 1400"),
        ("socket-flags TCP_NODELAY", "socket-flags TCP_NODELAY"),
        ("tcp-nodelay", "socket-flags TCP_NODELAY"),
        ("mtu-disc yes", "mtu-disc yes"),
    ] {
        assert_eq!(added(line), [expected], "{line}");
    }
    for (line, name) in [
        ("mssfix 1400 x", "mssfix"),
        ("mssfix x", "mssfix"),
        ("fragment 1300 x", "fragment"),
        ("fragment 10 mtu", "fragment"),
        ("socket-flags TCP_NODELAY bind", "socket-flags"),
        ("socket-flags", "socket-flags"),
        ("tcp-nodelay x", "tcp-nodelay"),
        ("mtu-disc /etc/x", "mtu-disc"),
        ("bind-dev eth0", "bind-dev"),
    ] {
        assert!(is_refused(line, name), "{line}");
    }
}

#[test]
fn only_the_framing_of_compression_is_kept() {
    for (line, expected) in [
        ("comp-lzo", "comp-lzo no"),
        ("comp-lzo no", "comp-lzo no"),
        ("comp-lzo yes", "comp-lzo no"),
        ("comp-lzo adaptive", "comp-lzo no"),
        ("compress", "compress stub"),
        ("compress stub", "compress stub"),
        ("compress lzo", "comp-lzo no"),
        ("compress lz4", "compress stub"),
        ("compress stub-v2", "compress stub-v2"),
        ("compress lz4-v2", "compress stub-v2"),
    ] {
        assert_eq!(added(line), [expected], "{line}");
    }
    for name in ["comp-lzo", "compress", "allow-compression"] {
        assert!(is_refused(&format!("{name} x"), name));
        assert!(is_refused(&format!("{name} yes /x"), name));
    }
    // It comes before any line of the profile, which cannot undo it.
    let profile = with("compress stub\nallow-compression yes").unwrap();
    let canonical = profile.canonical();
    assert!(
        canonical
            .expose()
            .starts_with("client\ndev tun\nallow-compression no\n")
    );
    assert_eq!(canonical.expose().matches("allow-compression").count(), 1);
}

#[test]
fn inline_marker_announces_a_block() {
    for line in [
        "ca [inline]",
        "cert [inline]",
        "key [inline]",
        "tls-crypt-v2 [inline]",
    ] {
        assert!(added(line).is_empty(), "{line}");
    }
    let key = "-----BEGIN OpenVPN Static key V1-----\n";
    let hex = format!("{}\n", "0".repeat(32)).repeat(16);
    let key = format!("<tls-auth>\n{key}{hex}-----END OpenVPN Static key V1-----\n</tls-auth>");
    let without = |name: &str| {
        let (head, rest) = GOOD.split_once(&format!("<{name}>")).unwrap();
        let (_, tail) = rest.split_once(&format!("</{name}>")).unwrap();
        format!("{head}{tail}")
    };
    let text = format!("{}tls-auth [inline] 1\n{key}\n", without("tls-crypt-v2"));
    let profile = Profile::parse(text.as_bytes()).unwrap();
    assert!(profile.canonical().expose().contains("\nkey-direction 1\n"));
    let missing = format!("{}tls-auth [inline] 1\n", without("tls-crypt-v2"));
    assert!(matches!(
        Profile::parse(missing.as_bytes()),
        Err(ProfileError::Key { .. })
    ));
    for (line, name) in [
        ("ca [inline] /etc/shadow", "ca"),
        ("ca inline", "ca"),
        ("key /etc/shadow", "key"),
        ("tls-auth [inline] 2", "tls-auth"),
        ("secret [inline]", "secret"),
        ("auth-user-pass [inline]", "auth-user-pass"),
        ("pkcs12 [inline]", "pkcs12"),
    ] {
        assert!(is_refused(line, name), "{line}");
    }
}

#[test]
fn parameters_before_a_key_are_left_out() {
    let parameters =
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    let text = GOOD.replace("<key>\n", &format!("<key>\n{parameters}"));
    let profile = Profile::parse(text.as_bytes()).unwrap();
    assert_eq!(profile.settings(), with("").unwrap().settings());
    for broken in [
        parameters.replace("BggqhkjOPQMBBw==", "up /x"),
        parameters.replace("-----END EC PARAMETERS-----\n", ""),
        parameters.replace("EC PARAMETERS", "SSH PARAMETERS"),
        parameters.replace("EC PARAMETERS", "PRIVATE KEY"),
    ] {
        let text = GOOD.replace("<key>\n", &format!("<key>\n{broken}"));
        assert!(Profile::parse(text.as_bytes()).is_err(), "{broken}");
    }
}

#[test]
fn hashes_and_revocation_lists_narrow_the_trust() {
    let hash = ["AB"; 32].join(":");
    assert_eq!(
        added(&format!("peer-fingerprint {hash}")),
        [format!("peer-fingerprint {hash}")]
    );
    assert_eq!(
        added(&format!(
            "<peer-fingerprint>\n# old\n{hash}\n\n</peer-fingerprint>"
        )),
        [format!("peer-fingerprint {hash}")]
    );
    assert_eq!(
        added(&format!("verify-hash {hash} SHA256")),
        [format!("verify-hash {hash} SHA256")]
    );
    let list =
        "<crl-verify>\n-----BEGIN X509 CRL-----\nQUJD\n-----END X509 CRL-----\n</crl-verify>";
    assert_eq!(added(list).len(), 5);
    for (line, name) in [
        ("peer-fingerprint /etc/shadow", "peer-fingerprint"),
        ("peer-fingerprint AB:CD", "peer-fingerprint"),
        ("verify-hash /etc/shadow SHA256", "verify-hash"),
        (&format!("verify-hash {hash}"), "verify-hash"),
        (
            &format!("peer-fingerprint {hash} SHA256"),
            "peer-fingerprint",
        ),
        ("crl-verify /etc/shadow", "crl-verify"),
        ("crl-verify /etc dir", "crl-verify"),
        (
            "<peer-fingerprint>\n/etc/shadow\n</peer-fingerprint>",
            "peer-fingerprint",
        ),
    ] {
        assert!(is_refused(line, name), "{line}");
    }
    // They do not replace an authority.
    let text = GOOD
        .replace("<ca>", "<extra-certs>")
        .replace("</ca>", "</extra-certs>");
    let text = format!("{text}peer-fingerprint {hash}\n");
    assert_eq!(
        Profile::parse(text.as_bytes()).unwrap_err(),
        ProfileError::Incomplete(MissingDirective::Authority)
    );
}

#[test]
fn all_harmless_lines_together_are_accepted() {
    let lines = "setenv opt USERNAME alice@acme.com\nsetenv USERNAME \"alice\"\n\
                 setenv FRIENDLY_NAME \"Acme VPN\"\nsocket-flags TCP_NODELAY\n\
                 dhcp-option DOMAIN corp.example.com.\ndhcp-option DOMAIN-ROUTE .\n\
                 dhcp-option DOMAIN a.example.com; b.example.com;\ndhcp-option NTP 10.0.0.1\n\
                 dns server 0 address 10.88.0.1\nmssfix 1400 mtu\n\
                 remote vpn.example.com. 1194 udp\n\
                 remote [2001:db8::1] 1194 udp6\nca [inline]\ncomp-lzo\nuser nobody\n\
                 group nogroup\nignore-unknown-option dco-frobnicate\ndco-frobnicate 1";
    let profile = with(lines).unwrap();
    let again = Profile::parse(profile.canonical().expose().as_bytes()).unwrap();
    assert_eq!(again.settings(), profile.settings());
    for verdict in profile.explain() {
        match &verdict.ruling {
            Ruling::Dropped(why) | Ruling::Changed(why) => assert!(!why.is_empty()),
            ruling => assert!(!ruling.is_refused(), "{verdict:?}"),
        }
    }
}
