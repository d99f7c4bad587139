//! The kernel's text tables of TCP sockets: `/proc/net/tcp` and `/proc/net/tcp6`
//! (proc_net_tcp.rst).

use std::fs::read_to_string;
use std::io::{self, ErrorKind};
use std::net::SocketAddrV4;

use super::peer::SocketInfo;

/// Returns the socket that is bound to `peer` and connected to `local`.
///
/// # Errors
/// When a table cannot be read. Without IPv6 there is no second table.
pub(super) fn info(peer: SocketAddrV4, local: SocketAddrV4) -> io::Result<Option<SocketInfo>> {
    // An IPv6 socket may use IPv4; only the second table lists it.
    if let Some(found) = find(&read_to_string("/proc/net/tcp")?, peer, local, "") {
        return Ok(Some(found));
    }
    let table = match read_to_string("/proc/net/tcp6") {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        table => table?,
    };
    Ok(find(&table, peer, local, &mapped_prefix()))
}

fn find(table: &str, peer: SocketAddrV4, local: SocketAddrV4, prefix: &str) -> Option<SocketInfo> {
    let (peer, local) = (column(peer, prefix), column(local, prefix));
    table.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let is_it = columns.get(1) == Some(&&*peer) && columns.get(2) == Some(&&*local);
        is_it.then(|| {
            Some(SocketInfo {
                uid: columns.get(7)?.parse().ok()?,
                inode: columns.get(9)?.parse().ok()?,
            })
        })?
    })
}

/// Formats an address as the kernel does: each 32 bits as a number in native byte order.
fn column(address: SocketAddrV4, prefix: &str) -> String {
    let number = u32::from_ne_bytes(address.ip().octets());
    format!("{prefix}{number:08X}:{:04X}", address.port())
}

/// Formats the first 96 bits of `::ffff:0.0.0.0`.
fn mapped_prefix() -> String {
    let last = u32::from_ne_bytes([0, 0, 0xff, 0xff]);
    format!("{:08X}{:08X}{last:08X}", 0, 0)
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;

    const V4: &str = concat!(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
        "  timeout inode\n",
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000",
        "        0 111 1 0000000000000000 100 0 0 10 0\n",
        "   1: 0200007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001",
        "        0 222 1 0000000000000000 20 4 30 10 -1\n",
        "   2: 0100007F:1F90 0200007F:C001 01 00000000:00000000 00:00000000 00000000  1000",
        "        0 333 1 0000000000000000 20 4 30 10 -1\n",
        "   3: 0100007F:C002 0100007F:1F90 06 00000000:00000000 03:000017A7 00000000     0",
        "        0 0 3 0000000000000000\n",
    );
    const V6: &str = concat!(
        "  sl  local_address                         remote_address                        st",
        " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
        "   0: 0000000000000000FFFF00000100007F:C003 0000000000000000FFFF00000100007F:1F90 01",
        " 00000000:00000000 00:00000000 00000000  1002        0 444 1 0000000000000000 20 4 30",
        " 10 -1\n",
    );

    fn at(text: &str) -> SocketAddrV4 {
        text.parse().unwrap()
    }

    #[test]
    fn peer_is_found_by_its_address() {
        let local = at("127.0.0.1:8080");
        let in_v4 = |peer: &str| find(V4, at(peer), local, "");
        let info = |uid, inode| Some(SocketInfo { uid, inode });
        assert_eq!(in_v4("127.0.0.2:49153"), info(1001, 222));
        assert_eq!(in_v4("127.0.0.1:49153"), None);
        // A socket in TIME_WAIT has no owner: the table shows 0.
        assert_eq!(in_v4("127.0.0.1:49154"), info(0, 0));
        let mapped = find(V6, at("127.0.0.1:49155"), local, &mapped_prefix());
        assert_eq!(mapped, info(1002, 444));
        assert_eq!(find(V6, at("127.0.0.1:49155"), local, ""), None);
    }

    #[test]
    fn truncated_line_is_not_found() {
        let cut: String = V4
            .lines()
            .map(|line| line[..line.len().min(60)].to_owned() + "\n")
            .collect();
        assert_eq!(
            find(&cut, at("127.0.0.2:49153"), at("127.0.0.1:8080"), ""),
            None
        );
        assert_eq!(
            find("", at("127.0.0.2:49153"), at("127.0.0.1:8080"), ""),
            None
        );
    }
}
