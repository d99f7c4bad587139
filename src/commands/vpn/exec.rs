//! `ob vpn exec`: one command inside the tunnel, in a network of its own, without root.
//!
//! pasta gives an unprivileged user a network namespace whose way out is the user's own sockets. openvpn runs
//! inside it with the capability that its owner has there; the rest of the machine sees nothing of it. The
//! supervisor stays outside: the sockets of files reach across.

use std::ffi::OsString;
use std::process::ExitCode;

use super::launch::{self, OpenVpn, Supervisor};
use super::watch::say_log;
use super::{PolicyArgs, resolve};
use crate::commands::Context;
use crate::commands::talk::SignInArgs;
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::process::{self, Program};
use crate::report::{Exit, Report};

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
    let resolved = resolve(context, &args.policy, &args.sign_in)?;
    let openvpn = OpenVpn::find()?;
    let pasta = Program::find("pasta")?;
    let unshare = Program::find("unshare")?;
    let mut supervisor = Supervisor::start(context, true)?;
    let profile = launch::profile(context, &resolved, &args.sign_in)?;
    let policy = launch::policy(&resolved)?;
    let openvpn = argv(
        &Launch {
            openvpn: openvpn.program.path(),
            version: openvpn.version,
            config: &supervisor.config,
            management: &supervisor.management,
            // Inside, our uid has another number.
            user: None,
            device: launch::DEVICE,
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
    words.extend(["--config-net", "--no-map-gw", "--quiet", "--"].map(OsString::from));
    // Mounts of its own, for its resolv.conf.
    words.push(unshare.path().into());
    words.extend(["--mount", "--"].map(OsString::from));
    words.push(own.into());
    words.extend(["vpn", "inside"].map(OsString::from));
    if context.globals.json {
        words.push("--json".into());
    }
    words.push("--control".into());
    words.push(supervisor.control.clone().into());
    words.push("--openvpn-words".into());
    words.push(openvpn.len().to_string().into());
    words.push("--".into());
    words.extend(openvpn);
    words.extend(args.command.iter().cloned());
    supervisor.begin(context, &resolved, profile, false)?;
    if context.globals.verbose > 0 {
        say_log(context, &supervisor)?;
    }
    let environment = context
        .environment
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let status = process::Attendant::new()
        .and_then(|attendant| attendant.wait_for(process::start_as_is(&words, environment)?))
        .map_err(|error| not_started(&error))?;
    Ok(ExitCode::from(process::exit_code(status)))
}

fn not_started(error: &std::io::Error) -> Report {
    Report::new(
        Exit::Failed,
        "vpn.pasta",
        "cannot make a network for the command",
    )
    .cause(error)
    .hint("`pasta --config-net -- true` must work: it needs user namespaces")
}
