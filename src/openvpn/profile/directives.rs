//! The one table of directives: what each of OpenVPN's is to `ob`, and how its arguments are read.
//!
//! The names are those of OpenVPN 2.6's `options.c` (Debian's 2.6.14 was asked for each), of its manual
//! page, of 2.7's additions and of the older ones that profiles still carry. A name that is not here is
//! refused: a new directive waits until somebody has looked at it. Reasons and evidence:
//! a deny-list fails here, because `plugin`, `providers` and the pkcs11 family run code whatever
//! `script-security` says, and files named in a profile are read as root and sent to the server.

use super::verdict::Why;

/// What becomes of a directive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Class {
    Allowed(Kind),
    /// Allowed as far as [`crate::openvpn::policy::Policy`] allows it.
    Gated(Kind),
    /// Left out, and why nothing is lost by it.
    Dropped(&'static str),
    Refused(Why),
}

/// The grammar of an allowed directive's arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Flag,
    /// So many whole numbers, each in the range.
    Numbers(&'static [u8], Span),
    OneOf(&'static [&'static str]),
    /// `remote HOST [PORT [PROTO]]`, any number of them.
    Remote,
    /// `dev tun`, `dev tun0`: the device's own name is `ob`'s to choose.
    Device,
    /// Names of algorithms joined by colons; never one that means no protection.
    Suites,
    TlsVersion,
    /// `verify-x509-name NAME [TYPE]`.
    ServerName,
    /// `remote-cert-tls server`.
    ServerCertificate,
    /// `remote-cert-eku`, the server's purpose only.
    ServerPurpose,
    /// `auth-user-pass` with nothing after it.
    AskUserPass,
    StaticChallenge,
    /// `resolv-retry N|infinite`.
    Retries,
    /// `connection`, a block of directives.
    Connection,
    /// A block of certificates or keys; a file's name in its place is refused.
    Inline,
    /// `setenv NAME VALUE`, the few names that mean an option.
    Setenv,
    Route4,
    Route6,
    RedirectGateway,
    DhcpOption,
    PullFilter,
    /// Compression that is none (`no`, `stub`) is left out; any other is refused.
    Compression,
}

/// The values a number may have.
pub(super) type Span = (u32, u32);

/// What `name` is, or `None` where nobody has classified it.
pub(super) fn class(name: &str) -> Option<Class> {
    let listed = |names: &str| names.split_ascii_whitespace().any(|known| known == name);
    if let Some((_, kind)) = ALLOWED.iter().find(|(known, _)| *known == name) {
        return Some(Class::Allowed(*kind));
    }
    if let Some((_, kind)) = GATED.iter().find(|(known, _)| *known == name) {
        return Some(Class::Gated(*kind));
    }
    if let Some((note, _)) = DROPPED.iter().find(|(_, names)| listed(names)) {
        return Some(Class::Dropped(note));
    }
    let (why, _) = REFUSED.iter().find(|(_, names)| listed(names))?;
    Some(Class::Refused(*why))
}

/// The table's own spelling of an allowed name.
pub(super) fn allowed_name(name: &str) -> Option<&'static str> {
    ALLOWED
        .iter()
        .chain(GATED)
        .map(|(known, _)| *known)
        .find(|known| *known == name)
}

/// Every name in the table.
pub fn classified() -> impl Iterator<Item = &'static str> {
    let single = ALLOWED.iter().chain(GATED).map(|(name, _)| *name);
    let dropped = DROPPED
        .iter()
        .flat_map(|(_, names)| names.split_ascii_whitespace());
    let refused = REFUSED
        .iter()
        .flat_map(|(_, names)| names.split_ascii_whitespace());
    single.chain(dropped).chain(refused)
}

/// Allowed directives that may stand in a `<connection>` block too.
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
];

