//! `ob vpn up`: from the Okta session to a tunnel.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr, ExitCode};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::preflight::{self, OpenVpn, Supervisor, Way};
use super::watch::{Seen, Watch, say_log};
use super::{PolicyArgs, resolve, running};
use crate::client::Context;
use crate::commands::args::SignInArgs;
use crate::flow::vpn_policy;
use crate::link::SupervisorConnection;
use crate::model::DnsScope;
use crate::openvpn::argv::{Launch, Privilege, argv};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::wire::ToTunnel;

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

/// # Errors
/// Why there is no tunnel, or no longer one.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let resolved = resolve(context, &args.policy, &args.sign_in.options())?;
    if let Some(mut link) = running(context)? {
        // One in the background may be waiting for an answer.
        link.send(&ToTunnel::Attach)?;
        return told(
            context,
            Watch::new(context, link).until_the_end(args.detach),
        );
    }
    let scope = dns_scope(args, context)?;
    let openvpn = OpenVpn::find()?;
    let way = preflight::way(context)?;
    let mut supervisor = Supervisor::start(context, false)?;
    let profile = preflight::profile(context, &resolved, &args.sign_in.options())?;
    let policy = vpn_policy(&resolved.policy)?;
    let user = preflight::user_name();
    let (words, input) = match &way {
        Way::Installed { elevator, program } => {
            let request = preflight::request(&supervisor, &resolved)?;
            let mut words = elevator.words();
            words.push(program.path().into());
            (words, Some(request))
        }
        Way::Direct(privilege) => {
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
        say_log(context, &supervisor)?;
    }
    let asked = !matches!(
        way,
        Way::Direct(Privilege::Held | Privilege::Ambient { .. } | Privilege::Root { .. })
    );
    let started =
        process::start(&words, input.as_deref(), !asked).map_err(|error| not_started(&error))?;
    let failed = attend(started, supervisor.link.try_clone().ok(), asked);
    let outcome = Watch::new(context, supervisor.link).until_the_end(args.detach);
    let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    told(context, failed.map_or(outcome, Err))
}

/// What the user wants asked at the VPN's name servers: typed, or set. Absent: as the server pushes.
fn dns_scope(args: &Args, context: &Context) -> Result<Option<DnsScope>, Report> {
    match &args.dns_scope {
        Some(typed) => Ok(typed.parse().ok()),
        None => Ok(context.settings()?.vpn(&context.environment)?.dns_scope),
    }
}

fn told(context: &Context, outcome: Result<Seen, Report>) -> Result<ExitCode, Report> {
    let (text, code) = match outcome? {
        Seen::Down => ("the VPN is down", 0),
        Seen::Connected => ("the VPN is up; `ob vpn down` takes it down", 0),
        // As a shell tells of a command that a signal ended: a script does not take it for a tunnel.
        Seen::GivenUp(signal) => (
            "the VPN was not up yet, and is down",
            u8::try_from(128 + signal).unwrap_or(1),
        ),
    };
    context.voice.say(&format!("ob: {text}\n"));
    Ok(ExitCode::from(code))
}

/// Waits for what was started: openvpn itself, or the program that starts it as root. When that fails nobody
/// will call the supervisor, so it is told to stop.
fn attend(
    mut started: Child,
    link: Option<SupervisorConnection>,
    elevated: bool,
) -> Arc<Mutex<Option<Report>>> {
    let failed = Arc::new(Mutex::new(None));
    let told = Arc::clone(&failed);
    std::thread::spawn(move || {
        let complaints = started.stderr.take();
        let status = started.wait();
        if elevated && !status.is_ok_and(|status| status.success()) {
            let report = Report::new(
                ErrorCode::VpnNotStarted,
                "openvpn was not started as root",
            )
            .hint(
                "`sudo -l` shows what you may do; docs/vpn-sudo.md has the rules for sudo and doas",
            );
            let report = first_line(complaints)
                .into_iter()
                .fold(report, Report::cause);
            *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
        }
        // sudo is gone once openvpn runs; what it started is heard of by the supervisor alone.
        if !elevated
            || told
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some()
        {
            let _ = link.map(|mut link| link.send(&ToTunnel::NotStarted));
        }
    });
    failed
}

/// What sudo or doas said before it ended. It is in the pipe already; who else holds that open is not waited for.
fn first_line(complaints: Option<ChildStderr>) -> Option<String> {
    let complaints = complaints?;
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = BufReader::new(complaints.take(4096)).read_line(&mut line);
        let _ = tell.send(line);
    });
    let line = told.recv_timeout(Duration::from_secs(1)).ok()?;
    Some(line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn not_started(error: &std::io::Error) -> Report {
    Report::new(ErrorCode::VpnOpenvpn, "cannot start openvpn")
        .cause(error)
        .hint("`ls -l /usr/sbin/openvpn` shows whether it may be executed")
}
