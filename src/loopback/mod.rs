//! One page on 127.0.0.1 that redirects one browser, once, to an address that must not stand in a browser's
//! arguments, where every process of the machine can read it.
//!
//! The page's own address stands there instead, so it is known to every user of the machine. It works for one
//! visit, for half a minute, for a process of the same user. Each connection's owner is looked up in the kernel
//! when it is accepted; a connection of another user, or of an owner that cannot be found, is closed before
//! a byte is read, and counts for nothing. Where no owner can be found at all there is no page.

mod connection;
mod owner;
#[cfg(target_os = "linux")]
mod proc_net;
#[cfg(target_os = "linux")]
mod sock_diag;

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Backlog, listen};

use crate::secret::Secret;

use connection::{Connection, Progress};
use owner::OwnerLookup;
pub use owner::Peer;

/// How long the page waits for its visitor.
pub const REDIRECT_TIMEOUT: Duration = Duration::from_secs(30);
/// From the first byte of a request to its last, and for the answer to be taken.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests of the same user for something else before the page is closed.
const MAX_WRONG_REQUESTS: usize = 32;
/// Connections of the same user at a time. Browsers open some that they may never use.
const MAX_CONNECTIONS: usize = 64;
/// Connections that are accepted before those that are open are read again.
const ACCEPTS_PER_ROUND: usize = 64;
/// Connections that may wait to be accepted; the kernel caps it at its own `somaxconn`.
const BACKLOG: i32 = 4096;
/// How often `give_up` is called.
const GIVE_UP_INTERVAL: Duration = Duration::from_millis(20);

/// The page before it is visited.
#[derive(Debug)]
pub struct OneShotRedirect {
    listener: TcpListener,
    local: SocketAddrV4,
    path: String,
    owners: OwnerLookup,
    /// Our own connection, with which the lookup was tried.
    probe: SocketAddrV4,
}

/// How the wait for the visitor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectOutcome {
    /// The visitor was sent on.
    Redirected(Peer),
    /// No browser of this user came, or too many requests were for something else.
    NotFetched {
        /// Connections of other users, and of owners that could not be found.
        refused: usize,
    },
    /// `give_up` said so.
    Cancelled,
}

impl OneShotRedirect {
    /// # Errors
    /// When the machine has no port or no random numbers, or does not show which user a connection belongs to
    /// ([`ErrorKind::Unsupported`]).
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // Another user's connections must not fill the queue.
        listen(&listener, Backlog::new(BACKLOG)?)?;
        listener.set_nonblocking(true)?;
        let local = v4(listener.local_addr()?)?;
        let probe = TcpStream::connect_timeout(&local.into(), REQUEST_TIMEOUT)?;
        let probe_address = v4(probe.local_addr()?)?;
        let owners = OwnerLookup::find(probe_address, local)?;
        let mut bytes = [0; 20];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let path = bytes
            .iter()
            .fold(String::from("/"), |path, byte| format!("{path}{byte:02x}"));
        Ok(Self {
            listener,
            local,
            path,
            owners,
            probe: probe_address,
        })
    }

    /// What the browser is given.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.local.port(), self.path)
    }

    /// Waits for the visitor and sends it on to `destination`; the port is closed when this returns.
    ///
    /// # Errors
    /// When the socket cannot be waited on.
    pub fn redirect(
        self,
        destination: &Secret,
        mut give_up: impl FnMut() -> bool,
    ) -> io::Result<RedirectOutcome> {
        let until = Instant::now() + REDIRECT_TIMEOUT;
        let mut asked = Instant::now();
        let mut open = VecDeque::new();
        let (mut wrong, mut refused) = (0, 0);
        while Instant::now() < until && wrong < MAX_WRONG_REQUESTS {
            self.wait(&open)?;
            refused += self.accept(&mut open)?;
            for _ in 0..open.len() {
                let Some(mut connection) = open.pop_front() else {
                    break;
                };
                match connection.read(REQUEST_TIMEOUT) {
                    Progress::Unfinished => open.push_back(connection),
                    Progress::Ended => {}
                    Progress::Request(request) => {
                        let is_ours = self.is_for_us(&request);
                        let answered = answer(connection.stream, is_ours.then_some(destination));
                        match (is_ours, answered) {
                            (true, Ok(())) => {
                                return Ok(RedirectOutcome::Redirected(connection.visitor));
                            }
                            // It went away before it had the answer, and may come again.
                            (true, Err(_)) => {}
                            (false, _) => wrong += 1,
                        }
                    }
                }
            }
            if asked.elapsed() >= GIVE_UP_INTERVAL {
                if give_up() {
                    return Ok(RedirectOutcome::Cancelled);
                }
                asked = Instant::now();
            }
        }
        Ok(RedirectOutcome::NotFetched { refused })
    }

    /// Waits until there is something to accept or to read, at most until `give_up` is to be called.
    fn wait(&self, open: &VecDeque<Connection>) -> io::Result<()> {
        let listener = std::iter::once(self.listener.as_fd());
        let sockets = listener.chain(open.iter().map(|connection| connection.stream.as_fd()));
        let mut polled: Vec<PollFd<'_>> = sockets
            .map(|socket| PollFd::new(socket, PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(GIVE_UP_INTERVAL).unwrap_or(PollTimeout::ZERO);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Accepts what waits, in bounds; says how many connections were refused.
    fn accept(&self, open: &mut VecDeque<Connection>) -> io::Result<usize> {
        let mut refused = 0;
        for _ in 0..ACCEPTS_PER_ROUND {
            let (stream, from) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            let from = v4(from)?;
            if from == self.probe {
                continue;
            }
            match self.owners.visitor(from, self.local) {
                Some(visitor) if stream.set_nonblocking(true).is_ok() => {
                    if open.len() >= MAX_CONNECTIONS {
                        let silent = open.iter().position(Connection::has_sent_nothing);
                        open.remove(silent.unwrap_or(0));
                    }
                    open.push_back(Connection::new(stream, visitor));
                }
                _ => refused += 1,
            }
        }
        Ok(refused)
    }

    /// Exactly our path and host; a page of another site that had found the port would say where it is from.
    fn is_for_us(&self, request: &str) -> bool {
        let mut lines = request.split("\r\n");
        let host = self.local.to_string();
        if lines.next() != Some(&format!("GET {} HTTP/1.1", self.path)) {
            return false;
        }
        let mut hosts = 0;
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else {
                return false;
            };
            match name.to_ascii_lowercase().as_str() {
                "host" if value.trim() == host => hosts += 1,
                "host" | "origin" => return false,
                _ => {}
            }
        }
        hosts == 1
    }
}

/// Sends the browser on, or tells it that there is nothing here.
fn answer(mut stream: TcpStream, destination: Option<&Secret>) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
    let answer = zeroize::Zeroizing::new(match destination {
        Some(destination) => format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nReferrer-Policy: no-referrer\r\n\
             Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            destination.expose()
        ),
        None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into(),
    });
    stream.write_all(answer.as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// The listener is bound to an IPv4 address, so every address is one.
fn v4(address: SocketAddr) -> io::Result<SocketAddrV4> {
    match address {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(_) => Err(ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests;
