//! What openvpn said, in memory, without what opens a session; and everybody who listens.

use std::collections::VecDeque;

use tokio::sync::mpsc::UnboundedSender;

use crate::openvpn::redaction::redacted;
use crate::wire::FromTunnel;

/// Lines kept.
const MOST: usize = 4000;

/// The last lines, and who wants the next ones.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<String>,
    followers: Vec<UnboundedSender<FromTunnel>>,
    watchers: Vec<UnboundedSender<FromTunnel>>,
}

impl Log {
    /// Notes a line of the management interface.
    pub(super) fn note(&mut self, line: &str) {
        let passing = [
            ">BYTECOUNT:",
            ">UPDOWN:ENV",
            "SUCCESS:",
            ">STATE:",
            ">HOLD:",
        ];
        if passing.iter().any(|start| line.starts_with(start)) {
            return;
        }
        let line = redacted(line.trim_end());
        let text = line
            .strip_prefix(">LOG:")
            .and_then(|rest| rest.splitn(3, ',').nth(2))
            .unwrap_or(&line);
        self.say(text.to_owned());
    }

    /// Notes a line of our own.
    pub(super) fn say(&mut self, line: String) {
        self.followers
            .retain(|follower| follower.send(FromTunnel::Log(line.clone())).is_ok());
        if self.lines.len() == MOST {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Tells everybody who watches.
    pub(super) fn tell(&mut self, message: impl Fn() -> FromTunnel) {
        self.watchers
            .retain(|watcher| watcher.send(message()).is_ok());
    }

    pub(super) fn watch(&mut self, watcher: UnboundedSender<FromTunnel>) {
        self.watchers.push(watcher);
    }

    /// Sends what there is, and what comes.
    pub(super) fn replay(&mut self, to: UnboundedSender<FromTunnel>, follow: bool) {
        for line in &self.lines {
            // Who has gone away misses nothing.
            let _ = to.send(FromTunnel::Log(line.clone()));
        }
        if follow {
            self.followers.push(to);
        }
    }

    /// Lets everybody go.
    pub(super) fn close(&mut self) {
        self.followers.clear();
        self.watchers.clear();
    }
}
