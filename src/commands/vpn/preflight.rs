//! Chooses how openvpn is started with the rights it needs, before a sign-in is begun.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use nix::unistd::{User, getegid, geteuid};

use super::resolve::Resolved;
use super::supervisor::Supervisor;
use crate::client::{Context, unexpected_reply};
use crate::openvpn::argv::{Elevator, Privilege};
use crate::privileged::{self, Action, ProbeError, StartTunnel};
use crate::process::{self, TrustedProgram};
use crate::report::{ErrorCode, Report};

/// The rules of sudo may have to be fetched from an LDAP server.
const RULES_TIMEOUT: Duration = Duration::from_secs(30);
/// The device of this machine's tunnel.
pub(super) const DEVICE: &str = "tun-ob0";
/// How openvpn is started.
pub(super) enum StartMethod {
    /// By the program that an administrator has installed.
    Installed {
        elevator: Elevator,
        program: TrustedProgram,
    },
    /// By our own command line.
    Direct(Privilege),
}

/// Prefers the installed program, because a rule for it gives away least. Where neither it nor
/// another rule does without a password, the password is asked for now.
pub(super) fn choose_start_method(context: &Context) -> Result<StartMethod, Report> {
    if geteuid().is_root() || has_net_admin() {
        return privilege(context).map(StartMethod::Direct);
    }
    let Some(program) = privileged::find() else {
        return privilege(context).map(StartMethod::Direct);
    };
    let quiet = privileged::find_elevator(true)?;
    let interactive = privileged::find_elevator(false)?;
    // Without a rule sudo would record a refused attempt.
    let probed =
        allows(&quiet, &program).then(|| privileged::is_allowed_without_password(&quiet, &program));
    match probed.unwrap_or(Err(ProbeError::Refused)) {
        Ok(()) => {
            // Interactive, in case sudo's ticket expires during the sign-in.
            return Ok(StartMethod::Installed {
                elevator: interactive,
                program,
            });
        }
        Err(ProbeError::OtherVersion) => {
            let program = program.path().display();
            context.output.message(&format!(
                "ob: {program} is not the one that came with this ob, and is not used; \
                 docs/admin.md, section 9, installs it\n"
            ));
            return privilege(context).map(StartMethod::Direct);
        }
        Err(ProbeError::Refused) => {}
    }
    let direct = privilege(context)?;
    // sudo has the password now; doas asks for it.
    Ok(if allows(&interactive, &program) {
        StartMethod::Installed {
            elevator: interactive,
            program,
        }
    } else {
        StartMethod::Direct(direct)
    })
}

/// Returns whether a rule lets the user run `program`, with or without a password.
fn allows(elevator: &Elevator, program: &TrustedProgram) -> bool {
    let (path, options): (_, &[&str]) = match elevator {
        Elevator::Sudo { path, .. } => (path, &["-n", "-l", "--"]),
        Elevator::Doas { path, .. } => (path, &["-C", "/etc/doas.conf"]),
    };
    let mut words: Vec<OsString> = vec![path.into()];
    words.extend(options.iter().map(OsString::from));
    words.push(program.path().into());
    let Ok(answer) = process::run(&words, b"", RULES_TIMEOUT) else {
        return false;
    };
    match elevator {
        Elevator::Sudo { .. } => answer.status.success(),
        Elevator::Doas { .. } => answer.stdout.starts_with(b"permit"),
    }
}

/// Returns the request to the installed program.
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

/// Finds out how openvpn gets its one capability by our own command line. sudo asks for a password
/// now, if it needs one.
fn privilege(context: &Context) -> Result<Privilege, Report> {
    let setpriv = || TrustedProgram::find("setpriv").map(|program| program.path().to_owned());
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
    let elevator = match TrustedProgram::find("sudo") {
        Ok(sudo) => {
            ensure_sudo(context, &sudo)?;
            Elevator::Sudo {
                path: sudo.path().to_owned(),
                quiet: false,
            }
        }
        Err(no_sudo) => match TrustedProgram::find("doas") {
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
        setsid: TrustedProgram::find("setsid")?.path().to_owned(),
        setpriv: setpriv()?,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
    })
}

/// Returns whether programs we start keep `CAP_NET_ADMIN` (number 12), by the ambient set.
fn has_net_admin() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ambient = status.lines().find_map(|line| line.strip_prefix("CapAmb:"));
    let set = ambient.and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
    set.is_some_and(|set| set & (1 << 12) != 0)
}

/// Ensures a valid sudo ticket of this terminal or a rule that needs none. Otherwise sudo asks.
fn ensure_sudo(context: &Context, sudo: &TrustedProgram) -> Result<(), Report> {
    let words = |options: &[&str]| -> Vec<OsString> {
        let options = options.iter().map(OsString::from);
        std::iter::once(sudo.path().into()).chain(options).collect()
    };
    for quiet in [&["-n", "-v"][..], &["-n", "-l", "setsid"]] {
        if process::run(&words(quiet), b"", RULES_TIMEOUT)
            .is_ok_and(|output| output.status.success())
        {
            return Ok(());
        }
    }
    context
        .output
        .message("ob: the tunnel's device needs root for a moment; sudo asks:\n");
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

/// Refuses where doas has no rule for us. doas keeps no ticket: if its rule wants a password, it
/// asks when openvpn is started.
fn doas_allows(doas: &TrustedProgram) -> Result<(), Report> {
    let setsid = TrustedProgram::find("setsid")?;
    let words: Vec<OsString> = vec![
        doas.path().into(),
        "-C".into(),
        "/etc/doas.conf".into(),
        setsid.path().into(),
    ];
    let output = process::run(&words, b"", RULES_TIMEOUT);
    let denied = output.is_ok_and(|output| output.stdout.trim_ascii() == b"deny");
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

/// Returns our user's name, by which openvpn checks the owner of the management socket.
pub(super) fn user_name() -> Option<String> {
    User::from_uid(geteuid())
        .ok()
        .flatten()
        .map(|user| user.name)
}
