//! `ob vpn exec`: one command inside the tunnel, in a network of its own, without root.
//!
//! pasta gives an unprivileged user a network namespace whose way out is the user's own sockets. openvpn runs
//! inside it with the capability that its owner has there; the rest of the machine sees nothing of it. The
//! supervisor stays outside: the sockets of files reach across.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use super::netns_child;
use super::preflight::{self, OpenVpn, Supervisor};
use super::watch::say_log;
use super::{PolicyArgs, resolve};
use crate::client::Context;
use crate::commands::args::SignInArgs;
use crate::flow::vpn_policy;
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::process::{self, Program};
use crate::report::{ErrorCode, Exit, Report};
use crate::wire::{FromTunnel, ToTunnel, TunnelPhase};

/// What openvpn opens inside; the node is the machine's own there too.
pub(in crate::commands) const TUN: &str = "/dev/net/tun";
/// How pasta is started. Its default forwards ports both ways: a listener of the command would be reached at
/// this machine's addresses, and this machine's loopback listeners inside. `none` forwards no port: TCP and
/// UDP into the namespace (`-t`, `-u`) and out of it (`-T`, `-U`). Name queries alone go out, from one address.
const PASTA: [&str; 14] = [
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
    netns_child::NAME_SERVER,
    "--quiet",
    "--",
];
/// A supervisor without an openvpn ends at once; longer than this nobody waits.
const GOODBYE: Duration = Duration::from_secs(3);

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

/// # Errors
/// When there is no tunnel for the command; else its exit code is ours.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let resolved = resolve(context, &args.policy, &args.sign_in.options())?;
    refuse_root()?;
    let openvpn = OpenVpn::find()?;
    let pasta = Program::find("pasta")?;
    let unshare = Program::find("unshare")?;
    tun_can_be_opened()?;
    let mut supervisor = Supervisor::start(context, true)?;
    let profile = preflight::profile(context, &resolved, &args.sign_in.options())?;
    let policy = vpn_policy(&resolved.policy)?;
    let openvpn = argv(
        &Launch {
            openvpn: openvpn.program.path(),
            version: openvpn.version,
            config: &supervisor.config,
            management: &supervisor.management,
            // Inside, our uid has another number.
            user: None,
            device: preflight::DEVICE,
            asks_user_password: profile.asks_user_password,
            policy: &policy,
        },
        &Privilege::Held,
    );
    let own = process::own_path().map_err(|error| not_started(&error))?;
    // An interrupt that is typed is the command's to decide on; pasta would end, and the command with it.
    let env = Program::find("env")?;
    let mut words: Vec<OsString> = vec![env.path().into()];
    words.extend(["--ignore-signal=INT", "--ignore-signal=QUIT"].map(OsString::from));
    words.push(pasta.path().into());
    words.extend(PASTA.map(OsString::from));
    // Mounts of its own, for its resolv.conf.
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
        say_log(context, &supervisor)?;
    }
    let environment = context.program_environment()?;
    let orphans = process::Orphans::adopt().map_err(|error| not_started(&error))?;
    let status = process::Attendant::new()
        .and_then(|attendant| attendant.wait_for(process::start_as_is(&words, environment)?));
    orphans.end();
    let code = process::exit_code(status.map_err(|error| not_started(&error))?);
    // Beside a child we never end with 1 ourselves: it is the command's, or pasta's before there was one.
    if code == Exit::Failed.code() && !was_up(&mut supervisor) {
        return Err(not_started(
            &"pasta ended before the command could start; what it said stands above",
        ));
    }
    Ok(ExitCode::from(code))
}

/// pasta changes from root to nobody, who may not do what it does next, and then it waits for ever.
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

/// # Errors
/// Why it cannot, and what changes that.
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

/// Whether the tunnel was up once, so that there was a command.
fn was_up(supervisor: &mut Supervisor) -> bool {
    let link = &mut supervisor.link;
    // Should it be gone already, what it said before can still be heard.
    let _ = link.send(&ToTunnel::Down);
    loop {
        match link.recv(Some(GOODBYE)) {
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
