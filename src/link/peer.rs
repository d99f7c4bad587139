//! Who is at the other end.

use std::os::fd::AsFd;

use nix::unistd::{Uid, geteuid};

/// Whether the peer runs as this very user. Not being able to tell is a no.
///
/// The uid is the kernel's, fixed when the peer connected; which program it runs is not asked, because
/// that can change a moment later.
pub fn is_same_user(socket: &impl AsFd) -> bool {
    peer_uid(socket).is_some_and(|uid| uid == geteuid())
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
