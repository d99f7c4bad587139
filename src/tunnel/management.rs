//! The management socket. openvpn connects once and ends when the connection closes.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::link::{is_same_user_or_root, peer_pid};

/// openvpn's lines are a few hundred bytes. A longer one arrives in pieces of this size.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// Wait after a failed accept: the process may have no free descriptor.
const ACCEPT_RETRY: Duration = Duration::from_millis(50);

/// The sending half of the connection of one openvpn.
#[derive(Debug)]
pub(super) struct ManagementSocket {
    pub(super) writer: OwnedWriteHalf,
    /// openvpn's process id: the socket peer's, from the kernel.
    pub(super) pid: Option<i32>,
}

#[derive(Debug)]
pub(super) enum SocketEvent {
    Connected(ManagementSocket),
    /// One line with its line break.
    Line(Vec<u8>),
    Closed,
}

/// Spawns a task on the current local set. It accepts the first connection of this user or root at
/// `listener` and passes it, each of its lines and its end to `notify`.
///
/// # Errors
/// When the listener cannot be made asynchronous.
pub(super) fn serve(
    listener: StdListener,
    notify: impl Fn(SocketEvent) + 'static,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    spawn_local(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(ACCEPT_RETRY).await;
                continue;
            };
            if is_same_user_or_root(&stream) {
                let pid = peer_pid(&stream);
                let (lines, writer) = stream.into_split();
                notify(SocketEvent::Connected(ManagementSocket { writer, pid }));
                drop(listener);
                return read_lines(lines, notify).await;
            }
        }
    });
    Ok(())
}

async fn read_lines(lines: OwnedReadHalf, notify: impl Fn(SocketEvent)) {
    let mut lines = BufReader::new(lines);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .await;
        match read {
            Ok(1..) => notify(SocketEvent::Line(line)),
            _ => return notify(SocketEvent::Closed),
        }
    }
}
