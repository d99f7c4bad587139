//! `ob vpn up`: brings the tunnel up with the Okta session.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ExitCode};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::find::find_supervisor;
use super::preflight::{self, StartMethod};
use super::resolve::{PolicyArgs, fetch_profile, resolve};
use super::supervisor::{Supervisor, print_log};
use super::watch::{Outcome, Watch};
use crate::client::Context;
use crate::commands::args::SignInArgs;
use crate::link::SupervisorConnection;
use crate::model::DnsScope;
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::privileged::OpenVpn;
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::validate::vpn_policy;
use crate::wire::ToTunnel;

/// The part of an elevator's error that is read.
const MAX_ERROR_BYTES: u64 = 4096;
const ERROR_LINE_TIMEOUT: Duration = Duration::from_secs(1);

/// Bring up the VPN; it stays until Ctrl-C, or in the background with --detach
#[derive(clap::Args, Clone, Debug, Default)]
pub(super) struct Args {
    /// Return once it is up
    #[arg(short, long)]
    pub detach: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Ask the VPN's name servers for every name, or only for names in the domains it pushes
    #[arg(long, value_name = "SCOPE", value_parser = ["all", "domains"], conflicts_with = "no_dns")]
    #[arg(help_heading = "What the VPN may change")]
    pub dns_scope: Option<String>,
    #[command(flatten)]
    pub sign_in: SignInArgs,
}

/// Runs `ob vpn up`.
///
/// # Errors
/// When the tunnel does not come up, or ended by itself.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let resolved = resolve(context, &args.policy, &args.sign_in.options())?;
    if let Some(mut link) = find_supervisor(context)? {
        // A tunnel in the background may wait for an answer.
        link.send(&ToTunnel::Attach)?;
        return print_outcome(context, Watch::new(context, link).run(args.detach));
    }
    let scope = dns_scope(args, context)?;
    let openvpn = OpenVpn::find()?;
    let method = preflight::choose_start_method(context)?;
    let mut supervisor = Supervisor::start(context, false)?;
    let profile = fetch_profile(context, &resolved, &args.sign_in.options(), false)?;
    let policy = vpn_policy(&resolved.policy)?;
    let user = preflight::user_name();
    let (words, input) = match &method {
        StartMethod::Installed { elevator, program } => {
            let request = preflight::request(&supervisor, &resolved)?;
            let mut words = elevator.words();
            words.push(program.path().into());
            (words, Some(request))
        }
        StartMethod::Direct(privilege) => {
            let launch = Launch {
                openvpn: openvpn.program.path(),
                version: openvpn.version,
                config: &supervisor.config,
                management: &supervisor.management,
                user: user.as_deref(),
                device: preflight::DEVICE,
                asks_user_password: profile.asks_user_password,
                policy: &policy,
            };
            (argv(&launch, privilege), None)
        }
    };
    let dns = resolved.policy.dns.then_some(scope);
    supervisor.begin(context, &resolved, profile, dns)?;
    if context.globals.verbose > 0 {
        print_log(context, &supervisor)?;
    }
    let elevated = !matches!(
        method,
        StartMethod::Direct(Privilege::Held | Privilege::Ambient { .. } | Privilege::Root { .. })
    );
    let started =
        process::start(&words, input.as_deref(), !elevated).map_err(|error| not_started(&error))?;
    let failed = watch_start(started, supervisor.link.try_clone().ok(), elevated);
    let outcome = Watch::new(context, supervisor.link).run(args.detach);
    print_outcome(context, failed.get().cloned().map_or(outcome, Err))
}

/// Returns the typed or configured scope; `None` follows the server's options.
fn dns_scope(args: &Args, context: &Context) -> Result<Option<DnsScope>, Report> {
    if args.dns_scope.is_some() {
        context
            .settings()?
            .check_flag("--dns-scope", "vpn.dns_scope")?;
    }
    match &args.dns_scope {
        Some(typed) => Ok(typed.parse().ok()),
        None => Ok(context.settings()?.vpn(&context.environment)?.dns_scope),
    }
}

fn print_outcome(context: &Context, outcome: Result<Outcome, Report>) -> Result<ExitCode, Report> {
    let (text, code) = match outcome? {
        Outcome::Down => ("the VPN is down", 0),
        Outcome::Detached => ("the VPN is up; `ob vpn down` takes it down", 0),
        // As a shell reports a signal, so that a script does not take it for a tunnel.
        Outcome::Interrupted(signal) => (
            "the VPN was not up yet, and is down",
            u8::try_from(128 + signal).unwrap_or(1),
        ),
    };
    context.output.message(&format!("ob: {text}\n"));
    Ok(ExitCode::from(code))
}

/// Waits for the started process: openvpn itself, or the program that starts it as root. If it
/// fails, the supervisor is told, because no openvpn will connect. Returns where the failure of an
/// elevated start appears.
fn watch_start(
    mut started: Child,
    link: Option<SupervisorConnection>,
    elevated: bool,
) -> Arc<OnceLock<Report>> {
    let failure = Arc::new(OnceLock::new());
    let set = Arc::clone(&failure);
    std::thread::spawn(move || {
        let stderr = started.stderr.take();
        let status = started.wait();
        let has_failed = !status.is_ok_and(|status| status.success());
        if elevated && has_failed {
            let report = Report::new(
                ErrorCode::VpnNotStarted,
                "openvpn was not started as root",
            )
            .hint(
                "`sudo -l` shows what you may do; docs/vpn-sudo.md has the rules for sudo and doas",
            );
            let report = first_line(stderr).into_iter().fold(report, Report::cause);
            let _ = set.set(report);
        }
        // An elevator that succeeded has left openvpn to the supervisor.
        if !elevated || has_failed {
            let _ = link.map(|mut link| link.send(&ToTunnel::NotStarted));
        }
    });
    failure
}

/// Reads the first line of sudo's or doas' error. It is in the pipe already; another process that
/// holds the pipe open is not waited for.
fn first_line(stderr: Option<ChildStderr>) -> Option<String> {
    let stderr = stderr?;
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(stderr.take(MAX_ERROR_BYTES)).read_line(&mut line);
        let _ = sender.send(line);
    });
    let line = receiver.recv_timeout(ERROR_LINE_TIMEOUT).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn not_started(error: &std::io::Error) -> Report {
    Report::new(ErrorCode::VpnOpenvpn, "cannot start openvpn")
        .cause(error)
        .hint("`ls -l /usr/sbin/openvpn` shows whether it may be executed")
}
