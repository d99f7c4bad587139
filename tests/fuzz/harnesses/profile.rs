//! VPN profiles: the canonical text holds allowed directives only, and parses to itself.

use ob::openvpn::profile::Profile;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "profile",
    dictionary: &[
        "client\n",
        "dev tun\n",
        "remote vpn.acme.com 1194 udp\n",
        "remote \"vpn acme\" 443 tcp\n",
        "remote-cert-tls server\n",
        "<ca>\n-----BEGIN CERTIFICATE-----\nYSBjZXJ0\n-----END CERTIFICATE-----\n</ca>\n",
        "<cert>\n-----BEGIN CERTIFICATE-----\nYSBjZXJ0\n-----END CERTIFICATE-----\n</cert>\n",
        "<key>\n-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n</key>\n",
        "<connection>\n",
        "</connection>\n",
        "<ca>\n",
        "</ca>\n",
        "up /bin/sh\n",
        "--up /bin/sh\n",
        "\"up\" /bin/sh\n",
        "\tplugin x.so\n",
        "script-security 2\n",
        "setenv LD_PRELOAD x.so\n",
        "setenv UV_ID x\n",
        "log /etc/passwd\n",
        "config /etc/shadow\n",
        "auth-user-pass\n",
        "auth-user-pass /etc/x\n",
        "static-challenge \"Code\" 1\n",
        "verb 3\n",
        "reneg-sec 0\n",
        "cipher AES-256-GCM\n",
        "comp-lzo no\n",
        "# OVPN_ACCESS_SERVER_USERNAME=alice\n",
        ";x\n",
        "\u{feff}",
        "\r\n",
        "\r",
        "\n",
        "\0",
        "\\",
        "\"",
        "'",
        " ",
    ],
    templates: &[(
        "client\ndev tun\nremote vpn.acme.com 1194 udp\nremote-cert-tls server\nauth-user-pass\n",
        "<ca>\n-----BEGIN CERTIFICATE-----\nYSBjZXJ0\n-----END CERTIFICATE-----\n</ca>\n",
    )],
    target,
};

fn target(bytes: &[u8]) {
    let Ok(profile) = Profile::parse(bytes) else {
        return;
    };
    let text = profile.canonical();
    let text = text.expose();
    let mut block: Option<String> = None;
    for line in text.lines() {
        match &block {
            Some(end) if line == end => block = None,
            Some(_) => {
                let letter = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
                assert!(
                    line.bytes().all(letter),
                    "a key block holds a line of its own"
                );
            }
            None if line == "<connection>" || line == "</connection>" => {}
            None if line.starts_with('<') => block = Some(line.replacen('<', "</", 1)),
            None => check_line(line),
        }
    }
    assert_eq!(block, None, "a block is open at the end");
    let again = Profile::parse(text.as_bytes()).expect("what was written is read");
    assert_eq!(again.canonical().expose(), text);
}

fn check_line(line: &str) {
    let name = line.split(' ').next().unwrap_or_default();
    // These hold text for the user, in any language.
    let is_free_text = ["static-challenge", "verify-x509-name", "pull-filter"].contains(&name);
    let is_allowed = |c: char| (' '..='~').contains(&c) || is_free_text && !c.is_control();
    assert!(line.chars().all(is_allowed), "{line:?}");
    for dangerous in [
        "up",
        "down",
        "plugin",
        "config",
        "log",
        "log-append",
        "status",
        "script-security",
        "setenv",
        "tls-verify",
        "route-up",
        "iproute",
        "cd",
        "chroot",
        "writepid",
        "management",
        "providers",
        "engine",
        "tls-export-cert",
        "client-connect",
        "auth-user-pass-verify",
        "ipchange",
        "learn-address",
        "user",
        "group",
        "daemon",
        "askpass",
        "pkcs11-providers",
        "http-proxy",
        "socks-proxy",
        "replay-persist",
        "dev-node",
        "learn-address",
    ] {
        assert_ne!(name, dangerous, "{line:?}");
    }
}
