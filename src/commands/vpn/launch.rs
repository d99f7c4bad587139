//! What has to be there before a tunnel is begun, and its beginning: programs, rights, supervisor, profile.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::{User, getegid, geteuid};

use super::Resolved;
use super::watch::vanished;
use crate::commands::Context;
use crate::commands::exec::unexpected;
use crate::commands::running::find_agent;
use crate::commands::talk::{SignInArgs, ask_agent};
use crate::link::{LinkError, MORE_FILES, OUT_OF_FILES, TunnelLink, is_out_of_files};
use crate::openvpn::argv::{Elevator, Privilege};
use crate::paths;
use crate::process::{self, Program};
use crate::report::{Exit, Report};
use crate::wire::{Begin, FromTunnel, IssuedProfile, Reply, Request, ToTunnel, VpnProfileRequest};

/// The supervisor needs no network and no person to get ready.
const READY: Duration = Duration::from_secs(10);
/// openvpn's version is a line that it has in itself.
const VERSION: Duration = Duration::from_secs(5);
/// What a user may do can stand in a directory of the network.
const RULES: Duration = Duration::from_secs(30);
/// The device of the machine's tunnel.
pub(super) const DEVICE: &str = "tun-ob0";

/// openvpn and its version, major and minor.
pub(in crate::commands) struct OpenVpn {
    pub(in crate::commands) program: Program,
    pub(in crate::commands) version: (u32, u32),
}

impl OpenVpn {
    /// # Errors
    /// When there is none of root's, or one that is too old or does not tell its version in time.
    pub(in crate::commands) fn find() -> Result<Self, Report> {
        let program = Program::find("openvpn")?;
        let words = [program.path().into(), "--version".into()];
        let said = process::run(&words, b"", VERSION).map_err(|error| {
            let report = match error.kind() {
                io::ErrorKind::TimedOut => Report::new(
                    Exit::Failed,
                    "vpn.openvpn_silent",
                    "openvpn does not tell its version",
                ),
                _ => Report::new(Exit::Failed, "vpn.openvpn", "cannot start openvpn"),
            };
            if is_out_of_files(&error) {
                return report.cause(OUT_OF_FILES).hint(MORE_FILES);
            }
            report.cause(error).hint(format!(
                "`{} --version` must work",
                program.path().display()
            ))
        })?;
        let said = String::from_utf8_lossy(&said.stdout);
        let version = version(&said)
            .filter(|version| *version >= (2, 6))
            .ok_or_else(|| {
                Report::new(Exit::Failed, "vpn.openvpn", "this openvpn cannot be used")
                    .cause(
                        said.lines()
                            .next()
                            .unwrap_or("it does not tell its version"),
                    )
                    .hint("`ob vpn` needs OpenVPN 2.6 or later")
            })?;
        Ok(Self { program, version })
    }
}

/// `(2, 6)` of `OpenVPN 2.6.14 x86_64-…`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("OpenVPN ")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?;
    let digits = minor
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(minor.len());
    Some((major, minor[..digits].parse().ok()?))
}

/// How openvpn gets its one capability. Where a person's ticket is needed it is asked for now, before a
/// sign-in is begun.
pub(super) fn privilege(context: &Context) -> Result<Privilege, Report> {
    let setpriv = || Program::find("setpriv").map(|program| program.path().to_owned());
    if geteuid().is_root() {
        return Ok(Privilege::Root {
            setpriv: setpriv()?,
        });
    }
    if has_net_admin() {
        return Ok(Privilege::Ambient {
            setpriv: setpriv()?,
        });
    }
    let elevator = match Program::find("sudo") {
        Ok(sudo) => {
            ticket(context, &sudo)?;
            Elevator::Sudo {
                path: sudo.path().to_owned(),
                quiet: false,
            }
        }
        Err(no_sudo) => match Program::find("doas") {
            Ok(doas) => {
                doas_allows(&doas)?;
                Elevator::Doas {
                    path: doas.path().to_owned(),
                    quiet: false,
                }
            }
            Err(_) => {
                return Err(Report::from(no_sudo)
                    .hint("`ob vpn exec -- CMD` runs one command inside the tunnel without root"));
            }
        },
    };
    Ok(Privilege::Asked {
        elevator,
        setsid: Program::find("setsid")?.path().to_owned(),
        setpriv: setpriv()?,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
    })
}

/// Whether programs we start would keep `CAP_NET_ADMIN` (number 12): it is in the ambient set.
fn has_net_admin() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ambient = status.lines().find_map(|line| line.strip_prefix("CapAmb:"));
    let set = ambient.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set & (1 << 12) != 0)
}

