//! Who is at the other end.

use std::os::fd::AsFd;

use nix::unistd::Uid;

use crate::ownership::{is_own, is_own_or_root};

/// Whether the peer runs as this very user. Not being able to tell is a no.
///
/// The uid is the kernel's, fixed when the peer connected; which program it runs is not asked, because
/// that can change a moment later. In a user namespace that does not map every uid, the overflow uid stands
/// for all the others: it identifies no user, not even our own.
pub fn is_same_user(socket: &impl AsFd) -> bool {
    peer_uid(socket).is_some_and(|uid| is_own(uid.as_raw()))
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

/// The peer's process, to end it when it does not end by itself; where the kernel tells.
pub fn peer_pid(socket: &impl AsFd) -> Option<i32> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

        let peer = getsockopt(socket, PeerCredentials).ok()?;
        (peer.pid() > 1).then_some(peer.pid())
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = socket;
        None
    }
}

/// Whether the peer runs as this very user or as root. openvpn does one or the other.
pub fn is_same_user_or_root(socket: &impl AsFd) -> bool {
    peer_uid(socket).is_some_and(|uid| is_own_or_root(uid.as_raw()))
}
