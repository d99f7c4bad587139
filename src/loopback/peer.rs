//! The peer of a connection: what the kernel reports, and who it is.

/// The user of a peer that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    SameUser,
    /// Root, on WSL: its relay for the browsers of Windows.
    WslRelay,
}

/// What the kernel reports of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SocketInfo {
    pub(super) uid: u32,
    /// 0 once no process has the socket open.
    pub(super) inode: u64,
}
