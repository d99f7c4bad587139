//! How long a tunnel may last as it is, and what is said when it did too long.

use std::time::Duration;

use super::{EndReason, Phase, TunnelState};

/// How long the servers of a profile are tried, all of them together, until one answers for the first time. A network
/// that drops packets says nothing, and openvpn would go from server to server for ever.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// A profile may have many servers; so many are named.
const MAX_NAMED_SERVERS: usize = 4;

/// The servers that openvpn has spoken to so far.
#[derive(Debug, Default)]
pub(super) struct Tried(Vec<String>);

impl Tried {
    /// Reads a line of openvpn's log; those of interest are `UDPv4 link remote: [AF_INET]192.0.2.1:1194` and
    /// `Attempting to establish TCP connection with [AF_INET]192.0.2.1:443` (openvpn 2.6, socket.c).
    pub(super) fn note(&mut self, line: &str) {
        let address = |rest: &str| {
            let rest = rest.split_once(']')?.1;
            rest.split_whitespace().next().map(str::to_owned)
        };
        let (protocol, found) = if let Some((_, rest)) = line.split_once("TCP connection with ") {
            ("tcp", address(rest))
        } else if let Some((before, rest)) = line.split_once(" link remote: ") {
            let is_tcp = before.contains("TCP");
            (if is_tcp { "tcp" } else { "udp" }, address(rest))
        } else {
            return;
        };
        if let Some(found) = found.map(|address| format!("{address} {protocol}"))
            && !self.0.contains(&found)
            && self.0.len() < MAX_NAMED_SERVERS
        {
            self.0.push(found);
        }
    }
}

impl TunnelState {
    /// How long this state may last, counted from the last change of phase.
    pub fn deadline(&self) -> Option<Duration> {
        self.phase.deadline(self.was_connected)
    }

    /// How long a server may be looked for, counted from where the search began: a search goes through phases again
    /// and again.
    pub fn search_deadline(&self) -> Option<Duration> {
        let searches = matches!(self.phase, Phase::Connecting | Phase::Reconnecting { .. });
        (searches && !self.was_connected).then_some(CONNECT_TIMEOUT)
    }

    /// Why it ends when it lasted too long.
    pub(super) fn too_late(&mut self) -> EndReason {
        match (&self.phase, self.suspicion.take()) {
            (Phase::WebAuth { .. }, _) => EndReason::SignInNotFinished,
            (Phase::Asking, _) => EndReason::NotAnswered,
            (
                Phase::Connecting | Phase::Reconnecting { .. },
                None | Some(EndReason::Unreachable),
            ) => EndReason::NoAnswer {
                from: std::mem::take(&mut self.tried.0),
                seconds: CONNECT_TIMEOUT.as_secs(),
            },
            (_, Some(suspicion)) => suspicion,
            (phase, None) => EndReason::TooSlow(phase.waits_for()),
        }
    }
}
