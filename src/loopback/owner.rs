//! The user that owns the peer of a loopback connection.
//!
//! The kernel reports it by sock_diag(7), which finds one socket at once, or else in
//! `/proc/net/tcp` and `tcp6`, which list all sockets. A connection of this process tests which of
//! the two works. Both report the sockets of this network namespace, where every connection to a
//! loopback address comes from, be it from 127.0.0.2 or from an IPv6 socket's `::ffff:127.0.0.1`. A
//! socket that its process has closed has no owner (both report uid 0), and is refused.
//!
//! macOS and the BSDs have no such table that safe code of an ordinary user can read. There no
//! owner is found, and no page is served.

use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;

use super::peer::{Peer, SocketInfo};
use crate::ownership::is_own;

/// A lookup that works on this machine.
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

impl OwnerLookup {
    /// Returns the first source that finds `probe`, a connection of this process to `local`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] if none does.
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

    /// Returns the owner of `peer` in a connection to `local`; `None` if it must be refused.
    pub(super) fn peer(&self, peer: SocketAddrV4, local: SocketAddrV4) -> Option<Peer> {
        let info = self.source.info(peer, local).ok().flatten()?;
        classify(info, is_own(info.uid), self.is_wsl)
    }
}

/// Accepts root only on WSL, where its relay connects for Windows' browsers (NAT mode).
fn classify(info: SocketInfo, is_own: bool, is_wsl: bool) -> Option<Peer> {
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

/// Whether the kernel is Microsoft's, or runs Windows programs. Only root can change that.
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
    fn root_is_accepted_only_on_wsl() {
        let of = |uid, own, wsl| classify(SocketInfo { uid, inode: 7 }, own, wsl);
        assert_eq!(of(1000, true, false), Some(Peer::SameUser));
        assert_eq!(of(0, true, false), Some(Peer::SameUser));
        assert_eq!(of(0, false, false), None);
        assert_eq!(of(0, false, true), Some(Peer::WslRelay));
        assert_eq!(of(1001, false, true), None);
        assert_eq!(of(65_534, false, true), None);
    }

    #[test]
    fn closed_socket_has_no_owner() {
        for (own, wsl) in [(true, true), (true, false), (false, true), (false, false)] {
            assert_eq!(classify(SocketInfo { uid: 0, inode: 0 }, own, wsl), None);
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn wsl_is_detected_by_its_kernel() {
        assert!(is_wsl_release("5.15.153.1-microsoft-standard-WSL2\n"));
        assert!(is_wsl_release("4.4.0-19041-Microsoft\n"));
        assert!(!is_wsl_release("6.12.0-amd64\n"));
    }

    /// Both sources agree on every kind of socket that can connect to 127.0.0.1.
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
        // Fails where IPv6 is off.
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
                // Another port has no owner.
                let other = SocketAddrV4::new(*peer.ip(), peer.port() ^ 1);
                assert_eq!(source.info(other, local).unwrap(), None, "{source:?}");
            }
            drop(client);
            for source in &sources {
                let left = source.info(peer, local).unwrap();
                let accepted_as = left.and_then(|info| classify(info, is_own(info.uid), true));
                assert_eq!(accepted_as, None, "{source:?}: {left:?}");
            }
            drop(accepted);
        }
    }
}
