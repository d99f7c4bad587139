//! The process that outlives the supervisor. It sets the name servers, and reverts whatever a
//! killed supervisor leaves behind.
//!
//! Supervisor and reaper share a socket pair; no secret crosses it. A socket that closes without
//! [`ToReaper::Farewell`] means that the supervisor was killed. The reaper ignores signals that ask
//! it to end: it ends with the supervisor.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::Duration;

use nix::sys::stat::{Mode, umask};
use serde::{Deserialize, Serialize};

use super::name_servers::NameServers;
use super::process_handle::ProcessHandle;
use super::runtime_files::{Leftovers, clean_up_after};
use super::stdin;
use crate::privileged::DnsConfig;
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::wire::DnsStatus;

/// A message to the reaper: one line of JSON. It answers [`Self::Apply`] with a [`DnsStatus`].
#[derive(Debug, Serialize, Deserialize)]
enum ToReaper {
    Apply(DnsConfig),
    Revert,
    /// The supervisor ends and has removed its files itself.
    Farewell,
}

/// Makes a reserve the reaper.
const ACTIVATE: &[u8; 1] = b"\n";

/// The supervisor's side.
#[derive(Debug)]
pub(super) struct Reaper {
    child: Child,
    socket: UnixStream,
}

impl Reaper {
    pub(super) fn start(leftovers: &Leftovers) -> io::Result<Self> {
        Self::spawn("keep", leftovers)
    }

    /// Starts a process that becomes a reaper on [`Self::activate`]. It is started early because a
    /// confined supervisor starts no program, and sudo would not work below it.
    pub(super) fn start_reserve(leftovers: &Leftovers) -> io::Result<Self> {
        Self::spawn("keep-reserve", leftovers)
    }

    fn spawn(verb: &str, leftovers: &Leftovers) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = process::spawn_self(arguments(verb, leftovers), theirs.into(), [])?;
        Ok(Self {
            child,
            socket: ours,
        })
    }

    pub(super) fn activate(&mut self) -> io::Result<()> {
        self.socket.write_all(ACTIVATE)
    }

    /// Calls `notify` with each status of the name servers, and with `None` when the reaper exits.
    pub(super) fn listen(
        &self,
        notify: impl Fn(Option<DnsStatus>) + Send + 'static,
    ) -> io::Result<()> {
        let answers = BufReader::new(self.socket.try_clone()?);
        std::thread::Builder::new().spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                if let Ok(status) = serde_json::from_str(&line) {
                    notify(Some(status));
                }
            }
            notify(None);
        })?;
        Ok(())
    }

    pub(super) fn apply(&mut self, config: DnsConfig) -> io::Result<()> {
        self.send(&ToReaper::Apply(config))
    }

    pub(super) fn revert(&mut self) -> io::Result<()> {
        self.send(&ToReaper::Revert)
    }

    fn send(&mut self, message: &ToReaper) -> io::Result<()> {
        let line = serde_json::to_string(message)? + "\n";
        self.socket.write_all(line.as_bytes())
    }

    /// Collects the exit status of a reaper that was killed.
    pub(super) fn reap(mut self) {
        let _ = self.child.wait();
    }

    /// Has the reaper revert the name servers, and waits for it at most `limit`.
    pub(super) async fn end(mut self, limit: Duration) {
        let _ = self.send(&ToReaper::Farewell);
        let _ = self.socket.shutdown(Shutdown::Both);
        if let Ok(pid) = i32::try_from(self.child.id()) {
            ProcessHandle::open(pid).wait(limit).await;
        }
        let _ = self.child.try_wait();
    }
}

fn arguments(verb: &str, leftovers: &Leftovers) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "vpn".into(),
        verb.into(),
        "--directory".into(),
        leftovers.directory.clone().into(),
        "--own".into(),
        leftovers.private_dir.clone().into(),
    ];
    if leftovers.is_private {
        arguments.push("--private".into());
    }
    arguments
}

/// Waits to replace a killed reaper; ends with the supervisor otherwise.
///
/// # Errors
/// When standard input cannot be read, or this program cannot be started again.
pub fn run_reserve(leftovers: &Leftovers) -> Result<(), Report> {
    let socket = take_socket().map_err(|error| failed(&error))?;
    let mut byte = [0];
    match File::from(socket).read_exact(&mut byte) {
        Ok(()) => Err(failed(&process::exec_self(arguments("keep", leftovers)))),
        // The supervisor has ended.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(failed(&error)),
    }
}

/// Serves the supervisor at the other end of standard input, and cleans up after it.
///
/// # Errors
/// When standard input cannot be read.
pub fn run_reaper(leftovers: &Leftovers) -> Result<(), Report> {
    let socket = take_socket().map_err(|error| failed(&error))?;
    // Local resolvers (dnsmasq, unbound, named) read resolvconf's files and are not root.
    umask(Mode::from_bits_truncate(0o022));
    let mut servers = NameServers::find();
    let outcome = serve(socket, &mut servers);
    servers.revert();
    if !matches!(outcome, Ok(End::Farewell)) {
        clean_up_after(leftovers);
    }
    outcome.map(drop).map_err(|error| failed(&error))
}

fn take_socket() -> io::Result<OwnedFd> {
    process::on_end_signals(|_| ())?;
    stdin::duplicate()
}

enum End {
    Farewell,
    SupervisorKilled,
}

fn serve(socket: OwnedFd, servers: &mut NameServers) -> io::Result<End> {
    let mut answers = File::from(socket.as_fd().try_clone_to_owned()?);
    for line in BufReader::new(File::from(socket)).lines() {
        match serde_json::from_str(&line?)? {
            ToReaper::Apply(config) => {
                let answer = serde_json::to_string(&servers.apply(&config))? + "\n";
                answers.write_all(answer.as_bytes())?;
            }
            ToReaper::Revert => servers.revert(),
            ToReaper::Farewell => return Ok(End::Farewell),
        }
    }
    Ok(End::SupervisorKilled)
}

fn failed(error: &io::Error) -> Report {
    Report::new(
        ErrorCode::VpnReaper,
        "cannot read from the tunnel's supervisor",
    )
    .cause(error)
    .hint("`ob vpn up` tries again")
}
