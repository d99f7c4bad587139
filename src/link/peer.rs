//! The user and the process at the other end of a socket.

use std::os::fd::AsFd;

use nix::unistd::Uid;

use crate::ownership::{is_own, is_own_or_root};

/// Whether the peer runs as this process's user. An error means no.
///
/// The kernel fixes the uid when the peer connects. The peer's program is not checked, because it
/// can change at any time. In a user namespace that does not map every uid, the overflow uid
/// stands for all unmapped uids: it identifies no user, not even this one.
pub fn is_same_user(socket: &impl AsFd) -> bool {
    peer_uid(socket).is_some_and(|uid| is_own(uid.as_raw()))
}

/// Whether the peer runs as this process's user or as root, as openvpn does.
pub fn is_same_user_or_root(socket: &impl AsFd) -> bool {
    peer_uid(socket).is_some_and(|uid| is_own_or_root(uid.as_raw()))
}

#[cfg(target_os = "linux")]
fn peer_uid(socket: &impl AsFd) -> Option<Uid> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

    getsockopt(socket, PeerCredentials)
        .ok()
        .map(|peer| Uid::from_raw(peer.uid()))
}

#[cfg(not(target_os = "linux"))]
fn peer_uid(socket: &impl AsFd) -> Option<Uid> {
    nix::unistd::getpeereid(socket).ok().map(|(uid, _)| uid)
}

/// Returns the peer's process id, to kill a process that does not end; `None` where the kernel
/// does not report it.
#[cfg(target_os = "linux")]
pub fn peer_pid(socket: &impl AsFd) -> Option<i32> {
    use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

    let peer = getsockopt(socket, PeerCredentials).ok()?;
    (peer.pid() > 1).then_some(peer.pid())
}

#[cfg(not(target_os = "linux"))]
pub fn peer_pid(_socket: &impl AsFd) -> Option<i32> {
    None
}