/// A valid sudo ticket of this terminal, or a rule that needs none; else sudo asks for it.
fn ticket(context: &Context, sudo: &Program) -> Result<(), Report> {
    let words = |options: &[&str]| -> Vec<OsString> {
        let options = options.iter().map(OsString::from);
        std::iter::once(sudo.path().into()).chain(options).collect()
    };
    for quiet in [&["-n", "-v"][..], &["-n", "-l", "setsid"]] {
        if process::run(&words(quiet), b"", RULES).is_ok_and(|output| output.status.success()) {
            return Ok(());
        }
    }
    context
        .voice
        .say("ob: the tunnel's device needs root for a moment; sudo asks:\n");
    let asked = process::run_on_terminal(&words(&["-v"]));
    if asked.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err(Report::new(
        Exit::SignIn,
        "vpn.sudo",
        "sudo does not let you bring up a tunnel",
    )
    .cause("`sudo -v` failed")
    .hint("`sudo -l` shows what you may do; the README has the line for sudoers")
    .hint("`ob vpn exec -- CMD` runs one command inside the tunnel without root"))
}

/// Whether doas has a rule for us. It keeps no ticket that could be had beforehand: where its rule wants a password it
/// asks when openvpn is started.
fn doas_allows(doas: &Program) -> Result<(), Report> {
    let setsid = Program::find("setsid")?;
    let words: Vec<OsString> = vec![
        doas.path().into(),
        "-C".into(),
        "/etc/doas.conf".into(),
        setsid.path().into(),
    ];
    let said = process::run(&words, b"", RULES);
    let denied = said.is_ok_and(|said| said.stdout.trim_ascii() == b"deny");
    if !denied {
        return Ok(());
    }
    Err(Report::new(
        Exit::SignIn,
        "vpn.doas",
        "doas does not let you bring up a tunnel",
    )
    .cause("`doas -C /etc/doas.conf setsid` says \"deny\"")
    .hint("the README has the rule for doas.conf")
    .hint("`ob vpn exec -- CMD` runs one command inside the tunnel without root"))
}

/// Our user's name, for openvpn to check who listens at the management socket.
pub(super) fn user_name() -> Option<String> {
    User::from_uid(geteuid())
        .ok()
        .flatten()
        .map(|user| user.name)
}

/// A supervisor that waits to be told what to do, and the names it waits at.
pub(super) struct Supervisor {
    pub(super) link: TunnelLink,
    pub(super) config: PathBuf,
    pub(super) management: PathBuf,
    pub(super) control: PathBuf,
}

impl Supervisor {
    pub(super) fn start(context: &Context, private: bool) -> Result<Self, Report> {
        // It asks the agent that is used here, wherever that was started.
        let directory = match find_agent(context)? {
            Some(agent) if !context.globals.no_agent => agent.directory,
            _ => paths::runtime_dir(&context.environment)?.path().to_owned(),
        };
        let (mut link, theirs) = TunnelLink::pair()?;
        let mut words: Vec<OsString> = ["vpn", "supervise", "--directory"].map(Into::into).into();
        words.push(directory.into());
        if private {
            words.push("--private".into());
        }
        let kept = ["HOME", "LANG", "TZ"].into_iter().filter_map(|name| {
            let value = context.environment.raw(name)?;
            Some((OsString::from(name), value.to_owned()))
        });
        let mut child = process::spawn_own(words, theirs, kept)
            .and_then(|mut child| child.wait().map(|_| child))
            .map_err(LinkError::from)?;
        let _ = child.try_wait();
        let ready = link.hear(Some(READY)).map_err(|error| match error {
            error if error.is_gone() => vanished(),
            error => error.into(),
        })?;
        match ready {
            FromTunnel::Ready {
                config,
                management,
                control,
            } => Ok(Self {
                link,
                config,
                management,
                control,
            }),
            FromTunnel::Failed(report) => Err(report),
            _ => Err(unexpected()),
        }
    }

    /// Gives it the profile and everything that goes with it.
    pub(super) fn begin(
        &mut self,
        context: &Context,
        resolved: &Resolved,
        profile: IssuedProfile,
        sets_dns: bool,
    ) -> Result<(), Report> {
        let username = profile
            .username
            .or_else(|| resolved.org.username.clone())
            .unwrap_or_default();
        let begin = Begin {
            profile: profile.text.ok_or_else(unexpected)?,
            username,
            token: profile.token,
            target: resolved.target.clone(),
            has_agent: !context.globals.no_agent,
            sets_dns,
        };
        Ok(self.link.say(&ToTunnel::Begin(Box::new(begin)))?)
    }
}

/// A profile that may be used, from the agent.
pub(super) fn profile(
    context: &Context,
    resolved: &Resolved,
    sign_in: &SignInArgs,
) -> Result<IssuedProfile, Report> {
    let request = || {
        Request::VpnProfile(VpnProfileRequest {
            target: resolved.target.clone(),
            policy: resolved.policy.clone(),
            explain: false,
            may_sign_in: true,
        })
    };
    match ask_agent(context, request, &resolved.org, sign_in)? {
        Reply::VpnProfile(profile) => Ok(*profile),
        _ => Err(unexpected()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_openvpn_says() {
        assert_eq!(
            version("OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL]\n"),
            Some((2, 6))
        );
        assert_eq!(version("OpenVPN 2.7_rc1 x86_64"), Some((2, 7)));
        assert_eq!(version("something"), None);
    }
}
