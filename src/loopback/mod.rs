//! A page on 127.0.0.1 that redirects one browser, once, to a secret address. Every process of the
//! machine could read the address if it were an argument of the browser.
//!
//! The page's own address is that argument instead, so every user of the machine knows it. It works
//! for one request, for half a minute, for a process of the same user. The owner of each connection
//! is looked up in the kernel when it is accepted. A connection of another user, or of an unknown
//! owner, is closed before a byte is read. Where the kernel reports no owners, no page is served.

mod connection;
mod owner;
mod peer;
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
pub use peer::Peer;

/// How long the page is served.
pub const REDIRECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Limit of receiving a request from its first byte, and of sending the response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// Requests of the same user for other paths before the page is closed.
const MAX_WRONG_REQUESTS: usize = 32;
/// Connections of the same user at a time. Browsers open some without using them.
const MAX_CONNECTIONS: usize = 64;
/// Connections that are accepted before the open ones are read again.
const ACCEPTS_PER_ROUND: usize = 64;
/// As many connections may wait to be accepted as the system allows.
#[cfg(target_os = "linux")]
const BACKLOG: Backlog = Backlog::MAXALLOWABLE;
#[cfg(not(target_os = "linux"))]
const BACKLOG: Backlog = Backlog::MAXCONN;
/// Interval at which `is_cancelled` is called.
const CANCEL_CHECK: Duration = Duration::from_millis(20);

/// A page that has not been fetched.
#[derive(Debug)]
pub struct OneShotRedirect {
    listener: TcpListener,
    local: SocketAddrV4,
    path: String,
    owners: OwnerLookup,
    /// The address of this process's own connection, which tested the owner lookup.
    probe: SocketAddrV4,
}

/// The result of serving the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectOutcome {
    /// A browser was redirected.
    Redirected(Peer),
    /// No browser of this user fetched the page, or too many requests were for other paths.
    NotFetched {
        /// Number of connections of other users and of unknown owners.
        refused: usize,
    },
    /// `is_cancelled` returned true.
    Cancelled,
}

impl OneShotRedirect {
    /// Opens the page on a free port.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if the machine does not report the owner of a connection. Also
    /// when there is no free port or no random number.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        // A long queue, so that another user's connections cannot fill it.
        listen(&listener, BACKLOG)?;
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

    /// Returns the address to open in the browser.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.local.port(), self.path)
    }

    /// Waits for a browser and redirects it to `destination`. The port is closed when this returns.
    ///
    /// # Errors
    /// When the socket cannot be polled.
    pub fn redirect(
        self,
        destination: &Secret,
        mut is_cancelled: impl FnMut() -> bool,
    ) -> io::Result<RedirectOutcome> {
        let until = Instant::now() + REDIRECT_TIMEOUT;
        let mut checked = Instant::now();
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
                        let is_for_page = self.is_for_page(&request);
                        let sent = respond(connection.stream, is_for_page.then_some(destination));
                        match (is_for_page, sent) {
                            (true, Ok(())) => {
                                return Ok(RedirectOutcome::Redirected(connection.peer));
                            }
                            // It disconnected before the response, and may connect again.
                            (true, Err(_)) => {}
                            (false, _) => wrong += 1,
                        }
                    }
                }
            }
            if checked.elapsed() >= CANCEL_CHECK {
                if is_cancelled() {
                    return Ok(RedirectOutcome::Cancelled);
                }
                checked = Instant::now();
            }
        }
        Ok(RedirectOutcome::NotFetched { refused })
    }

    /// Waits until a socket is readable, at most until `is_cancelled` is to be called.
    fn wait(&self, open: &VecDeque<Connection>) -> io::Result<()> {
        let listener = std::iter::once(self.listener.as_fd());
        let sockets = listener.chain(open.iter().map(|connection| connection.stream.as_fd()));
        let mut polled: Vec<PollFd<'_>> = sockets
            .map(|socket| PollFd::new(socket, PollFlags::POLLIN))
            .collect();
        let timeout = PollTimeout::try_from(CANCEL_CHECK).unwrap_or(PollTimeout::ZERO);
        match poll(&mut polled, timeout) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Accepts waiting connections. Returns how many were refused.
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
            match self.owners.peer(from, self.local) {
                Some(peer) if stream.set_nonblocking(true).is_ok() => {
                    if open.len() >= MAX_CONNECTIONS {
                        let silent = open.iter().position(Connection::is_silent);
                        open.remove(silent.unwrap_or(0));
                    }
                    open.push_back(Connection::new(stream, peer));
                }
                _ => refused += 1,
            }
        }
        Ok(refused)
    }

    /// Whether a request has exactly this path and host, and no `Origin`: a page of another site
    /// that had found the port would send its own.
    fn is_for_page(&self, request: &str) -> bool {
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

/// Sends the redirect, or 404 without a destination.
fn respond(mut stream: TcpStream, destination: Option<&Secret>) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(REQUEST_TIMEOUT))?;
    let response = zeroize::Zeroizing::new(match destination {
        Some(destination) => format!(
            "HTTP/1.1 302 Found\r\nLocation: {}\r\nReferrer-Policy: no-referrer\r\n\
             Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            destination.expose()
        ),
        None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".into(),
    });
    stream.write_all(response.as_bytes())?;
    stream.shutdown(Shutdown::Write)
}

/// Returns an IPv4 address: the listener is bound to one, so all are.
fn v4(address: SocketAddr) -> io::Result<SocketAddrV4> {
    match address {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(_) => Err(ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests;
