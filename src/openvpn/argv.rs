//! The argument list that starts openvpn, and the privilege it is started with.
//!
//! What is forced stands after `--config`: only there does it win over the profile. `--client`,
//! `--nobind`, `--remote-cert-tls` and `--auth-user-pass` are repeated although the profile has them: an
//! openvpn that gets SIGHUP reads its configuration again, finds none, and would come back as an
//! unencrypted tunnel that listens on every address; with them it ends. Nothing secret stands here.
//! Whether the programs named are root's own is checked by whoever found them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::policy::{Policy, Routes};

/// What openvpn is told about single sign-on: without it a server with SAML refuses the user.
const SSO_METHODS: &str = "webauth,crtext";
/// openvpn logs a WEB_AUTH too long for the management interface from this level on.
const VERBOSITY: &str = "3";
/// All that a client of a tunnel needs of root.
const CAPABILITY: &str = "-all,+net_admin";

/// How openvpn gets the one capability it needs. Every path is absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Privilege {
    /// We have it already: we are root of a network of our own.
    Held,
    /// We have it, and whatever we start would too: all others are given up.
    Ambient { setpriv: PathBuf },
    /// We are root: everything but the capability is given up.
    Root { setpriv: PathBuf },
    /// A person's ticket: root for as long as it takes to become the caller again. Without an elevator we are root
    /// already, on the caller's behalf.
    Asked {
        elevator: Option<Elevator>,
        setsid: PathBuf,
        setpriv: PathBuf,
        uid: u32,
        gid: u32,
    },
}

/// The program that makes root of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elevator {
    Sudo {
        path: PathBuf,
        /// Fail rather than ask (`-n`).
        quiet: bool,
    },
    Doas {
        path: PathBuf,
        quiet: bool,
    },
}

impl Elevator {
    /// Its own words, before those of the command.
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

/// Everything that a run of openvpn is made of, besides its profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch<'a> {
    pub openvpn: &'a Path,
    /// Its major and minor version; 2.7 has a helper of its own for name servers.
    pub version: (u32, u32),
    /// The named pipe with the canonical profile.
    pub config: &'a Path,
    /// The socket on which we listen for openvpn's call.
    pub management: &'a Path,
    /// Our user's name: openvpn refuses a management socket of anybody else's.
    pub user: Option<&'a str>,
    /// `tun-ob0`: at most 15 characters.
    pub device: &'a str,
    /// Whether the profile asks for a username and a password.
    pub asks_user_password: bool,
    pub policy: &'a Policy,
}

/// The whole command: the privilege's program first, if there is one.
pub fn argv(launch: &Launch<'_>, privilege: &Privilege) -> Vec<OsString> {
    let mut argv = prefix(privilege);
    argv.push(launch.openvpn.into());
    argv.extend(options(launch));
    argv
}

/// openvpn's own arguments.
fn options(launch: &Launch<'_>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["--config".into(), launch.config.into()];
    let mut say = |parts: &[&str]| words.extend(parts.iter().map(OsString::from));
    say(&["--client", "--nobind", "--remote-cert-tls", "server"]);
    if launch.asks_user_password {
        say(&["--auth-user-pass"]);
    }
    // Without the kernel's data channel: in a network of its own the kernel refuses it to openvpn, which then fails, and
    // a device made by it has no process that holds `/dev/net/tun`, by which `ob-vpn-root` knows whose it is.
    say(&["--dev", launch.device, "--dev-type", "tun", "--disable-dco"]);
    say(&[
        "--script-security",
        "0",
        "--auth-retry",
        "interact",
        "--auth-nocache",
    ]);
    say(&["--verb", VERBOSITY]);
    say(&["--setenv", "IV_SSO", SSO_METHODS]);
    say(&[
        "--setenv",
        "IV_GUI_VER",
        concat!("ob/", env!("CARGO_PKG_VERSION")),
    ]);
    if launch.version >= (2, 7) {
        say(&["--dns-updown", "disable"]);
    }
    policy(launch.policy, &mut say);
    if let Some(user) = launch.user {
        say(&["--management-client-user", user]);
    }
    say(&[
        "--management-client",
        "--management-query-passwords",
        "--management-hold",
    ]);
    say(&["--management-up-down", "--management"]);
    words.extend([launch.management.into(), "unix".into()]);
    words
}

/// What of the server's pushes is accepted; the last filter, which matches everything, ignores the rest.
/// `--route-nopull` takes name servers away together with the routes, so it stands where neither is wanted.
fn policy(policy: &Policy, say: &mut impl FnMut(&[&str])) {
    if let Routes::Only(networks) = &policy.routes {
        if !policy.dns {
            say(&["--route-nopull"]);
        }
        for network in networks {
            let address = network.address.to_string();
            if network.address.is_ipv4() {
                say(&["--route", &address, &network.netmask().to_string()]);
            } else {
                say(&["--route-ipv6", &network.to_string()]);
            }
        }
    }
    for beginning in policy.accepted_pushes() {
        say(&["--pull-filter", "accept", beginning]);
    }
    say(&["--pull-filter", "ignore", ""]);
}

fn prefix(privilege: &Privilege) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    match privilege {
        Privilege::Held => {}
        Privilege::Ambient { setpriv } => {
            words.push(setpriv.into());
            words.extend(
                ["--inh-caps", CAPABILITY, "--ambient-caps", CAPABILITY].map(OsString::from),
            );
            words.push("--no-new-privs".into());
        }
        Privilege::Root { setpriv } => {
            words.push(setpriv.into());
            words.extend(
                ["--inh-caps", CAPABILITY, "--bounding-set", CAPABILITY].map(OsString::from),
            );
            words.push("--no-new-privs".into());
        }
        Privilege::Asked {
            elevator,
            setsid,
            setpriv,
            uid,
            gid,
        } => {
            words.extend(elevator.iter().flat_map(Elevator::words));
            // In a session of its own openvpn outlives the elevator and hears no hang-up of its terminal.
            words.push(setsid.into());
            words.push("--fork".into());
            words.push(setpriv.into());
            for (option, value) in [("--reuid", uid.to_string()), ("--regid", gid.to_string())] {
                words.push(option.into());
                words.push(value.into());
            }
            words.push("--clear-groups".into());
            for option in ["--inh-caps", "--ambient-caps", "--bounding-set"] {
                words.push(option.into());
                words.push(CAPABILITY.into());
            }
            words.push("--no-new-privs".into());
        }
    }
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
    fn what_is_forced_comes_after_the_profile() {
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
    fn a_persons_ticket_is_spent_on_one_capability() {
        let policy = Policy::default();
        let privilege = Privilege::Asked {
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
            "/usr/bin/sudo -n -- /usr/bin/setsid --fork /usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups \
             --inh-caps -all,+net_admin --ambient-caps -all,+net_admin --bounding-set -all,+net_admin \
             --no-new-privs /usr/sbin/openvpn --config "
        ));
    }

    /// The patterns of `--pull-filter`, in their order.
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
    fn a_policy_becomes_filters_and_routes() {
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
