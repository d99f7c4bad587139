//! What has to be there before a tunnel is begun, and its beginning: programs, rights, supervisor, profile.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::unistd::{User, getegid, geteuid};

use super::Resolved;
use super::watch::supervisor_gone;
use crate::client::Context;
use crate::client::SignInOptions;
use crate::client::ask_agent;
use crate::client::find_agent;
use crate::client::unexpected_reply;
use crate::link::{LinkError, SupervisorConnection};
use crate::model::DnsScope;
use crate::openvpn::argv::{Elevator, Privilege};
use crate::paths;
use crate::privileged::{self, Action, StartTunnel};
use crate::process::{self, Program};
use crate::report::{ErrorCode, Report};
use crate::wire::{Begin, FromTunnel, IssuedProfile, Reply, Request, ToTunnel, VpnProfileRequest};

pub(in crate::commands) use crate::privileged::OpenVpn;

/// The supervisor needs no network and no person to get ready.
const READY: Duration = Duration::from_secs(10);
/// The rules of sudo may have to be fetched from an LDAP server.
const RULES: Duration = Duration::from_secs(30);
/// The device of the machine's tunnel.
pub(super) const DEVICE: &str = "tun-ob0";

/// How openvpn is started.
pub(super) enum Way {
    /// By the program that an administrator has installed.
    Installed {
        elevator: Elevator,
        program: Program,
    },
    /// By our own command line.
    Direct(Privilege),
}

/// Chooses how openvpn is started. The installed program comes first, because it gives away least; where neither it nor
/// a rule does without a password, that is asked for now, before a sign-in is begun.
pub(super) fn way(context: &Context) -> Result<Way, Report> {
    if geteuid().is_root() || has_net_admin() {
        return privilege(context).map(Way::Direct);
    }
    let Some(program) = privileged::find() else {
        return privilege(context).map(Way::Direct);
    };
    let path = |name| Program::find(name).map(|program| program.path().to_owned());
    let elevator = |quiet| match path("sudo") {
        Ok(path) => Ok(Elevator::Sudo { path, quiet }),
        Err(error) => path("doas")
            .map(|path| Elevator::Doas { path, quiet })
            .map_err(|_| error),
    };
    let quiet = elevator(true)?;
    let asking = elevator(false)?;
    // Where no rule allows it, sudo would note an attempt.
    let probed =
        allows(&quiet, &program).then(|| privileged::is_allowed_without_password(&quiet, &program));
    match probed.unwrap_or(Err(String::new())) {
        Ok(()) => {
            // Should sudo's ticket end meanwhile, it asks.
            return Ok(Way::Installed {
                elevator: asking,
                program,
            });
        }
        Err(why) if why.contains(WRONG_PROTOCOL) => {
            let program = program.path().display();
            context.voice.say(&format!(
                "ob: {program} is not the one that came with this ob, and is not used; docs/admin.md, section 9, installs it\n"
            ));
            return privilege(context).map(Way::Direct);
        }
        Err(_) => {}
    }
    let direct = privilege(context)?;
    // The password was typed, or doas asks for it.
    Ok(if allows(&asking, &program) {
        Way::Installed {
            elevator: asking,
            program,
        }
    } else {
        Way::Direct(direct)
    })
}

/// How the installed program names a request of another version.
const WRONG_PROTOCOL: &str = "request.protocol";

/// Whether a rule lets the user run `program`, with or without a password.
fn allows(elevator: &Elevator, program: &Program) -> bool {
    let (path, options): (_, &[&str]) = match elevator {
        Elevator::Sudo { path, .. } => (path, &["-n", "-l", "--"]),
        Elevator::Doas { path, .. } => (path, &["-C", "/etc/doas.conf"]),
    };
    let mut words: Vec<OsString> = vec![path.into()];
    words.extend(options.iter().map(OsString::from));
    words.push(program.path().into());
    let Ok(answer) = process::run(&words, b"", RULES) else {
        return false;
    };
    match elevator {
        Elevator::Sudo { .. } => answer.status.success(),
        Elevator::Doas { .. } => answer.stdout.starts_with(b"permit"),
    }
}

/// What the installed program is asked for.
pub(super) fn request(supervisor: &Supervisor, resolved: &Resolved) -> Result<Vec<u8>, Report> {
    let directory = supervisor.management.parent();
    let device = DEVICE.parse().map_err(|_| unexpected_reply())?;
    Ok(privileged::input(Action::Start(StartTunnel {
        directory: directory.map(Path::to_owned).unwrap_or_default(),
        device,
        routes: resolved.policy.routes.clone(),
        dns: resolved.policy.dns,
    })))
}

/// How openvpn gets its one capability by our own command line. Where a person's ticket is needed it is asked for now.
fn privilege(context: &Context) -> Result<Privilege, Report> {
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
            ensure_sudo(context, &sudo)?;
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
    Ok(Privilege::Elevated {
        elevator: Some(elevator),
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
fn ensure_sudo(context: &Context, sudo: &Program) -> Result<(), Report> {
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
        ErrorCode::VpnSudo,
        "sudo does not let you bring up a tunnel",
    )
    .cause("`sudo -v` failed")
    .hint("`sudo -l` shows what you may do; docs/vpn-sudo.md has the lines for sudoers")
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
        ErrorCode::VpnDoas,
        "doas does not let you bring up a tunnel",
    )
    .cause("`doas -C /etc/doas.conf setsid` says \"deny\"")
    .hint("docs/vpn-sudo.md has the rules for doas.conf")
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
    pub(super) link: SupervisorConnection,
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
        let (mut link, theirs) = SupervisorConnection::pair()?;
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
        let ready = link.recv(Some(READY)).map_err(|error| match error {
            error if error.is_gone() => supervisor_gone(),
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
            _ => Err(unexpected_reply()),
        }
    }

    /// Gives it the profile and everything that goes with it; `dns` where name servers are set, with the scope that
    /// the user chose.
    pub(super) fn begin(
        &mut self,
        context: &Context,
        resolved: &Resolved,
        profile: IssuedProfile,
        dns: Option<Option<DnsScope>>,
    ) -> Result<(), Report> {
        let username = profile
            .username
            .or_else(|| resolved.org.username.clone())
            .unwrap_or_default();
        let begin = Begin {
            profile: profile.text.ok_or_else(unexpected_reply)?,
            username,
            token: profile.token,
            target: resolved.target.clone(),
            has_agent: !context.globals.no_agent,
            sets_dns: dns.is_some(),
            dns_scope: dns.flatten(),
        };
        Ok(self.link.send(&ToTunnel::Begin(Box::new(begin)))?)
    }
}

/// A profile that may be used, from the agent.
pub(super) fn profile(
    context: &Context,
    resolved: &Resolved,
    sign_in: &SignInOptions,
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
        _ => Err(unexpected_reply()),
    }
}
