//! One page on 127.0.0.1, for one visitor: a redirect to an address that must not stand in a browser's
//! arguments, where every process of the machine can read it.
//!
//! The page's own address stands there instead. It is good for one visit and for half a minute, from a process
//! of the same user, and everybody else gets a bare "not found".

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::secret::Secret;

/// How long the page waits for its visitor.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long a visitor may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(2);
const LONGEST_REQUEST: usize = 16 * 1024;
/// Visitors at the wrong door before it is closed for good.
const WRONG_DOORS: usize = 32;
const LOOK: Duration = Duration::from_millis(20);

/// The page before it is visited.
#[derive(Debug)]
pub struct OneVisit {
    listener: TcpListener,
    port: u16,
    path: String,
}

/// How the wait for the visitor ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The visitor was sent on.
    Done,
    /// Nobody came, or too many at the wrong door.
    Nobody,
    /// `give_up` said so.
    GivenUp,
}

impl OneVisit {
    /// # Errors
    /// When the machine has no port or no random numbers.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let mut bytes = [0; 20];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let path = bytes
            .iter()
            .fold(String::from("/"), |path, byte| format!("{path}{byte:02x}"));
        Ok(Self {
            listener,
            port,
            path,
        })
    }

    /// What the browser is given.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    /// Waits for the visitor and sends it on to `destination`; the port is closed when this returns.
    ///
    /// # Errors
    /// When the socket cannot be waited on.
    pub fn redirect(
        self,
        destination: &Secret,
        mut give_up: impl FnMut() -> bool,
    ) -> io::Result<Visit> {
        let until = Instant::now() + PATIENCE;
        let mut wrong = 0;
        while Instant::now() < until && wrong < WRONG_DOORS {
            let (stream, from) = match self.listener.accept() {
                Ok(visitor) => visitor,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if give_up() {
                        return Ok(Visit::GivenUp);
                    }
                    std::thread::sleep(LOOK);
                    continue;
                }
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
            // A visitor that goes away or says nothing ends its own visit only.
            match self.serve(stream, from, destination) {
                Ok(true) => return Ok(Visit::Done),
                Ok(false) | Err(_) => wrong += 1,
            }
        }
        Ok(Visit::Nobody)
    }

    fn serve(
        &self,
        mut stream: TcpStream,
        from: SocketAddr,
        destination: &Secret,
    ) -> io::Result<bool> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(REQUEST))?;
        stream.set_write_timeout(Some(REQUEST))?;
        let request = read_request(&mut stream)?;
        let theirs = self.is_for_us(&request) && is_same_user(from, self.port);
        let answer = if theirs {
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {}\r\nReferrer-Policy: no-referrer\r\n\
                 Cache-Control: no-store\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                destination.expose()
            )
        } else {
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        };
        let answer = zeroize::Zeroizing::new(answer);
        stream.write_all(answer.as_bytes())?;
        stream.shutdown(std::net::Shutdown::Write)?;
        Ok(theirs)
    }

    /// Exactly our path and host; a page of another site that had found the port would say where it is from.
    fn is_for_us(&self, request: &str) -> bool {
        let mut lines = request.split("\r\n");
        let host = format!("127.0.0.1:{}", self.port);
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

fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let until = Instant::now() + REQUEST;
    let mut bytes = Vec::new();
    let mut chunk = [0; 2048];
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..read]);
        if read == 0 || bytes.len() > LONGEST_REQUEST || Instant::now() > until {
            return Err(ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(bytes).map_err(|_| ErrorKind::InvalidData.into())
}

/// Whether the visitor's end of the connection is ours or root's (WSL's relay), where the kernel's table has
/// it: the page's address can be read from the browser's arguments by every user of the machine.
#[cfg(target_os = "linux")]
fn is_same_user(from: SocketAddr, port: u16) -> bool {
    let Ok(table) = std::fs::read_to_string("/proc/net/tcp") else {
        return true;
    };
    let own = nix::unistd::geteuid().as_raw();
    let (local, remote) = (
        format!("0100007F:{:04X}", from.port()),
        format!("0100007F:{port:04X}"),
    );
    let owner = table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let found =
            columns.get(1) == Some(&local.as_str()) && columns.get(2) == Some(&remote.as_str());
        found.then(|| columns.get(7)?.parse::<u32>().ok()).flatten()
    });
    owner.is_none_or(|uid| uid == own || uid == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_same_user(_: SocketAddr, _: u16) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const THERE: &str = "https://signin.aws.amazon.com/federation?SigninToken=canary";

    /// What a visitor gets that says `request`.
    fn visit(port: u16, request: &str) -> String {
        let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
            return "closed".into();
        };
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    fn with_page(test: impl FnOnce(u16, &str, &str)) -> Visit {
        let page = OneVisit::open().unwrap();
        let (port, path) = (page.port, page.path.clone());
        let stop = std::sync::atomic::AtomicBool::new(false);
        thread::scope(|scope| {
            let served = scope.spawn(|| {
                page.redirect(&Secret::new(THERE), || {
                    stop.load(std::sync::atomic::Ordering::SeqCst)
                })
            });
            test(port, &path, &format!("127.0.0.1:{port}"));
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            served.join().unwrap().unwrap()
        })
    }

    #[test]
    fn the_first_visitor_is_sent_on_and_a_second_finds_the_port_closed() {
        let visit = with_page(|port, path, host| {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n");
            let answer = visit(port, &request);
            assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
            assert!(answer.contains(&format!("Location: {THERE}\r\n")));
            assert!(answer.contains("Referrer-Policy: no-referrer\r\n"));
            thread::sleep(Duration::from_millis(100));
            assert_eq!(super::tests::visit(port, &request), "closed");
        });
        assert_eq!(visit, Visit::Done);
    }

    #[test]
    fn a_foreign_host_an_origin_and_a_wrong_path_get_nothing() {
        let end = with_page(|port, path, host| {
            for request in [
                format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                format!("GET {path}x HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", &path[1..20]),
                format!("GET {path} HTTP/1.1\r\nHost: evil.com\r\n\r\n"),
                format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: evil.com\r\n\r\n"),
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.com\r\n\r\n"),
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\norigin: null\r\n\r\n"),
                format!("GET {path} HTTP/1.1\r\n\r\n"),
                format!("POST {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
                format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            ] {
                let answer = visit(port, &request);
                assert!(answer.starts_with("HTTP/1.1 404 "), "{request} {answer}");
                assert!(!answer.contains("canary"));
            }
        });
        assert_eq!(end, Visit::GivenUp);
    }

    #[test]
    fn visitors_at_the_wrong_door_close_it_and_silent_ones_do_not_hold_it() {
        let end = with_page(|port, _, host| {
            let _silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
            for _ in 0..WRONG_DOORS {
                visit(port, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            }
            thread::sleep(Duration::from_millis(100));
            assert_eq!(visit(port, "GET / HTTP/1.1\r\n\r\n"), "closed");
        });
        assert_eq!(end, Visit::Nobody);
    }

    #[test]
    fn two_pages_have_nothing_in_common() {
        let (a, b) = (OneVisit::open().unwrap(), OneVisit::open().unwrap());
        assert_eq!(a.path.len(), 41);
        assert!(a.path != b.path && a.port != b.port);
    }
}
