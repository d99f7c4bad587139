//! The argument list that starts openvpn, and the privilege it is started with.
//!
//! Forced options come after `--config`, because only there they override the profile. `--client`,
//! `--nobind`, `--remote-cert-tls` and `--auth-user-pass` are repeated although the profile has
//! them: after SIGHUP openvpn reads its configuration again, finds none, and would come back as an
//! unencrypted tunnel that listens on every address. With these options it ends. The list holds no
//! secret. The caller checks that the programs are owned by root.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::policy::{Policy, Routes};

/// The methods of single sign-on. Without them a server with SAML refuses the user.
const SSO_METHODS: &str = "webauth,crtext";
/// From this level on openvpn logs a WEB_AUTH that is too long for the management interface.
const VERBOSITY: &str = "3";
/// The only capability that a tunnel's client needs.
const CAPABILITY: &str = "-all,+net_admin";

/// How openvpn gets the one capability it needs. Every path is absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// `ob` has it and nothing else, as root of its own user and network namespace.
    Held,
    /// `ob` has ambient capabilities, which openvpn would inherit: drops all but this one.
    Ambient { setpriv: PathBuf },
    /// `ob` is root: drops everything but the capability.
    Root { setpriv: PathBuf },
    /// sudo or doas: root until `setpriv` has become the caller again. Without an elevator `ob` is
    /// root already, on behalf of the caller.
    Elevated {
        elevator: Option<Elevator>,
        setsid: PathBuf,
        setpriv: PathBuf,
        uid: u32,
        gid: u32,
    },
}

/// A program that runs a command as root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elevator {
    Sudo {
        path: PathBuf,
        /// Fail rather than ask for a password (`-n`).
        quiet: bool,
    },
    Doas {
        path: PathBuf,
        quiet: bool,
    },
}

impl Elevator {
    /// Returns the elevator's own words, which precede the command.
    pub fn words(&self) -> Vec<OsString> {
        let (Self::Sudo { path, quiet } | Self::Doas { path, quiet }) = self;
        let mut words: Vec<OsString> = vec![path.into()];
        if *quiet {
            words.push("-n".into());
        }
        if matches!(self, Self::Sudo { .. }) {
            words.push("--".into());
        }
        words
    }
}

/// The parameters of a run of openvpn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch<'a> {
    pub openvpn: &'a Path,
    /// openvpn's major and minor version. 2.7 has its own helper for name servers.
    pub version: (u32, u32),
    /// The named pipe with the canonical profile.
    pub config: &'a Path,
    /// The socket to which openvpn connects.
    pub management: &'a Path,
    /// The caller's name: openvpn refuses a management socket of another user. `None` passes no
    /// such option.
    pub user: Option<&'a str>,
    /// The device, `tun-ob0`: at most 15 characters.
    pub device: &'a str,
    /// Whether the profile asks for a username and a password.
    pub asks_user_password: bool,
    pub policy: &'a Policy,
}

/// Returns the whole command, with the privilege's program in front.
pub fn argv(launch: &Launch<'_>, privilege: &Privilege) -> Vec<OsString> {
    let mut argv = prefix(privilege);
    argv.push(launch.openvpn.into());
    argv.extend(options(launch));
    argv
}

/// Returns openvpn's own arguments.
fn options(launch: &Launch<'_>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--config".into(), launch.config.into()];
    let mut push = |parts: &[&str]| words.extend(parts.iter().map(OsString::from));
    push(&["--client", "--nobind", "--remote-cert-tls", "server"]);
    if launch.asks_user_password {
        push(&["--auth-user-pass"]);
    }
    // Without the kernel's data channel: in another network namespace the kernel refuses it, and
    // openvpn fails. No process holds `/dev/net/tun` for its device either, by which `ob-vpn-root`
    // finds the owner of a device.
    push(&["--dev", launch.device, "--dev-type", "tun", "--disable-dco"]);
    push(&["--script-security", "0"]);
    push(&["--auth-retry", "interact", "--auth-nocache"]);
    push(&["--verb", VERBOSITY]);
    push(&["--setenv", "IV_SSO", SSO_METHODS]);
    let version = concat!("ob/", env!("CARGO_PKG_VERSION"));
    push(&["--setenv", "IV_GUI_VER", version]);
    if launch.version >= (2, 7) {
        push(&["--dns-updown", "disable"]);
    }
    push_policy(launch.policy, &mut push);
    if let Some(user) = launch.user {
        push(&["--management-client-user", user]);
    }
    push(&["--management-client", "--management-query-passwords"]);
    push(&["--management-hold", "--management-up-down", "--management"]);
    words.extend([launch.management.into(), "unix".into()]);
    words
}

