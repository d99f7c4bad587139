//! `ob vpn exec`: runs one command inside a tunnel, in a network namespace of its own, without
//! root.
//!
//! pasta makes the namespace and forwards its traffic over sockets of the user. openvpn runs inside
//! with the capability that the user has there. The supervisor stays outside: its Unix sockets are
//! files, which the namespace shares.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use super::preflight::DEVICE;
use super::resolv_conf::NAME_SERVER;
use super::resolve::{PolicyArgs, fetch_profile, resolve};
use super::supervisor::{Supervisor, print_log};
use crate::client::Context;
use crate::commands::args::SignInArgs;
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::privileged::OpenVpn;
use crate::process::{self, TrustedProgram};
use crate::report::{ErrorCode, Exit, Report};
use crate::validate::vpn_policy;
use crate::wire::{FromTunnel, ToTunnel, TunnelPhase};

/// The device node that openvpn opens; inside the namespace it is the machine's own too.
pub(in crate::commands) const TUN: &str = "/dev/net/tun";
/// The options of pasta. By default it forwards ports both ways: listeners of the command would be
/// reachable at this machine's addresses, and this machine's loopback listeners inside. `none`
/// forwards no port: TCP and UDP into the namespace (`-t`, `-u`) and out of it (`-T`, `-U`). Only
/// name queries to one address are forwarded.
const PASTA_OPTIONS: [&str; 14] = [
    "--config-net",
    "--no-map-gw",
    "-t",
    "none",
    "-u",
    "none",
    "-T",
    "none",
    "-U",
    "none",
    "--dns-forward",
    NAME_SERVER,
    "--quiet",
    "--",
];
/// A supervisor without an openvpn ends at once.
const DOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Run one command inside the tunnel, in a network of its own; needs no root
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub sign_in: SignInArgs,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Runs `ob vpn exec`.
///
/// # Errors
/// When there is no tunnel for the command; else its exit code is ours.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let resolved = resolve(context, &args.policy, &args.sign_in.options())?;
    refuse_root()?;
    let openvpn = OpenVpn::find()?;
    let pasta = TrustedProgram::find("pasta")?;
    let unshare = TrustedProgram::find("unshare")?;
    tun_can_be_opened()?;
    let mut supervisor = Supervisor::start(context, true)?;
    let profile = fetch_profile(context, &resolved, &args.sign_in.options(), false)?;
    let policy = vpn_policy(&resolved.policy)?;
    let openvpn = argv(
        &Launch {
            openvpn: openvpn.program.path(),
            version: openvpn.version,
            config: &supervisor.config,
            management: &supervisor.management,
            // Our uid has another number inside.
            user: None,
            device: DEVICE,
            asks_user_password: profile.asks_user_password,
            policy: &policy,
        },
        &Privilege::Held,
    );
    let own = process::current_program().map_err(|error| not_started(&error))?;
    // pasta would end on Ctrl-C and take the command with it; the command decides itself.
    let env = TrustedProgram::find("env")?;
    let mut words: Vec<OsString> = vec![env.path().into()];
    words.extend(["--ignore-signal=INT", "--ignore-signal=QUIT"].map(OsString::from));
    words.push(pasta.path().into());
    words.extend(PASTA_OPTIONS.map(OsString::from));
    // A mount namespace, for its resolv.conf.
    words.push(unshare.path().into());
    words.extend(["--mount", "--"].map(OsString::from));
    words.push(own.into());
    words.extend(["vpn", "inside"].map(OsString::from));
    if context.globals.json {
        words.push("--json".into());
    }
    if args.policy.no_dns {
        words.push("--no-dns".into());
    }
    words.push("--control".into());
    words.push(supervisor.control.clone().into());
    words.push("--openvpn-words".into());
    words.push(openvpn.len().to_string().into());
    words.push("--".into());
    words.extend(openvpn);
    words.extend(args.command.iter().cloned());
    supervisor.begin(context, &resolved, profile, None)?;
    if context.globals.verbose > 0 {
        print_log(context, &supervisor)?;
    }
    let environment = context.program_environment()?;
    let orphans = process::Orphans::adopt().map_err(|error| not_started(&error))?;
    let status = process::ForegroundChild::new().and_then(|foreground_child| {
        foreground_child.wait_for(process::start_as_is(&words, environment)?)
    });
    orphans.end();
    let code = process::exit_code(status.map_err(|error| not_started(&error))?);
    // Exit code 1 is the command's, unless it was pasta that failed before there was a command.
    if code == Exit::Failed.code() && !was_connected(&mut supervisor) {
        return Err(not_started(
            &"pasta ended before the command could start; what it said stands above",
        ));
    }
    Ok(ExitCode::from(code))
}

/// Refuses root: pasta would change to the user `nobody`, lack the rights for its next step, and
/// hang.
fn refuse_root() -> Result<(), Report> {
    if !process::is_root_of_the_machine() {
        return Ok(());
    }
    Err(Report::new(
        ErrorCode::VpnExecAsRoot,
        "`ob vpn exec` does not run as root",
    )
    .cause("pasta, which makes the network for the command, does not work for root")
    .hint("run it as yourself; as root `ob vpn up` works without sudo"))
}

/// Checks that the tun device can be opened.
///
/// # Errors
/// When the tunnel device cannot be opened; the hint says how to change that.
pub(in crate::commands) fn tun_can_be_opened() -> Result<(), Report> {
    let opened = std::fs::File::options().read(true).write(true).open(TUN);
    opened.map(drop).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied => {
                format!("`sudo chmod 0666 {TUN}` makes it everybody's, as udev leaves it")
            }
            _ => format!("`sudo modprobe tun` makes it; `ls -l {TUN}` must show `crw-rw-rw-`"),
        };
        Report::new(ErrorCode::VpnTun, "you cannot open the tunnel device")
            .cause(format!("{TUN}: {error}"))
            .hint(hint)
    })
}

/// Stops the supervisor. Returns whether the tunnel was up once, so that there was a command.
fn was_connected(supervisor: &mut Supervisor) -> bool {
    let link = &mut supervisor.link;
    // What a supervisor sent before it ended can still be read.
    let _ = link.send(&ToTunnel::Down);
    loop {
        match link.recv(Some(DOWN_TIMEOUT)) {
            Ok(FromTunnel::Phase(phase)) if phase.phase == TunnelPhase::Connected => return true,
            Ok(FromTunnel::Ended(_) | FromTunnel::Failed(_)) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

fn not_started(error: &dyn std::fmt::Display) -> Report {
    Report::new(ErrorCode::VpnPasta, "cannot make a network for the command")
        .cause(error)
        .hint("`pasta --config-net -- true` must work: it needs user namespaces")
}
