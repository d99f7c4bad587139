//! Directives that are never written for openvpn: dropped, because the tunnel works without them,
//! or refused.

use super::verdict::RefusalReason;

/// The reason why the tunnel works without the directives, and their names.
pub(super) const DROPPED: &[(&str, &str)] = &[
    (
        "`ob` decides how much openvpn logs",
        "verb mute suppress-timestamps machine-readable-output errors-to-stderr memstats \
         gremlin",
    ),
    (
        "has no effect in openvpn",
        "echo parameter disable-occ comp-noadapt",
    ),
    ("`remote-cert-tls server` checks it", "remote-cert-ku"),
    ("`ob` always sets it", "disable-dco"),
    (
        "every directive is judged here, known or not",
        "ignore-unknown-option allow-nonadmin",
    ),
    (
        "`ob` runs openvpn as you, without root's rights",
        "user group",
    ),
    (
        "a setting of OpenVPN Connect, not of the tunnel",
        "allow-password-save block-ipv4 client-ip custom-control vpn-connection-info \
         remote-cache-lifetime sni mssfix-ctrl",
    ),
    (
        "openvpn's own choice is taken",
        "persist-local-ip persist-remote-ip passtos txqueuelen mtu-test shaper link-mtu \
         udp-mtu tun-mtu-extra ifconfig-nowarn ip-remote-hint",
    ),
    (
        "a route of the server's is an address here",
        "allow-pull-fqdn",
    ),
    (
        "has no meaning on this system",
        "block-outside-dns register-dns dhcp-release dhcp-renew dhcp-pre-release ip-win32 \
         tap-sleep route-method rdns-internal show-adapters show-net show-net-up \
         show-valid-subnets pause-exit service win-sys windows-driver dhcp-internal \
         foreign-option",
    ),
    (
        "openvpn has it no more, or ignores it",
        "max-routes http-proxy-retry socks-proxy-retry http-proxy-timeout tun-ipv6 key-method \
         no-iv ncp-disable mtu-dynamic tls-exit single-session preresolve ecdh-curve prng \
         compat-mode tun-max-mtu use-prediction-resistance keysize opt-verify",
    ),
];

/// The reason why the directives refuse the whole profile, and their names.
pub(super) const REFUSED: &[(RefusalReason, &str)] = &[
    (
        RefusalReason::RunsPrograms,
        "up up-delay up-restart down down-pre route-up route-pre-down ipchange tls-verify \
         iproute auth-user-pass-verify learn-address client-connect client-disconnect \
         client-crresponse tls-crypt-v2-verify script-security dns-updown",
    ),
    (RefusalReason::LoadsLibraries, "plugin providers engine"),
    (
        RefusalReason::ReadsFiles,
        "config askpass capath dh pkcs12 http-proxy-user-pass client-config-dir cd tls-ca",
    ),
    (
        RefusalReason::WritesFiles,
        "log log-append status status-version writepid replay-persist genkey tls-export-cert \
         ifconfig-pool-persist tmp-dir syslog",
    ),
    (
        RefusalReason::OpensSockets,
        "local lport bind multihome port-share bind-dev mark allow-recursive-routing \
         allow-loopback",
    ),
    (RefusalReason::ChangesEnvironment, "setenv-safe"),
    (
        RefusalReason::ChangesProcess,
        "daemon inetd chroot nice mlock setcon remap-usr1 override-username msg-channel",
    ),
    (
        RefusalReason::ChangesMachine,
        "mktun rmtun dev-node lladdr ifconfig-noexec route-noexec client-nat route-table",
    ),
    (
        RefusalReason::ThirdParty,
        "http-proxy http-proxy-option http-proxy-override socks-proxy proto-force relay-mode",
    ),
    (
        RefusalReason::WeakensProtection,
        "secret no-replay test-crypto keying-material-exporter force-tls-key-material-export \
         allow-deprecated-insecure-static-crypto",
    ),
    (RefusalReason::CarriesPassword, "auth-token auth-token-user"),
    (
        RefusalReason::Value("is gone from openvpn; `verify-x509-name` does what it did"),
        "tls-remote",
    ),
    (
        RefusalReason::ServerOnly,
        "mode tls-server server server-bridge server-ipv6 push push-reset push-remove \
         ifconfig-pool ifconfig-pool-linear ifconfig-ipv6-pool ifconfig-push \
         ifconfig-ipv6-push ifconfig-push-constraint iroute iroute-ipv6 disable \
         verify-client-cert client-cert-not-required username-as-common-name auth-gen-token \
         auth-gen-token-secret auth-user-pass-optional client-to-client duplicate-cn \
         ccd-exclusive hash-size bcast-buffers tcp-queue-limit connect-freq \
         connect-freq-initial max-clients max-routes-per-client stale-routes-check \
         vlan-tagging vlan-accept vlan-pvid tls-crypt-v2-max-age x509-track \
         x509-username-field compat-names no-name-remapping",
    ),
    (RefusalReason::OtherMode, "ifconfig ifconfig-ipv6"),
    (
        RefusalReason::HardwareKeys,
        "pkcs11-providers pkcs11-protected-authentication pkcs11-private-mode \
         pkcs11-cert-private pkcs11-pin-cache pkcs11-id pkcs11-id-management pkcs11-id-type \
         pkcs11-slot pkcs11-slot-type pkcs11-sign-mode cryptoapicert management-external-key \
         management-external-cert",
    ),
    (
        RefusalReason::Management,
        "management management-client management-client-user management-client-group \
         management-client-auth management-client-pf management-forget-disconnect \
         management-hold management-log-cache management-query-passwords \
         management-query-proxy management-query-remote management-signal management-up-down",
    ),
    (
        RefusalReason::PushedOnly,
        "peer-id key-derivation protocol-flags push-continuation",
    ),
    (
        RefusalReason::NotAConnection,
        "help version show-ciphers show-curves show-digests show-engines show-gateway \
         show-groups show-tls show-pkcs11-ids show-pkcs11-objects show-pkcs11-slots",
    ),
];
