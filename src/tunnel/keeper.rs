//! The supervisor's end of the process that keeps the name servers.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::Duration;

use crate::process;
use crate::tunnel::name_servers::{ToKeeper, Wanted};
use crate::wire::DnsStatus;

/// One keeper for the life of a tunnel.
#[derive(Debug)]
pub(super) struct Keeper {
    child: Child,
    socket: UnixStream,
}

impl Keeper {
    pub(super) fn start(tell: impl Fn(DnsStatus) + Send + 'static) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let words = ["vpn", "supervise", "--keep-name-servers"].map(OsString::from);
        let child = process::spawn_own(words, theirs.into(), [])?;
        let answers = BufReader::new(ours.try_clone()?);
        std::thread::spawn(move || {
            for line in answers.lines().map_while(Result::ok) {
                if let Ok(status) = serde_json::from_str(&line) {
                    tell(status);
                }
            }
        });
        Ok(Self {
            child,
            socket: ours,
        })
    }

    pub(super) fn apply(&mut self, wanted: Wanted) -> io::Result<()> {
        self.say(&ToKeeper::Apply(wanted))
    }

    pub(super) fn revert(&mut self) -> io::Result<()> {
        self.say(&ToKeeper::Revert)
    }

    fn say(&mut self, message: &ToKeeper) -> io::Result<()> {
        let line = serde_json::to_string(message)? + "\n";
        self.socket.write_all(line.as_bytes())
    }

    /// Lets it take everything back, and waits until it has.
    pub(super) async fn end(mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
        for _ in 0..2500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