/// Pushes the routes of the policy and the filters of pushed options. The last filter matches
/// every option and ignores it. `--route-nopull` excludes routes and name servers together, so it
/// is used only where neither is wanted.
fn push_policy(policy: &Policy, push: &mut impl FnMut(&[&str])) {
    if let Routes::Only(networks) = &policy.routes {
        if !policy.dns {
            push(&["--route-nopull"]);
        }
        for network in networks {
            let address = network.address.to_string();
            if network.address.is_ipv4() {
                push(&["--route", &address, &network.netmask().to_string()]);
            } else {
                push(&["--route-ipv6", &network.to_string()]);
            }
        }
    }
    for prefix in policy.accepted_pushes() {
        push(&["--pull-filter", "accept", prefix]);
    }
    push(&["--pull-filter", "ignore", ""]);
}

fn prefix(privilege: &Privilege) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let capability_sets: &[&str] = match privilege {
        Privilege::Held => return words,
        Privilege::Ambient { setpriv } => {
            words.push(setpriv.into());
            &["--inh-caps", "--ambient-caps"]
        }
        Privilege::Root { setpriv } => {
            words.push(setpriv.into());
            &["--inh-caps", "--bounding-set"]
        }
        Privilege::Elevated {
            elevator,
            setsid,
            setpriv,
            uid,
            gid,
        } => {
            words.extend(elevator.iter().flat_map(Elevator::words));
            // A session of its own: openvpn outlives the elevator and gets no SIGHUP from its
            // terminal.
            words.extend([setsid.into(), "--fork".into(), setpriv.into()]);
            words.extend(["--reuid".into(), uid.to_string().into()]);
            words.extend(["--regid".into(), gid.to_string().into()]);
            words.push("--clear-groups".into());
            &["--inh-caps", "--ambient-caps", "--bounding-set"]
        }
    };
    for set in capability_sets {
        words.extend([set.into(), CAPABILITY.into()]);
    }
    words.push("--no-new-privs".into());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch(policy: &Policy) -> Launch<'_> {
        Launch {
            openvpn: Path::new("/usr/sbin/openvpn"),
            version: (2, 6),
            config: Path::new("/run/user/1000/ob/x/p"),
            management: Path::new("/run/user/1000/ob/m"),
            user: Some("alice"),
            device: "tun-ob0",
            asks_user_password: true,
            policy,
        }
    }

    fn text(launch: &Launch<'_>, privilege: &Privilege) -> String {
        let words: Vec<_> = argv(launch, privilege)
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        words.join(" ")
    }

    #[test]
    fn forced_options_come_after_the_profile() {
        let policy = Policy::default();
        let text = text(&launch(&policy), &Privilege::Held);
        let (before, after) = text.split_once("--config /run/user/1000/ob/x/p ").unwrap();
        assert_eq!(before, "/usr/sbin/openvpn ");
        for forced in [
            "--client --nobind --remote-cert-tls server --auth-user-pass ",
            "--script-security 0",
            "--auth-nocache",
            "--dev tun-ob0 --dev-type tun --disable-dco ",
            "IV_SSO webauth,crtext",
            "--management /run/user/1000/ob/m unix",
            "--management-client --",
            "--management-client-user alice",
            "--management-hold",
        ] {
            assert!(after.contains(forced), "{forced}");
        }
        assert!(!text.contains("route-nopull") && !text.contains("dns-updown"));
    }

    #[test]
    fn elevated_openvpn_keeps_one_capability() {
        let policy = Policy::default();
        let privilege = Privilege::Elevated {
            elevator: Some(Elevator::Sudo {
                path: "/usr/bin/sudo".into(),
                quiet: true,
            }),
            setsid: "/usr/bin/setsid".into(),
            setpriv: "/usr/bin/setpriv".into(),
            uid: 1000,
            gid: 1000,
        };
        assert!(text(&launch(&policy), &privilege).starts_with(
            "/usr/bin/sudo -n -- /usr/bin/setsid --fork /usr/bin/setpriv \
             --reuid 1000 --regid 1000 --clear-groups --inh-caps -all,+net_admin \
             --ambient-caps -all,+net_admin --bounding-set -all,+net_admin \
             --no-new-privs /usr/sbin/openvpn --config "
        ));
    }

    /// Returns the patterns of `--pull-filter` in their order.
    fn filters(policy: &Policy) -> Vec<(String, String)> {
        let words = argv(&launch(policy), &Privilege::Held);
        let word = |at: usize| words[at].to_str().unwrap().to_owned();
        let at = (0..words.len()).filter(|at| words[*at] == "--pull-filter");
        at.map(|at| (word(at + 1), word(at + 2))).collect()
    }

    #[test]
    fn pushes_are_accepted_by_name_and_the_rest_ignored() {
        for (routes, dns) in [(false, false), (false, true), (true, false), (true, true)] {
            let policy = Policy {
                routes: if routes {
                    Routes::AsOffered
                } else {
                    Routes::Only(Vec::new())
                },
                dns,
                peer_info: true,
            };
            let filters = filters(&policy);
            let (last, accepted) = filters.split_last().unwrap();
            assert_eq!(last, &("ignore".to_owned(), String::new()));
            assert!(accepted.iter().all(|(action, _)| action == "accept"));
            let accepts = |text: &str| {
                accepted
                    .iter()
                    .any(|(_, start)| text.starts_with(start.as_str()))
            };
            for (text, expected) in [
                ("ifconfig 10.88.0.2 255.255.255.0", true),
                ("route-gateway 10.88.0.1", true),
                ("ping-restart 60", true),
                ("push-continuation 2", true),
                ("auth-token x", true),
                ("route 10.77.0.0 255.255.0.0", routes),
                ("redirect-gateway def1", routes),
                ("block-ipv6", routes),
                ("dhcp-option DNS 10.88.0.1", dns),
                ("dns server 0 address 10.88.0.1", dns),
                ("\"route\" 10.77.0.0 255.255.0.0", false),
                ("'redirect-gateway' def1", false),
                ("dhcp-option PROXY_HTTP proxy 3128", false),
                ("setenv-safe X y", false),
                ("ifconfig-noexec", false),
                ("bind-dev eth0", false),
                ("verb 11", false),
                ("", false),
            ] {
                assert_eq!(accepts(text), expected, "{text} with {policy:?}");
            }
        }
    }

    #[test]
    fn policy_becomes_filters_and_routes() {
        let policy = Policy {
            routes: Routes::Only(vec![
                "10.77.0.0/16".parse().unwrap(),
                "fd00::/64".parse().unwrap(),
            ]),
            dns: false,
            peer_info: true,
        };
        let words = argv(&launch(&policy), &Privilege::Held);
        let has = |wanted: &[&str]| words.windows(wanted.len()).any(|window| window == wanted);
        assert!(has(&["--route", "10.77.0.0", "255.255.0.0"]));
        assert!(has(&["--route-ipv6", "fd00::/64"]));
        assert!(has(&["--route-nopull"]));
        let newer = Launch {
            version: (2, 7),
            asks_user_password: false,
            ..launch(&policy)
        };
        let text = text(&newer, &Privilege::Held);
        assert!(text.contains("--dns-updown disable") && !text.contains("--auth-user-pass"));
    }
}
