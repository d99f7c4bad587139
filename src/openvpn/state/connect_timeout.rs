//! The time limit for reaching a server, and the servers that were tried.

use std::time::Duration;

use super::end_reason::EndReason;

/// How long all servers of a profile together are tried until one answers for the first time.
/// Where a network drops packets, openvpn would go from server to server without an end.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// How many servers the error names.
const MAX_NAMED_SERVERS: usize = 4;

/// The servers that openvpn has tried so far, as `ADDRESS:PORT PROTOCOL`.
#[derive(Debug, Default)]
pub(super) struct TriedServers(Vec<String>);

impl TriedServers {
    /// Reads a line of openvpn's log and remembers the server in it.
    ///
    /// The lines are `UDPv4 link remote: [AF_INET]192.0.2.1:1194` and `Attempting to establish
    /// TCP connection with [AF_INET]192.0.2.1:443` (openvpn 2.6, `socket.c`).
    pub(super) fn read_log(&mut self, line: &str) {
        let (protocol, rest) = if let Some((_, rest)) = line.split_once("TCP connection with ") {
            ("tcp", rest)
        } else if let Some((before, rest)) = line.split_once(" link remote: ") {
            (if before.contains("TCP") { "tcp" } else { "udp" }, rest)
        } else {
            return;
        };
        let address = rest
            .split_once(']')
            .and_then(|(_, rest)| rest.split_whitespace().next());
        if let Some(server) = address.map(|address| format!("{address} {protocol}"))
            && !self.0.contains(&server)
            && self.0.len() < MAX_NAMED_SERVERS
        {
            self.0.push(server);
        }
    }

    /// Returns the reason for the end of a tunnel that no server answered in time.
    pub(super) fn no_answer(&mut self) -> EndReason {
        EndReason::NoAnswer {
            from: std::mem::take(&mut self.0),
            seconds: CONNECT_TIMEOUT.as_secs(),
        }
    }
}
