//! openvpn's log in memory, without what opens a session, and the clients that follow it.

use std::collections::VecDeque;

use super::connections::ClientQueue;
use crate::openvpn::redaction::redacted;
use crate::wire::FromTunnel;

const MAX_LINES: usize = 4000;
/// Lines of the management interface that are not log lines, or come all the time.
const SKIPPED_PREFIXES: [&str; 5] = [
    ">BYTECOUNT:",
    ">UPDOWN:ENV",
    "SUCCESS:",
    ">STATE:",
    ">HOLD:",
];

#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    followers: Vec<ClientQueue>,
}

impl Log {
    /// Adds a line of the management interface.
    pub(super) fn push_openvpn_line(&mut self, line: &str) {
        if SKIPPED_PREFIXES
            .iter()
            .any(|prefix| line.starts_with(prefix))
        {
            return;
        }
        let line = redacted(line.trim_end());
        let text = line
            .strip_prefix(">LOG:")
            .and_then(|rest| rest.splitn(3, ',').nth(2))
            .unwrap_or(&line);
        self.push(text.to_owned());
    }

    pub(super) fn push(&mut self, line: String) {
        self.followers
            .retain(|follower| follower.send(FromTunnel::Log(line.clone())).is_ok());
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Sends every line to `client`, and with `follow` those to come.
    pub(super) fn replay(&mut self, client: ClientQueue, follow: bool) {
        for line in &self.lines {
            let _ = client.send(FromTunnel::Log(line.clone()));
        }
        if follow {
            self.followers.push(client);
        }
    }
}
