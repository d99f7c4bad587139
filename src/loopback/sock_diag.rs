//! Looks one TCP socket up in the kernel by netlink (sock_diag(7), `linux/inet_diag.h`).
//!
//! Any user may do that, and `/proc` is not needed. The kernel uses a hash table, so thousands of
//! connections of another user do not slow it down.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::libc::{AF_INET, AF_INET6, IPPROTO_TCP};
use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, sendto,
    setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::peer::SocketInfo;

const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// `struct nlmsghdr`.
const HEADER: usize = 16;
/// `struct inet_diag_sockid`.
const SOCKET_ID: usize = 48;
/// The header and `struct inet_diag_req_v2`.
const REQUEST: usize = HEADER + 8 + SOCKET_ID;
/// The header and `struct inet_diag_msg`; attributes may follow.
const REPLY: usize = HEADER + 4 + SOCKET_ID + 20;
/// Number of stale replies that are skipped.
const MAX_STALE: usize = 16;

/// A netlink socket to the kernel's socket table.
#[derive(Debug)]
pub(super) struct SockDiag {
    socket: OwnedFd,
    sequence: Cell<u32>,
}

impl SockDiag {
    /// Opens the netlink socket.
    ///
    /// # Errors
    /// When the kernel has no sock_diag, or a sandbox forbids it.
    pub(super) fn open() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Datagram,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkSockDiag,
        )?;
        // The kernel replies during the request. The timeout is for a sandbox that drops it.
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(1))?;
        Ok(Self {
            socket,
            sequence: Cell::new(0),
        })
    }

    /// Returns the socket that is bound to `peer` and connected to `local`.
    ///
    /// # Errors
    /// When the kernel does not reply.
    pub(super) fn info(
        &self,
        peer: SocketAddrV4,
        local: SocketAddrV4,
    ) -> io::Result<Option<SocketInfo>> {
        let sequence = self.sequence.get().wrapping_add(1);
        self.sequence.set(sequence);
        let request = request(peer, local, sequence);
        let kernel = NetlinkAddr::new(0, 0);
        sendto(
            self.socket.as_raw_fd(),
            &request,
            &kernel,
            MsgFlags::empty(),
        )?;
        let mut bytes = [0; 1024];
        for _ in 0..MAX_STALE {
            let (read, from) = match recvfrom::<NetlinkAddr>(self.socket.as_raw_fd(), &mut bytes) {
                Err(Errno::EINTR) => continue,
                received => received?,
            };
            if from.is_some_and(|from| from.pid() == 0)
                && let Some(reply) = bytes.get(..read)
                && u32_at(reply, 8) == Some(sequence)
            {
                return parse(reply, peer, local);
            }
        }
        Err(ErrorKind::TimedOut.into())
    }
}

