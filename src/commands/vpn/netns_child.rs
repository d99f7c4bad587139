//! `ob vpn inside`: in the network of one command, openvpn beside it.

use std::ffi::OsString;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::watch::supervisor_gone;
use crate::client::Context;
use crate::link::{LinkError, SupervisorConnection};
use crate::process::{self, Program};
use crate::report::{ErrorCode, Exit, Report};
use crate::wire::{DnsStatus, FromTunnel, ToTunnel, TunnelPhase};

/// What a command gets to end after its tunnel.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// openvpn tells the server that it goes; longer than this nobody waits.
const GOODBYE: Duration = Duration::from_secs(3);
/// An address at which pasta answers name queries, from the machine's own name servers. It is link-local, so no
/// network that is routed has it.
pub(super) const NAME_SERVER: &str = "169.254.1.1";
/// A mount of this machine alone.
const MOUNTED: Duration = Duration::from_secs(10);

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
    let mut beside =
        process::start(openvpn, None, true).map_err(|error| cannot("start openvpn", &error))?;
    std::thread::spawn(move || beside.wait());
    let is_up = Arc::new(AtomicBool::new(false));
    give_up_on_signals(&args.control, &is_up)?;
    let servers = until_connected(&mut link)?;
    is_up.store(true, Ordering::Relaxed);
    if let Some(status) = servers.filter(|_| !args.no_dns) {
        set_name_servers(&status)?;
    }
    // `ob vpn exec` has taken out of it what the command must not have.
    let environment = context.environment.clone();
    let attendant = process::Attendant::new().map_err(|error| cannot("catch signals", &error))?;
    let child = process::start_as_is(command, environment).map_err(|error| {
        let name = command.first().map(|name| name.to_string_lossy());
        refused(&name.unwrap_or_default(), &error)
    });
    let lost = Lost::default();
    let status = child.and_then(|child| {
        lost.watch(link, &child);
        let ended = attendant.wait_for(child);
        ended.map_err(|error| cannot("wait for the command", &error))
    });
    if let Some(report) = lost.over() {
        return Err(report);
    }
    let mut goodbye = connect(&args.control)?;
    goodbye.send(&ToTunnel::Down)?;
    while !matches!(
        goodbye.recv(Some(GOODBYE)),
        Ok(FromTunnel::Ended(_)) | Err(_)
    ) {}
    Ok(ExitCode::from(process::exit_code(status?)))
}

/// How far command and tunnel are.
#[derive(Default)]
enum Life {
    #[default]
    Both,
    /// The command has ended; its process id may be somebody else's by now.
    CommandOver,
    /// The tunnel ended under the command, and why.
    TunnelLost(Report),
}

#[derive(Clone, Default)]
struct Lost(Arc<Mutex<Life>>);

