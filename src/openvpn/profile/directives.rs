//! The table of directives: the class of each of OpenVPN's, and the grammar of its arguments.
//!
//! The names are those of `options.c` of OpenVPN 2.4 to 2.7 and of OpenVPN 3's client, which are in
//! `tests/fixtures/openvpn/directives.txt` (a test compares them), and older ones that profiles
//! still contain. A name that is not here is refused, so that a new directive waits until it has
//! been classified. A deny-list would not do: `plugin`, `providers` and the pkcs11 family run code
//! whatever `script-security` says, and files named in a profile are read as root and sent to the
//! server.

use super::excluded::{DROPPED, REFUSED};
use super::verdict::RefusalReason;

/// The class of a directive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    Allowed(Kind),
    /// Allowed unless [`crate::openvpn::policy::Policy`] excludes it.
    Gated(Kind),
    /// Left out, with the reason why the tunnel works without it.
    Dropped(&'static str),
    Refused(RefusalReason),
}

/// The grammar of an allowed directive's arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Flag,
    /// Whole numbers: how many there may be, and their range.
    Numbers(&'static [u8], Span),
    OneOf(&'static [&'static str]),
    /// `remote HOST [PORT [PROTO]]`, any number of them.
    Remote,
    /// `dev tun`, `dev tun0`. `ob` chooses the device's name.
    Device,
    /// Names of algorithms joined by colons, none of which means no protection.
    Algorithms,
    TlsVersion,
    /// `verify-x509-name NAME [TYPE]`.
    ServerName,
    /// `remote-cert-tls server`.
    ServerCertificate,
    /// `remote-cert-eku` with the server's purpose.
    ServerPurpose,
    /// `auth-user-pass` with nothing after it.
    AskUserPass,
    StaticChallenge,
    /// `resolv-retry N|infinite`.
    Retries,
    /// `connection`, a block of directives.
    Connection,
    /// A block of certificates or keys. The name of a file is refused.
    Inline,
    /// `setenv NAME VALUE`, for the few names that are options.
    Setenv,
    Route4,
    Route6,
    /// `route-gateway ADDRESS`.
    Gateway4,
    Gateway6,
    RedirectGateway,
    DhcpOption,
    /// `dns server …` and `dns search-domains …` of 2.6.
    Dns,
    PullFilter,
    /// Directives of compression, of which only the framing is kept.
    Compression,
    /// `mssfix [N [mtu|fixed]]`.
    Mssfix,
    /// `fragment N [mtu]`.
    Fragment,
    /// The hash of the server's certificate, as pairs of hexadecimal digits.
    Fingerprint,
    /// The hash of its authority's certificate, and the algorithm.
    AuthorityHash,
}

/// The lowest and the highest value of a number.
pub(super) type Span = (u32, u32);

/// Returns the table's spelling of `name` and its class, or `None` if it is not in the table.
pub(super) fn classify(name: &str) -> Option<(&'static str, Class)> {
    let in_table =
        |table: &'static [(&'static str, Kind)]| table.iter().find(|(known, _)| *known == name);
    let in_list = |names: &'static str| {
        let mut names = names.split_ascii_whitespace();
        names.find(|known| *known == name)
    };
    if let Some((name, kind)) = in_table(ALLOWED) {
        return Some((name, Class::Allowed(*kind)));
    }
    if let Some((name, kind)) = in_table(GATED) {
        return Some((name, Class::Gated(*kind)));
    }
    let dropped = |(note, names): &(&'static str, &'static str)| {
        Some((in_list(names)?, Class::Dropped(note)))
    };
    let refused = |(reason, names): &(RefusalReason, &'static str)| {
        Some((in_list(names)?, Class::Refused(*reason)))
    };
    DROPPED
        .iter()
        .find_map(dropped)
        .or_else(|| REFUSED.iter().find_map(refused))
}

/// Returns every name in the table.
pub fn known_directives() -> impl Iterator<Item = &'static str> {
    let single = ALLOWED.iter().chain(GATED).map(|(name, _)| *name);
    let dropped = DROPPED.iter().map(|(_, names)| *names);
    let refused = REFUSED.iter().map(|(_, names)| *names);
    single.chain(dropped.chain(refused).flat_map(str::split_ascii_whitespace))
}

/// Returns the name of a directive as it may be shown. An unknown one is shown only if it cannot
/// be a piece of a key.
pub(super) fn displayable_name(name: &str) -> String {
    let is_harmless =
        (1..=24).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    if is_harmless || classify(name).is_some() {
        name.to_owned()
    } else {
        "(not a directive)".to_owned()
    }
}

