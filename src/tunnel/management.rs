//! openvpn's end of the management socket: it calls once, and losing the call is its end.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixListener;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::spawn_local;
use tokio::time::sleep;

use crate::link::{is_same_user_or_root, peer_pid};

/// openvpn's lines are a few hundred bytes; what is longer is cut and is nothing we know.
const LONGEST_LINE: u64 = 64 * 1024;

/// What is heard.
#[derive(Debug)]
pub(super) enum Heard {
    /// openvpn has called, from this process.
    Called(OwnedWriteHalf, Option<i32>),
    Line(Vec<u8>),
    Closed,
}

/// Waits at `listener` for the one call.
pub(super) fn receive(listener: StdListener, tell: impl Fn(Heard) + 'static) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    spawn_local(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(Duration::from_millis(50)).await;
                continue;
            };
            if is_same_user_or_root(&stream) {
                let pid = peer_pid(&stream);
                let (lines, writer) = stream.into_split();
                tell(Heard::Called(writer, pid));
                drop(listener);
                return listen(lines, tell).await;
            }
        }
    });
    Ok(())
}

async fn listen(lines: OwnedReadHalf, tell: impl Fn(Heard)) {
    let mut lines = BufReader::new(lines);
    loop {
        let mut line = Vec::new();
        let read = (&mut lines)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .await;
        match read {
            Ok(1..) => tell(Heard::Line(line)),
            _ => return tell(Heard::Closed),
        }
    }
}

/// Waits until `openvpn` is gone; ends it when that takes too long.
pub(super) async fn gone(openvpn: Pid, patience: Duration) {
    let steps = patience.as_millis() / 2;
    for step in 0..2 * steps {
        if is_gone(openvpn) {
            return;
        }
        if step == steps {
            let _ = kill(openvpn, Signal::SIGKILL);
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// One that nobody has waited for yet is as gone as can be.
fn is_gone(pid: Pid) -> bool {
    if kill(pid, None).is_err() {
        return true;
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    matches!(state, Some('Z' | 'X'))
}