fn request(peer: SocketAddrV4, local: SocketAddrV4, sequence: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(REQUEST);
    bytes.extend(u32::try_from(REQUEST).unwrap_or_default().to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend([0; 4]);
    let (family, protocol) = (low_byte(AF_INET), low_byte(IPPROTO_TCP));
    bytes.extend([family, protocol, 0, 0]);
    // All states.
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(socket_id(peer, local));
    bytes
}

/// Encodes ports and addresses in network order, no interface, and the cookie that means any.
fn socket_id(peer: SocketAddrV4, local: SocketAddrV4) -> [u8; SOCKET_ID] {
    let mut id = [0; SOCKET_ID];
    id[..2].copy_from_slice(&peer.port().to_be_bytes());
    id[2..4].copy_from_slice(&local.port().to_be_bytes());
    id[4..8].copy_from_slice(&peer.ip().octets());
    id[20..24].copy_from_slice(&local.ip().octets());
    id[40..].fill(0xff);
    id
}

/// Parses a reply. For a connection that does not exist the kernel may return a listener, so only
/// the socket that was asked for is accepted.
fn parse(reply: &[u8], peer: SocketAddrV4, local: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    let malformed = || io::Error::from(ErrorKind::InvalidData);
    let kind = reply.get(4..6).and_then(|kind| kind.try_into().ok());
    match kind.map(u16::from_ne_bytes).ok_or_else(malformed)? {
        NLMSG_ERROR => match u32_at(reply, HEADER).map(u32::cast_signed) {
            Some(code) if code == -(Errno::ENOENT as i32) => Ok(None),
            Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
            None => Err(malformed()),
        },
        SOCK_DIAG_BY_FAMILY if reply.len() >= REPLY => {
            let id = &reply[HEADER + 4..HEADER + 4 + SOCKET_ID];
            let addresses = match i32::from(reply[HEADER]) {
                AF_INET => Some((&id[4..8], &id[20..24])),
                // Of `::ffff:a.b.c.d`.
                AF_INET6 if is_mapped(&id[4..20]) && is_mapped(&id[20..36]) => {
                    Some((&id[16..20], &id[32..36]))
                }
                _ => None,
            };
            let is_it = addresses == Some((&peer.ip().octets()[..], &local.ip().octets()[..]))
                && id[..2] == peer.port().to_be_bytes()
                && id[2..4] == local.port().to_be_bytes();
            if !is_it {
                return Ok(None);
            }
            let after = HEADER + 4 + SOCKET_ID + 12;
            Ok(Some(SocketInfo {
                uid: u32_at(reply, after).ok_or_else(malformed)?,
                inode: u32_at(reply, after + 4).ok_or_else(malformed)?.into(),
            }))
        }
        _ => Err(malformed()),
    }
}

fn is_mapped(address: &[u8]) -> bool {
    address.starts_with(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_ne_bytes(four))
}

/// Returns a family or protocol, a small number, as one byte.
fn low_byte(number: i32) -> u8 {
    number.to_ne_bytes()[if cfg!(target_endian = "little") { 0 } else { 3 }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddrV4 {
        text.parse().unwrap()
    }

    /// Builds a reply about the socket `id` of `family`.
    fn reply(family: i32, id: &[u8; SOCKET_ID], uid: u32, inode: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(92u32.to_ne_bytes());
        bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend([low_byte(family), 1, 0, 0]);
        bytes.extend(id);
        bytes.extend([0; 12]);
        bytes.extend(uid.to_ne_bytes());
        bytes.extend(inode.to_ne_bytes());
        bytes
    }

    #[test]
    fn only_the_requested_socket_is_accepted() {
        let (peer, local) = (at("127.0.0.2:49153"), at("127.0.0.1:8080"));
        let id = socket_id(peer, local);
        let found = Some(SocketInfo {
            uid: 1001,
            inode: 5,
        });
        let of =
            |family, id: &[u8; SOCKET_ID]| parse(&reply(family, id, 1001, 5), peer, local).unwrap();
        assert_eq!(of(AF_INET, &id), found);
        let mut mapped = id;
        mapped[4..40].fill(0);
        mapped[14..16].fill(0xff);
        mapped[16..20].copy_from_slice(&peer.ip().octets());
        mapped[30..32].fill(0xff);
        mapped[32..36].copy_from_slice(&local.ip().octets());
        assert_eq!(of(AF_INET6, &mapped), found);
        // A listener at the peer's port, the local end, another family.
        let mut listener = id;
        listener[2..4].fill(0);
        assert_eq!(of(AF_INET, &listener), None);
        assert_eq!(of(AF_INET, &socket_id(local, peer)), None);
        assert_eq!(of(AF_INET6, &id), None);
    }

    #[test]
    fn invalid_reply_is_an_error() {
        let (peer, local) = (at("127.0.0.2:49153"), at("127.0.0.1:8080"));
        let whole = reply(AF_INET, &socket_id(peer, local), 1001, 5);
        for length in 0..whole.len() {
            assert!(parse(&whole[..length], peer, local).is_err(), "{length}");
        }
        let error = |code: i32| {
            let mut bytes = whole[..HEADER].to_vec();
            bytes[4..6].copy_from_slice(&NLMSG_ERROR.to_ne_bytes());
            bytes.extend(code.to_ne_bytes());
            parse(&bytes, peer, local)
        };
        assert_eq!(error(-2).unwrap(), None);
        assert!(error(-1).is_err() && error(0).is_err());
    }
}