/// Allowed directives that may be in a `<connection>` block too.
pub(super) const IN_CONNECTION: &[&str] = &[
    "remote",
    "proto",
    "port",
    "rport",
    "nobind",
    "float",
    "connect-retry",
    "connect-retry-max",
    "connect-timeout",
    "server-poll-timeout",
    "explicit-exit-notify",
    "tun-mtu",
    "mssfix",
    "fragment",
    "max-packet-size",
    "mtu-disc",
];

/// Allowed directives that may be repeated. Of any other the last one counts.
pub(super) const REPEATED: &[&str] = &[
    "remote",
    "route",
    "route-ipv6",
    "dhcp-option",
    "dns",
    "peer-fingerprint",
    "verify-hash",
    "pull-filter",
];

const ONE: &[u8] = &[1];
const TWO: &[u8] = &[2];
const NONE_OR_ONE: &[u8] = &[0, 1];
const ONE_OR_TWO: &[u8] = &[1, 2];
const SECONDS: Span = (0, 31_536_000);
const BUFFER: Span = (0, 16 * 1024 * 1024);
const PORT: Span = (1, 65_535);
pub(super) const PROTOCOLS: &[&str] = &[
    "udp",
    "udp4",
    "udp6",
    "tcp",
    "tcp4",
    "tcp6",
    "tcp-client",
    "tcp4-client",
    "tcp6-client",
];
pub(super) const GATEWAY_FLAGS: &[&str] = &[
    "local",
    "autolocal",
    "def1",
    "bypass-dhcp",
    "bypass-dns",
    "block-local",
    "ipv6",
    "!ipv4",
];

const ALLOWED: &[(&str, Kind)] = &[
    ("client", Kind::Flag),
    ("tls-client", Kind::Flag),
    ("pull", Kind::Flag),
    ("dev", Kind::Device),
    ("dev-type", Kind::OneOf(&["tun"])),
    ("proto", Kind::OneOf(PROTOCOLS)),
    ("remote", Kind::Remote),
    ("remote-random", Kind::Flag),
    ("remote-random-hostname", Kind::Flag),
    ("connection", Kind::Connection),
    ("port", Kind::Numbers(ONE, PORT)),
    ("rport", Kind::Numbers(ONE, PORT)),
    ("nobind", Kind::Flag),
    ("float", Kind::Flag),
    ("resolv-retry", Kind::Retries),
    ("server-poll-timeout", Kind::Numbers(ONE, SECONDS)),
    ("connect-timeout", Kind::Numbers(ONE, SECONDS)),
    ("connect-retry", Kind::Numbers(ONE_OR_TWO, (1, 86_400))),
    ("connect-retry-max", Kind::Numbers(ONE, (0, 100_000))),
    ("explicit-exit-notify", Kind::Numbers(NONE_OR_ONE, (0, 10))),
    ("keepalive", Kind::Numbers(TWO, (1, 86_400))),
    ("ping", Kind::Numbers(ONE, SECONDS)),
    ("ping-restart", Kind::Numbers(ONE, SECONDS)),
    ("ping-exit", Kind::Numbers(ONE, SECONDS)),
    ("ping-timer-rem", Kind::Flag),
    ("inactive", Kind::Numbers(ONE_OR_TWO, (0, u32::MAX))),
    ("session-timeout", Kind::Numbers(ONE, SECONDS)),
    ("reneg-sec", Kind::Numbers(ONE_OR_TWO, SECONDS)),
    ("reneg-bytes", Kind::Numbers(ONE, (0, i32::MAX as u32))),
    ("reneg-pkts", Kind::Numbers(ONE, (0, i32::MAX as u32))),
    ("hand-window", Kind::Numbers(ONE, (1, 86_400))),
    ("tran-window", Kind::Numbers(ONE, (1, 86_400 * 7))),
    ("tls-timeout", Kind::Numbers(ONE, (1, 600))),
    ("replay-window", Kind::Numbers(ONE_OR_TWO, (0, 65_536))),
    ("tun-mtu", Kind::Numbers(ONE_OR_TWO, (576, 65_535))),
    ("tun-mtu-max", Kind::Numbers(ONE, (1_280, 65_535))),
    ("mssfix", Kind::Mssfix),
    ("max-packet-size", Kind::Numbers(ONE, (154, 65_535))),
    ("mtu-disc", Kind::OneOf(&["no", "maybe", "yes"])),
    ("socket-flags", Kind::OneOf(&["TCP_NODELAY"])),
    ("tcp-nodelay", Kind::Flag),
    ("fragment", Kind::Fragment),
    ("sndbuf", Kind::Numbers(ONE, BUFFER)),
    ("rcvbuf", Kind::Numbers(ONE, BUFFER)),
    ("fast-io", Kind::Flag),
    ("topology", Kind::OneOf(&["subnet", "p2p", "net30"])),
    ("persist-key", Kind::Flag),
    ("persist-tun", Kind::Flag),
    ("cipher", Kind::Algorithms),
    ("data-ciphers", Kind::Algorithms),
    ("data-ciphers-fallback", Kind::Algorithms),
    ("ncp-ciphers", Kind::Algorithms),
    ("auth", Kind::Algorithms),
    ("tls-cipher", Kind::Algorithms),
    ("tls-ciphersuites", Kind::Algorithms),
    ("tls-groups", Kind::Algorithms),
    ("tls-version-min", Kind::TlsVersion),
    ("tls-version-max", Kind::TlsVersion),
    (
        "tls-cert-profile",
        Kind::OneOf(&["preferred", "suiteb", "legacy"]),
    ),
    ("remote-cert-tls", Kind::ServerCertificate),
    ("ns-cert-type", Kind::ServerCertificate),
    ("remote-cert-eku", Kind::ServerPurpose),
    ("verify-x509-name", Kind::ServerName),
    ("peer-fingerprint", Kind::Fingerprint),
    ("verify-hash", Kind::AuthorityHash),
    ("crl-verify", Kind::Inline),
    ("key-direction", Kind::Numbers(ONE, (0, 1))),
    ("auth-user-pass", Kind::AskUserPass),
    ("auth-nocache", Kind::Flag),
    (
        "auth-retry",
        Kind::OneOf(&["none", "nointeract", "interact"]),
    ),
    ("static-challenge", Kind::StaticChallenge),
    ("push-peer-info", Kind::Flag),
    ("mute-replay-warnings", Kind::Flag),
    ("setenv", Kind::Setenv),
    ("comp-lzo", Kind::Compression),
    ("compress", Kind::Compression),
    ("allow-compression", Kind::Compression),
    ("ca", Kind::Inline),
    ("cert", Kind::Inline),
    ("key", Kind::Inline),
    ("extra-certs", Kind::Inline),
    ("tls-auth", Kind::Inline),
    ("tls-crypt", Kind::Inline),
    ("tls-crypt-v2", Kind::Inline),
];

