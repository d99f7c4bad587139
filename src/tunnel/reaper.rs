//! The process that stays when the supervisor does not: it sets the name servers, and takes back whatever is left.
//!
//! It is at the other end of a pipe from the supervisor, with nothing secret in it. A pipe that closes without a farewell
//! means that the supervisor was killed. Signals that ask it to end do not: it ends with the supervisor.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use nix::sys::stat::{Mode, umask};
use serde::{Deserialize, Serialize};

use crate::privileged::DnsConfig;
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::tunnel::name_servers::NameServers;
use crate::tunnel::runtime_files;
use crate::wire::DnsStatus;

/// What the reaper is told, one line of JSON each.
#[derive(Debug, Serialize, Deserialize)]
enum ToReaper {
    Apply(DnsConfig),
    Revert,
    /// The supervisor ends and has taken its names back itself.
    Farewell,
}

/// The names that a supervisor which is killed leaves behind.
#[derive(Clone, Debug)]
pub struct Leftovers {
    /// The runtime directory.
    pub directory: PathBuf,
    /// The supervisor's own directory in it.
    pub own: PathBuf,
    /// It is for one command: nothing else is its.
    pub private: bool,
}

/// The supervisor's end of it.
#[derive(Debug)]
pub(super) struct Reaper {
    child: Child,
    socket: UnixStream,
}

impl Reaper {
    pub(super) fn start(kept: &Leftovers) -> io::Result<Self> {
        Self::spawn("keep", kept)
    }

    /// A process that becomes a reaper when it is told to. It is started beforehand: a confined supervisor starts no
    /// program, and sudo does not work below it.
    pub(super) fn start_reserve(kept: &Leftovers) -> io::Result<Self> {
        Self::spawn("keep-reserve", kept)
    }

    fn spawn(verb: &str, kept: &Leftovers) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = process::spawn_own(words(verb, kept), theirs.into(), [])?;
        Ok(Self {
            child,
            socket: ours,
        })
    }

    /// Makes a reserve the reaper.
    pub(super) fn activate(&mut self) -> io::Result<()> {
        self.socket.write_all(ACTIVATE)
    }

    /// Calls `tell` with what became of name servers, and with `None` when the reaper is gone.
    pub(super) fn listen(
        &self,
        tell: impl Fn(Option<DnsStatus>) + Send + 'static,
    ) -> io::Result<()> {
        let answers = BufReader::new(self.socket.try_clone()?);
        std::thread::Builder::new().spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                if let Ok(status) = serde_json::from_str(&line) {
                    tell(Some(status));
                }
            }
            tell(None);
        })?;
        Ok(())
    }

    pub(super) fn apply(&mut self, config: DnsConfig) -> io::Result<()> {
        self.say(&ToReaper::Apply(config))
    }

    pub(super) fn revert(&mut self) -> io::Result<()> {
        self.say(&ToReaper::Revert)
    }

    fn say(&mut self, message: &ToReaper) -> io::Result<()> {
        let line = serde_json::to_string(message)? + "\n";
        self.socket.write_all(line.as_bytes())
    }

    /// Takes note of the end of one that was killed.
    pub(super) fn reap(mut self) {
        let _ = self.child.wait();
    }

    /// Lets it take the name servers back, and waits until it has.
    pub(super) async fn end(mut self) {
        let _ = self.say(&ToReaper::Farewell);
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        for _ in 0..2500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// What a reserve is told to become a reaper.
const ACTIVATE: &[u8; 1] = b"\n";

fn words(verb: &str, kept: &Leftovers) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["vpn", verb, "--directory"].map(Into::into).into();
    words.extend([
        kept.directory.clone().into(),
        "--own".into(),
        kept.own.clone().into(),
    ]);
    if kept.private {
        words.push("--private".into());
    }
    words
}

/// Waits until the reaper is gone, and becomes one; ends with the supervisor otherwise.
///
/// # Errors
/// When standard input cannot be read, or this program cannot be started again.
pub fn run_reserve(kept: &Leftovers) -> Result<(), Report> {
    process::on_end_signals(|_| ()).map_err(|error| broken(&error))?;
    let socket = super::standard_input().map_err(|error| broken(&error))?;
    let mut told = [0];
    match File::from(socket).read_exact(&mut told) {
        Ok(()) => Err(broken(&process::become_own(words("keep", kept)))),
        // The supervisor has ended.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(broken(&error)),
    }
}

/// Keeps what a tunnel changes on this machine, for the supervisor at the other end of standard input.
///
/// # Errors
/// When standard input cannot be read.
pub fn run_reaper(kept: &Leftovers) -> Result<(), Report> {
    process::on_end_signals(|_| ()).map_err(|error| broken(&error))?;
    let socket = super::standard_input().map_err(|error| broken(&error))?;
    // Local resolvers (dnsmasq, unbound, named) read the files that resolvconf makes, and are not root.
    umask(Mode::from_bits_truncate(0o022));
    let mut servers = NameServers::find();
    let outcome = serve(socket, &mut servers);
    servers.revert();
    if !matches!(outcome, Ok(Ending::Farewell)) {
        runtime_files::clean_up_after(kept);
    }
    outcome.map(drop).map_err(|error| broken(&error))
}

enum Ending {
    Farewell,
    Alone,
}

fn serve(socket: OwnedFd, servers: &mut NameServers) -> io::Result<Ending> {
    let mut answers = File::from(socket.as_fd().try_clone_to_owned()?);
    for line in BufReader::new(File::from(socket)).lines() {
        match serde_json::from_str(&line?)? {
            ToReaper::Apply(config) => {
                let answer = serde_json::to_string(&servers.apply(&config))? + "\n";
                answers.write_all(answer.as_bytes())?;
            }
            ToReaper::Revert => servers.revert(),
            ToReaper::Farewell => return Ok(Ending::Farewell),
        }
    }
    Ok(Ending::Alone)
}

fn broken(error: &io::Error) -> Report {
    Report::new(ErrorCode::VpnKeeper, "cannot hear the supervisor")
        .cause(error)
        .hint("`ob vpn up` tries again")
}
