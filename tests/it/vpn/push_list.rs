//! Options that a server pushes, in every spelling, and the policies under which a client accepts
//! them.

use ob::openvpn::policy::{Policy, Routes};

/// The policies under which an option is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Always,
    /// If the server's routes are used.
    WithRoutes,
    /// If the server's name servers are used.
    WithDns,
    Never,
}

use Taken::{Always, Never, WithDns, WithRoutes};

/// Options with arguments; `%` is a different number in each spelling, which identifies the cause
/// of an effect.
const OPTIONS: &[(Taken, &str)] = &[
    // Pushable, whether the manual lists them or not.
    (WithRoutes, "route 10.101.%.0 255.255.255.0"),
    (WithRoutes, "route-ipv6 fd01:%::/64"),
    (WithRoutes, "route-metric 7%"),
    (WithRoutes, "redirect-gateway def1"),
    (WithRoutes, "redirect-private def1"),
    (WithRoutes, "block-ipv6"),
    (WithDns, "dhcp-option DNS 10.88.1.%"),
    (WithDns, "dhcp-option DNS6 fd88::1:%"),
    (WithDns, "dhcp-option DOMAIN d%.test"),
    (WithDns, "dhcp-option DOMAIN-SEARCH s%.test"),
    (WithDns, "dhcp-option DOMAIN-ROUTE r%.test"),
    (WithDns, "dhcp-option ADAPTER_DOMAIN_SUFFIX a%.test"),
    (WithDns, "dns search-domains n%.test"),
    (WithDns, "dns server % address 10.88.2.%"),
    (Never, "dhcp-option NTP 10.88.3.%"),
    (Never, "dhcp-option WINS 10.88.4.%"),
    (Never, "dhcp-option PROXY_HTTP proxy%.test"),
    (Never, "dhcp-option PROXY_AUTO_CONFIG_URL http%.test"),
    (Never, "dhcp-option DNSX 10.88.5.%"),
    (Never, "dhcp-option"),
    (Never, "ip-win32 dynamic"),
    (Never, "register-dns"),
    (Never, "block-outside-dns"),
    (Never, "client-nat snat 10.101.%.0 255.255.255.0 10.9.%.0"),
    (Never, "route-delay 0 30"),
    (Never, "route-method exe"),
    (Never, "route-noexec"),
    (Never, "routex 10.102.%.0 255.255.255.0"),
    (Always, "route-gateway 10.88.0.1"),
    (Always, "topology subnet"),
    (Always, "ifconfig-ipv6 fd88::2%/64 fd88::1"),
    (Never, "ifconfig-noexec"),
    (Never, "ifconfig-nowarn"),
    (Never, "lladdr 00:00:00:00:00:01"),
    (Never, "show-net-up"),
    (Always, "inactive 360%"),
    (Always, "session-timeout 360%"),
    (Always, "ping 1%"),
    (Always, "ping-restart 12%"),
    (Never, "ping-exit 12%"),
    (Never, "ping-timer-rem"),
    (Never, "persist-key"),
    (Never, "persist-tun"),
    (Never, "setenv OB_PUSHED% x"),
    (Never, "setenv-safe OB_PUSHED% x"),
    (Never, "setenv opt route 10.103.%.0 255.255.255.0"),
    (Never, "setenv UV_PUSHED% x"),
    (Never, "echo pushed%"),
    (Never, "parameter pushed%"),
    (Never, "verb 11"),
    (Never, "mute 1"),
    (Never, "errors-to-stderr"),
    (Never, "shaper 100"),
    (Never, "sndbuf 1024"),
    (Never, "rcvbuf 1024"),
    (Always, "socket-flags TCP_NODELAY"),
    (Never, "socket-flags X%"),
    (Never, "bind-dev lo"),
    (Always, "explicit-exit-notify 1"),
    (Always, "comp-lzo no"),
    (Always, "compress stub-v2"),
    (Never, "comp-noadapt"),
    (Always, "tun-mtu 140%"),
    (Always, "cipher AES-256-GCM"),
    (Always, "key-derivation tls-ekm"),
    (Always, "protocol-flags cc-exit"),
    (Always, "peer-id 0"),
    (Always, "auth-token-user Ym9i"),
    (Never, "auth-tokenx y%"),
    // Not pushable.
    (Never, "up /bin/true"),
    (Never, "script-security 2"),
    (Never, "plugin /tmp/x.so"),
    (Never, "config /etc/hostname"),
    (Never, "log /tmp/x"),
    (Never, "remote 192.0.2.% 1194"),
    (Never, "pull-filter accept x"),
    (Never, "management 127.0.0.1 7505"),
    (Never, "dev tun9"),
    (Never, "auth none"),
    (Never, "link-mtu 1400"),
    (Never, "user root"),
];

/// A spelling: how name and arguments become the pushed text, and whether openvpn's filter sees the
/// name first.
type Spelling = (bool, fn(&str, &str) -> String);

const SPELLINGS: &[Spelling] = &[
    (true, |name, args| format!("{name}{args}")),
    (true, |name, args| format!("  {name}{args}")),
    (true, |name, args| format!("\t{name}{args}")),
    (false, |name, args| format!("\"{name}\"{args}")),
    (false, |name, args| format!("'{name}'{args}")),
    (false, |name, args| format!("  \"{name}\"{args}")),
    (false, |name, args| format!("\"{name}{args}")),
    (false, |name, args| {
        format!("{}\"{}{args}", &name[..1], &name[1..])
    }),
    (false, |name, args| format!("\\{name}{args}")),
    (false, |name, args| format!("--{name}{args}")),
];

/// A pushed text, and whether it is accepted.
pub(super) struct Push {
    pub(super) taken: Taken,
    pub(super) text: String,
}

impl Push {
    pub(super) fn has_tab(&self) -> bool {
        self.text.contains('\t')
    }

    /// Returns the text as the filter logs it.
    pub(super) fn trimmed(&self) -> String {
        self.text.trim_start().to_owned()
    }

    pub(super) fn is_taken(&self, policy: &Policy) -> bool {
        match self.taken {
            Always => true,
            WithRoutes => policy.routes == Routes::AsOffered,
            WithDns => policy.dns,
            Never => false,
        }
    }
}

pub(super) fn pushes() -> Vec<Push> {
    let mut pushes = Vec::new();
    for (taken, option) in OPTIONS {
        let name = option.split(' ').next().unwrap();
        for (number, (is_named, spell)) in SPELLINGS.iter().enumerate() {
            let args = option[name.len()..].replace('%', &number.to_string());
            let text = spell(name, &args);
            let taken = if *is_named { *taken } else { Never };
            pushes.push(Push { taken, text });
        }
        // Twice, and with a tab instead of the blank.
        let (name, args) = option.split_once(' ').unwrap_or((option, ""));
        let args = args.replace('%', "9");
        for text in [format!("{name}\t{args}"), format!("\"{name}\" {args}")] {
            let taken = if args.is_empty() { *taken } else { Never };
            let is_plain = !text.starts_with('"');
            let taken = if is_plain { tabbed(name, taken) } else { Never };
            pushes.push(Push { taken, text });
        }
    }
    pushes
}

/// A filter without a final blank accepts a tab after the name as well.
fn tabbed(name: &str, taken: Taken) -> Taken {
    match name {
        "redirect-gateway" | "redirect-private" => WithRoutes,
        "comp-lzo" | "compress" | "explicit-exit-notify" => Always,
        _ => taken,
    }
}
