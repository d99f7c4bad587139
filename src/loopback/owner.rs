//! Which user owns the other end of a loopback connection.
//!
//! The kernel is asked by sock_diag(7), which finds one socket at once; a kernel without it shows all in
//! `/proc/net/tcp` and `tcp6`. Which of the two works is found out with a connection of our own. Both show
//! the sockets of our network namespace, which is where every connection to a loopback address comes from,
//! be it from 127.0.0.2 or an IPv6 socket's `::ffff:127.0.0.1`. A socket that its process has closed has no
//! owner any more (both show uid 0 for it), and is not found.
//!
//! macOS and the BSDs have no such table for an ordinary user in a form that safe code can read: there no
//! owner is found, and no page is served.

use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;

use crate::ownership::is_own;

/// Whose process visits the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// This very user's.
    SameUser,
    /// Root's, on WSL: its relay for the browsers of Windows.
    WslRelay,
}

/// A way to the owner that works here.
#[derive(Debug)]
pub(super) struct OwnerLookup {
    source: Source,
    is_wsl: bool,
}

#[cfg(target_os = "linux")]
#[derive(Debug)]
enum Source {
    SockDiag(super::sock_diag::SockDiag),
    ProcNet,
}

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
enum Source {}

/// What the kernel shows of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "never made there")
)]
pub(super) struct SocketInfo {
    pub(super) uid: u32,
    /// 0 once no process has it open.
    pub(super) inode: u64,
}

impl OwnerLookup {
    /// The first source that knows `probe`, a connection of our own to `local`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when none does.
    pub(super) fn find(probe: SocketAddrV4, local: SocketAddrV4) -> io::Result<Self> {
        let knows_us = |source: &Source| {
            let found = source.info(probe, local).ok().flatten();
            found.is_some_and(|info| info.inode != 0 && is_own(info.uid))
        };
        let source = sources().find(knows_us).ok_or_else(|| {
            io::Error::new(
                ErrorKind::Unsupported,
                "this system does not show which user a connection belongs to",
            )
        })?;
        Ok(Self {
            source,
            is_wsl: is_wsl(),
        })
    }

    /// Who is at `peer` of a connection to `local`; `None` is a process that gets nothing.
    pub(super) fn visitor(&self, peer: SocketAddrV4, local: SocketAddrV4) -> Option<Peer> {
        let info = self.source.info(peer, local).ok().flatten()?;
        judge(info, is_own(info.uid), self.is_wsl)
    }
}

/// Root is let in on WSL alone, where its relay makes the connections of Windows' browsers (NAT mode).
fn judge(info: SocketInfo, is_own: bool, is_wsl: bool) -> Option<Peer> {
    match info {
        SocketInfo { inode: 0, .. } => None,
        _ if is_own => Some(Peer::SameUser),
        SocketInfo { uid: 0, .. } if is_wsl => Some(Peer::WslRelay),
        _ => None,
    }
}

#[cfg(target_os = "linux")]
fn sources() -> impl Iterator<Item = Source> {
    let sock_diag = super::sock_diag::SockDiag::open().ok();
    let sock_diag = sock_diag.map(Source::SockDiag);
    sock_diag.into_iter().chain([Source::ProcNet])
}

#[cfg(not(target_os = "linux"))]
fn sources() -> impl Iterator<Item = Source> {
    std::iter::empty()
}

impl Source {
    #[cfg(target_os = "linux")]
    fn info(&self, peer: SocketAddrV4, local: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
        match self {
            Self::SockDiag(socket) => socket.info(peer, local),
            Self::ProcNet => super::proc_net::info(peer, local),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn info(&self, _: SocketAddrV4, _: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
        match *self {}
    }
}

/// Whether the kernel is Microsoft's, or runs programs of Windows. No other user can make it look so.
#[cfg(target_os = "linux")]
fn is_wsl() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    is_wsl_release(&release)
        || ["WSLInterop", "WSLInterop-late"].iter().any(|name| {
            std::path::Path::new("/proc/sys/fs/binfmt_misc")
                .join(name)
                .exists()
        })
}

#[cfg(target_os = "linux")]
fn is_wsl_release(release: &str) -> bool {
    release.to_ascii_lowercase().contains("microsoft")
}

#[cfg(not(target_os = "linux"))]
fn is_wsl() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_visits_on_wsl_alone() {
        let of = |uid, own, wsl| judge(SocketInfo { uid, inode: 7 }, own, wsl);
        assert_eq!(of(1000, true, false), Some(Peer::SameUser));
        assert_eq!(of(0, true, false), Some(Peer::SameUser));
        assert_eq!(of(0, false, false), None);
        assert_eq!(of(0, false, true), Some(Peer::WslRelay));
        assert_eq!(of(1001, false, true), None);
        assert_eq!(of(65_534, false, true), None);
    }

    #[test]
    fn a_socket_that_was_closed_has_no_owner() {
        for (own, wsl) in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(judge(SocketInfo { uid: 0, inode: 0 }, own, wsl), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn wsl_is_known_by_its_kernel() {
        assert!(is_wsl_release("5.15.153.1-microsoft-standard-WSL2\n"));
        assert!(is_wsl_release("4.4.0-19041-Microsoft\n"));
        assert!(!is_wsl_release("6.12.0-amd64\n"));
    }

    /// The two sources agree on sockets of every kind that reaches 127.0.0.1.
    #[cfg(target_os = "linux")]
    #[test]
    fn both_sources_find_each_kind_of_connection() {
        use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let Ok(SocketAddr::V4(local)) = listener.local_addr() else {
            panic!("an IPv4 listener");
        };
        let mapped = (
            Ipv6Addr::from([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1]),
            local.port(),
        );
        let mut clients = vec![TcpStream::connect(local).unwrap()];
        // Where IPv6 is off no connection can come that way.
        clients.extend(TcpStream::connect(mapped));
        let sources: Vec<Source> = sources().collect();
        assert_eq!(sources.len(), 2, "sock_diag is missing here");
        let own = nix::unistd::geteuid().as_raw();
        for client in clients {
            let (accepted, SocketAddr::V4(peer)) = listener.accept().unwrap() else {
                panic!("an IPv4 peer");
            };
            for source in &sources {
                let found = source.info(peer, local).unwrap();
                assert!(
                    found.is_some_and(|info| info.uid == own && info.inode != 0),
                    "{source:?} {client:?}: {found:?}"
                );
                // Neither end is taken for the other, and another port has no owner.
                let other = SocketAddrV4::new(*peer.ip(), peer.port() ^ 1);
                assert_eq!(source.info(other, local).unwrap(), None, "{source:?}");
            }
            drop(client);
            for source in &sources {
                let left = source.info(peer, local).unwrap();
                let visitor = left.and_then(|info| judge(info, is_own(info.uid), true));
                assert_eq!(visitor, None, "{source:?}: {left:?}");
            }
            drop(accepted);
        }
    }
}