/// Allowed directives that add up; of every other the last one counts.
pub(super) const REPEATED: &[&str] = &[
    "remote",
    "route",
    "route-ipv6",
    "dhcp-option",
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
    ("tun-mtu", Kind::Numbers(ONE, (576, 65_535))),
    ("tun-mtu-max", Kind::Numbers(ONE, (1_280, 65_535))),
    ("mssfix", Kind::Numbers(NONE_OR_ONE, (0, 65_535))),
    ("fragment", Kind::Numbers(ONE, (68, 65_535))),
    ("sndbuf", Kind::Numbers(ONE, BUFFER)),
    ("rcvbuf", Kind::Numbers(ONE, BUFFER)),
    ("fast-io", Kind::Flag),
    ("topology", Kind::OneOf(&["subnet", "p2p", "net30"])),
    ("persist-key", Kind::Flag),
    ("persist-tun", Kind::Flag),
    ("cipher", Kind::Suites),
    ("data-ciphers", Kind::Suites),
    ("data-ciphers-fallback", Kind::Suites),
    ("ncp-ciphers", Kind::Suites),
    ("auth", Kind::Suites),
    ("tls-cipher", Kind::Suites),
    ("tls-ciphersuites", Kind::Suites),
    ("tls-groups", Kind::Suites),
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

/// What a profile may ask for and the user's policy may take away.
const GATED: &[(&str, Kind)] = &[
    ("route", Kind::Route4),
    ("route-ipv6", Kind::Route6),
    ("route-metric", Kind::Numbers(ONE, (0, u32::MAX / 2))),
    ("route-delay", Kind::Numbers(&[0, 1, 2], (0, 600))),
    ("route-nopull", Kind::Flag),
    ("redirect-gateway", Kind::RedirectGateway),
    ("redirect-private", Kind::RedirectGateway),
    ("block-ipv6", Kind::Flag),
    ("dhcp-option", Kind::DhcpOption),
    ("pull-filter", Kind::PullFilter),
];

const DROPPED: &[(&str, &str)] = &[
    (
        "`ob` decides how much openvpn logs",
        "verb mute suppress-timestamps machine-readable-output errors-to-stderr memstats gremlin",
    ),
    (
        "says nothing to openvpn's own daemon",
        "echo parameter disable-occ comp-noadapt",
    ),
    ("`remote-cert-tls server` checks it", "remote-cert-ku"),
    (
        "every directive is judged here, known or not",
        "ignore-unknown-option allow-nonadmin",
    ),
    (
        "has no meaning on this system",
        "block-outside-dns register-dns dhcp-release dhcp-renew dhcp-pre-release ip-win32 tap-sleep \
         route-method rdns-internal show-adapters show-net show-net-up show-valid-subnets pause-exit \
         service win-sys windows-driver",
    ),
    (
        "openvpn has it no more, or ignores it",
        "max-routes http-proxy-retry socks-proxy-retry http-proxy-timeout tun-ipv6 key-method no-iv \
         ncp-disable mtu-dynamic tls-exit single-session preresolve ecdh-curve prng \
         compat-mode disable-dco tun-max-mtu use-prediction-resistance",
    ),
];

const REFUSED: &[(Why, &str)] = &[
    (
        Why::RunsPrograms,
        "up up-delay up-restart down down-pre route-up route-pre-down ipchange tls-verify iproute \
         auth-user-pass-verify learn-address client-connect client-disconnect client-crresponse \
         tls-crypt-v2-verify script-security dns-updown",
    ),
    (Why::LoadsLibraries, "plugin providers engine"),
    (
        Why::ReadsFiles,
        "config askpass capath dh pkcs12 crl-verify peer-fingerprint verify-hash http-proxy-user-pass \
         client-config-dir cd tls-remote opt-verify",
    ),
    (
        Why::WritesFiles,
        "log log-append status status-version writepid replay-persist genkey tls-export-cert \
         ifconfig-pool-persist tmp-dir syslog",
    ),
    (
        Why::OpensSockets,
        "local lport bind multihome port-share bind-dev mark socket-flags passtos tcp-nodelay \
         ip-remote-hint allow-recursive-routing",
    ),
    (Why::ChangesEnvironment, "setenv-safe"),
    (
        Why::ChangesProcess,
        "daemon inetd chroot user group nice mlock setcon remap-usr1 persist-local-ip \
         persist-remote-ip override-username msg-channel",
    ),
    (
        Why::ChangesMachine,
        "mktun rmtun dev-node lladdr txqueuelen ifconfig-noexec ifconfig-nowarn route-noexec \
         route-gateway route-ipv6-gateway client-nat shaper mtu-disc mtu-test link-mtu udp-mtu \
         tun-mtu-extra max-packet-size allow-pull-fqdn dns",
    ),
    (
        Why::ThirdParty,
        "http-proxy http-proxy-option http-proxy-override socks-proxy proto-force",
    ),
    (
        Why::WeakensProtection,
        "secret no-replay test-crypto auth-token auth-token-user keying-material-exporter \
         force-tls-key-material-export",
    ),
    (
        Why::ServerOnly,
        "mode tls-server server server-bridge server-ipv6 push push-reset push-remove ifconfig-pool \
         ifconfig-pool-linear ifconfig-ipv6-pool ifconfig-push ifconfig-ipv6-push \
         ifconfig-push-constraint iroute iroute-ipv6 disable verify-client-cert \
         client-cert-not-required username-as-common-name auth-gen-token auth-gen-token-secret \
         auth-user-pass-optional client-to-client duplicate-cn ccd-exclusive hash-size bcast-buffers \
         tcp-queue-limit connect-freq connect-freq-initial max-clients max-routes-per-client \
         stale-routes-check vlan-tagging vlan-accept vlan-pvid tls-crypt-v2-max-age \
         x509-track x509-username-field compat-names no-name-remapping",
    ),
    (Why::OtherMode, "ifconfig ifconfig-ipv6"),
    (
        Why::HardwareKeys,
        "pkcs11-providers pkcs11-protected-authentication pkcs11-private-mode pkcs11-cert-private \
         pkcs11-pin-cache pkcs11-id pkcs11-id-management pkcs11-id-type pkcs11-slot pkcs11-slot-type \
         pkcs11-sign-mode cryptoapicert management-external-key management-external-cert",
    ),
    (
        Why::Management,
        "management management-client management-client-user management-client-group \
         management-client-auth management-client-pf management-forget-disconnect management-hold \
         management-log-cache management-query-passwords management-query-proxy \
         management-query-remote management-signal management-up-down",
    ),
    (
        Why::PushedOnly,
        "peer-id key-derivation protocol-flags push-continuation",
    ),
    (
        Why::NotAConnection,
        "help version show-ciphers show-curves show-digests show-engines show-gateway show-groups \
         show-tls show-pkcs11-ids show-pkcs11-objects show-pkcs11-slots",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_classified_twice() {
        let mut names: Vec<_> = classified().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 300, "{count}");
    }

    #[test]
    fn what_stands_in_a_connection_or_repeats_is_allowed() {
        for name in IN_CONNECTION.iter().chain(REPEATED) {
            assert!(allowed_name(name).is_some(), "{name}");
        }
    }
}
