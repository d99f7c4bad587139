//! `ob vpn inside`: starts openvpn and the command of `ob vpn exec` in their network namespace.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::find::supervisor_gone;
use super::resolv_conf::{replace_resolv_conf, set_name_servers, through_pasta};
use crate::client::Context;
use crate::link::{LinkError, SupervisorConnection};
use crate::process;
use crate::report::{ErrorCode, Exit, Report};
use crate::wire::{DnsStatus, FromTunnel, ToTunnel, TunnelPhase};

/// How long the command may take to end after each signal, once its tunnel is gone.
const COMMAND_EXIT_TIMEOUT: Duration = Duration::from_secs(3);
/// openvpn takes its leave of the server in this time.
const DOWN_TIMEOUT: Duration = Duration::from_secs(3);

/// Hold a tunnel and run a command
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    /// Where the supervisor listens
    #[arg(long)]
    control: PathBuf,
    /// Leave the name servers as they are
    #[arg(long)]
    no_dns: bool,
    /// How many of the words are openvpn's
    #[arg(long)]
    openvpn_words: usize,
    /// openvpn's command, then the user's
    #[arg(trailing_var_arg = true, required = true)]
    words: Vec<OsString>,
}

/// Runs the command of `ob vpn exec` inside its namespace.
///
/// # Errors
/// When the tunnel does not come up, or the command cannot be started.
pub(super) fn run(args: &Args, context: &Context) -> Result<ExitCode, Report> {
    let openvpn = args.words.get(..args.openvpn_words).unwrap_or_default();
    let command = args.words.get(args.openvpn_words..).unwrap_or_default();
    let mut link = connect(&args.control)?;
    link.send(&ToTunnel::Events)?;
    let own = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    if let Some(text) = through_pasta(&own) {
        replace_resolv_conf(&text)?;
    }
    let mut child =
        process::start(openvpn, None, true).map_err(|error| cannot("start openvpn", &error))?;
    std::thread::spawn(move || child.wait());
    let is_up = Arc::new(AtomicBool::new(false));
    stop_on_signals(&args.control, &is_up)?;
    let servers = until_connected(&mut link)?;
    is_up.store(true, Ordering::Relaxed);
    if let Some(status) = servers.filter(|_| !args.no_dns) {
        set_name_servers(&status)?;
    }
    // `ob vpn exec` has removed what the command must not have.
    let environment = context.environment.clone();
    let foreground_child =
        process::ForegroundChild::new().map_err(|error| cannot("catch signals", &error))?;
    let child = process::start_as_is(command, environment).map_err(|error| {
        let name = command.first().map(|name| name.to_string_lossy());
        refused(&name.unwrap_or_default(), &error)
    });
    let guard = TunnelGuard::default();
    let status = child.and_then(|child| {
        guard.watch(link, &child);
        let ended = foreground_child.wait_for(child);
        ended.map_err(|error| cannot("wait for the command", &error))
    });
    if let Some(report) = guard.command_ended() {
        return Err(report);
    }
    let mut stopping = connect(&args.control)?;
    stopping.send(&ToTunnel::Down)?;
    while !matches!(
        stopping.recv(Some(DOWN_TIMEOUT)),
        Ok(FromTunnel::Ended(_)) | Err(_)
    ) {}
    Ok(ExitCode::from(process::exit_code(status?)))
}

/// Which of command and tunnel has ended first.
#[derive(Default)]
enum Progress {
    #[default]
    Running,
    /// The command has ended; its process id may be reused.
    CommandEnded,
    /// The tunnel ended while the command ran, and why.
    TunnelLost(Report),
}

#[derive(Clone, Default)]
struct TunnelGuard(Arc<Mutex<Progress>>);

impl TunnelGuard {
    /// Ends the command when its tunnel ends, because it would go on without it.
    fn watch(&self, mut link: SupervisorConnection, child: &Child) {
        let guard = self.clone();
        let child = i32::try_from(child.id()).map(Pid::from_raw);
        std::thread::spawn(move || {
            let report = loop {
                match link.recv(None) {
                    Ok(FromTunnel::Ended(report)) => break report.unwrap_or_else(taken_down),
                    Ok(_) => {}
                    Err(_) => break supervisor_gone(),
                }
            };
            let mut why = Some(report);
            for signal in [Signal::SIGTERM, Signal::SIGKILL] {
                let mut progress = guard.progress();
                if matches!(*progress, Progress::CommandEnded) {
                    return;
                }
                if let Some(report) = why.take() {
                    *progress = Progress::TunnelLost(report);
                }
                let _ = child.map(|child| kill(child, signal));
                drop(progress);
                std::thread::sleep(COMMAND_EXIT_TIMEOUT);
            }
        });
    }

    /// Notes that the command has ended. Returns the reason if its tunnel ended first.
    fn command_ended(&self) -> Option<Report> {
        match std::mem::replace(&mut *self.progress(), Progress::CommandEnded) {
            Progress::TunnelLost(report) => {
                let report = report.context("the command was ended: its tunnel is gone");
                Some(report.hint("`ob vpn exec -v -- CMD` shows what openvpn says"))
            }
            Progress::Running | Progress::CommandEnded => None,
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken_down() -> Report {
    Report::new(ErrorCode::VpnStopped, "the tunnel was taken down")
        .hint("`ob vpn exec` brings up another")
}

/// Until the command starts, a signal stops the tunnel. The command then decides itself.
fn stop_on_signals(control: &Path, is_up: &Arc<AtomicBool>) -> Result<(), Report> {
    let (control, is_up) = (control.to_owned(), Arc::clone(is_up));
    let stop = move |_| {
        if !is_up.load(Ordering::Relaxed) {
            let _ = connect(&control).map(|mut link| link.send(&ToTunnel::Down));
        }
    };
    process::on_end_signals(stop).map_err(|error| cannot("catch signals", &error))
}

fn connect(control: &Path) -> Result<SupervisorConnection, Report> {
    SupervisorConnection::connect(control)?.ok_or_else(|| LinkError::NotRunning.into())
}

/// Waits until the tunnel is up; returns its name servers.
fn until_connected(link: &mut SupervisorConnection) -> Result<Option<DnsStatus>, Report> {
    let mut servers = None;
    loop {
        match link.recv(None)? {
            FromTunnel::Dns(status) => servers = Some(status),
            FromTunnel::Phase(phase) if phase.phase == TunnelPhase::Connected => {
                return Ok(servers);
            }
            FromTunnel::Ended(report) => return Err(report.unwrap_or_else(taken_down)),
            _ => {}
        }
    }
}

fn refused(name: &str, error: &std::io::Error) -> Report {
    let exit = match error.kind() {
        std::io::ErrorKind::NotFound => Exit::NotFound,
        std::io::ErrorKind::PermissionDenied => Exit::NotExecutable,
        _ => Exit::Failed,
    };
    Report::new(ErrorCode::ExecFailed, format!("cannot execute {name}"))
        .exit(exit)
        .cause(error)
        .hint("check the spelling and $PATH; the command comes after `--`")
}

fn cannot(what: &str, error: &std::io::Error) -> Report {
    Report::new(ErrorCode::VpnInside, format!("cannot {what}"))
        .cause(error)
        .hint("`ob vpn exec -v -- CMD` shows what openvpn says")
}