impl Lost {
    /// Ends the command when its tunnel ends: it would go on outside of it.
    fn watch(&self, mut link: SupervisorConnection, child: &Child) {
        let lost = self.clone();
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
                let mut life = lost.life();
                if matches!(*life, Life::CommandOver) {
                    return;
                }
                if let Some(report) = why.take() {
                    *life = Life::TunnelLost(report);
                }
                let _ = child.map(|child| kill(child, signal));
                drop(life);
                std::thread::sleep(LAST_WORDS);
            }
        });
    }

    /// The command has ended: whether that was its tunnel's doing.
    fn over(&self) -> Option<Report> {
        match std::mem::replace(&mut *self.life(), Life::CommandOver) {
            Life::TunnelLost(report) => {
                let report = report.during("the command was ended: its tunnel is gone");
                Some(report.hint("`ob vpn exec -v -- CMD` shows what openvpn says"))
            }
            Life::Both | Life::CommandOver => None,
        }
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn taken_down() -> Report {
    Report::new(ErrorCode::VpnStopped, "the tunnel was taken down")
        .hint("`ob vpn exec` brings up another")
}

/// Before there is a command to decide on it, a signal gives the tunnel up.
fn give_up_on_signals(control: &Path, is_up: &Arc<AtomicBool>) -> Result<(), Report> {
    let (control, is_up) = (control.to_owned(), Arc::clone(is_up));
    let told = move |_| {
        if !is_up.load(Ordering::Relaxed) {
            let _ = connect(&control).map(|mut link| link.send(&ToTunnel::Down));
        }
    };
    process::on_end_signals(told).map_err(|error| cannot("catch signals", &error))
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

/// Rewrites a resolv.conf whose name servers all listen on the machine's loopback, which is another one in here:
/// [`NAME_SERVER`] stands in their place. `None` where one of them can be reached as it is.
fn through_pasta(own: &str) -> Option<String> {
    let server = |line: &str| -> Option<IpAddr> {
        let address = line.trim_start().strip_prefix("nameserver")?;
        address.split_whitespace().next()?.parse().ok()
    };
    let (servers, rest): (Vec<&str>, Vec<&str>) =
        own.lines().partition(|line| server(line).is_some());
    let mut addresses = servers.iter().filter_map(|line| server(line)).peekable();
    addresses.peek()?;
    addresses.all(|address| address.is_loopback()).then(|| {
        let rest = rest.iter().map(|line| format!("{line}\n"));
        rest.chain([format!("nameserver {NAME_SERVER}\n")])
            .collect()
    })
}

/// Lays the tunnel's name servers over `/etc/resolv.conf`.
fn set_name_servers(status: &DnsStatus) -> Result<(), Report> {
    if status.servers.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    if !status.domains.is_empty() {
        text = format!("search {}\n", status.domains.join(" "));
    }
    for server in &status.servers {
        text += &format!("nameserver {server}\n");
    }
    replace_resolv_conf(&text)
}

/// Lays a file over `/etc/resolv.conf` that no other process sees: the mount namespace is our own.
fn replace_resolv_conf(text: &str) -> Result<(), Report> {
    let failed = |error: &dyn std::fmt::Display| {
        Report::new(
            ErrorCode::VpnInsideDns,
            "cannot set the name servers of the tunnel",
        )
        .cause(error)
        .hint("`--no-dns` does without them")
    };
    // On a tmpfs of our own, so that nothing is left behind.
    let mount = Program::find("mount")?;
    let run = |arguments: &[&str]| {
        let words: Vec<OsString> = std::iter::once(mount.path().into())
            .chain(arguments.iter().map(OsString::from))
            .collect();
        match process::run(&words, b"", MOUNTED) {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(failed(&String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(failed(&error)),
        }
    };
    run(&["-t", "tmpfs", "-o", "mode=755,size=64k", "tmpfs", "/mnt"])?;
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .open("/mnt/resolv.conf")
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| failed(&error))?;
    run(&["--bind", "/mnt/resolv.conf", "/etc/resolv.conf"])?;
    let umount = Program::find("umount")?;
    // The file lives on under its other name.
    let words = [umount.path().into(), "-l".into(), "/mnt".into()];
    process::run(&words, b"", MOUNTED)
        .map(drop)
        .map_err(|error| failed(&error))
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
        .hint("check the spelling and $PATH; the command stands after `--`")
}

fn cannot(what: &str, error: &std::io::Error) -> Report {
    Report::new(ErrorCode::VpnInside, format!("cannot {what}"))
        .cause(error)
        .hint("`ob vpn exec -v -- CMD` shows what openvpn says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_name_servers_are_asked_through_pasta() {
        for (own, expected) in [
            (
                "# stub\nnameserver 127.0.0.53\noptions edns0\nsearch acme.com\n",
                Some("# stub\noptions edns0\nsearch acme.com\nnameserver 169.254.1.1\n"),
            ),
            (
                "nameserver 127.0.0.1\nnameserver ::1\n",
                Some("nameserver 169.254.1.1\n"),
            ),
            ("nameserver 127.0.0.1\nnameserver 10.0.0.1\n", None),
            ("nameserver 192.168.1.1\n", None),
            ("search acme.com\n", None),
            ("", None),
        ] {
            assert_eq!(through_pasta(own).as_deref(), expected, "{own}");
        }
    }
}