/// Directives that are allowed unless the user's policy excludes them.
const GATED: &[(&str, Kind)] = &[
    ("route", Kind::Route4),
    ("route-ipv6", Kind::Route6),
    ("route-metric", Kind::Numbers(ONE, (0, u32::MAX / 2))),
    ("route-delay", Kind::Numbers(&[0, 1, 2], (0, 600))),
    ("route-nopull", Kind::Flag),
    ("redirect-gateway", Kind::RedirectGateway),
    ("redirect-private", Kind::RedirectGateway),
    ("block-ipv6", Kind::Flag),
    ("route-gateway", Kind::Gateway4),
    ("route-ipv6-gateway", Kind::Gateway6),
    ("dhcp-option", Kind::DhcpOption),
    ("dns", Kind::Dns),
    ("pull-filter", Kind::PullFilter),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_in_the_table_twice() {
        let mut names: Vec<_> = known_directives().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 300, "{count}");
    }

    #[test]
    fn every_directive_of_openvpn_is_in_the_table() {
        let list = include_str!("../../../tests/fixtures/openvpn/directives.txt");
        let names = list.lines().filter(|line| !line.starts_with('#'));
        let names: Vec<_> = names.filter_map(|line| line.split(' ').next()).collect();
        assert!(names.len() > 330, "{}", names.len());
        let unknown: Vec<_> = names
            .iter()
            .filter(|name| classify(name).is_none())
            .collect();
        assert!(unknown.is_empty(), "in no class: {unknown:?}");
    }

    #[test]
    fn connection_and_repeated_directives_are_allowed() {
        for name in IN_CONNECTION.iter().chain(REPEATED) {
            let class = classify(name).map(|(_, class)| class);
            let is_allowed = matches!(class, Some(Class::Allowed(_) | Class::Gated(_)));
            assert!(is_allowed, "{name}");
        }
    }
}
