//! The identity of the controlling terminal.

use std::fs::{self, OpenOptions};

use crate::wire::TerminalId;

/// Returns an identity of the controlling terminal that no other terminal has until the next boot.
/// Returns `None` without a terminal, or if it cannot be identified.
pub fn terminal_id() -> Option<TerminalId> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .ok()?;
    let own = Stat::of("self")?;
    // The session leader is 0 if it is outside of this PID namespace.
    if own.session <= 0 || own.device == 0 {
        return None;
    }
    let leader = Stat::of(&own.session.to_string())?;
    (leader.session == own.session && leader.device == own.device).then_some(TerminalId {
        session: own.session,
        leader_started: leader.started,
        device: own.device,
    })
}

/// Fields of `/proc/PID/stat` (proc(5)).
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    session: i32,
    device: i64,
    /// Start time in clock ticks since boot.
    started: u64,
}

impl Stat {
    fn of(process: &str) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
    }

    /// Parses the fields after the program's name, which may contain any character.
    fn parse(text: &str) -> Option<Self> {
        let (_, fields) = text.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        // The first of them is the third field of the line.
        Some(Self {
            session: fields.get(3)?.parse().ok()?,
            device: fields.get(4)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_behind_any_program_name() {
        let line = "7 (a) b) 1 2 (c) S 1 2 42 34816 9 0 0 0 0 0 0 0 0 0 20 0 1 0 123456 0 0";
        let expected = Stat {
            session: 42,
            device: 34816,
            started: 123_456,
        };
        assert_eq!(Stat::parse(line), Some(expected));
        assert_eq!(Stat::parse("7 (a) S 1 2 42 34816"), None);
        assert_eq!(Stat::parse(""), None);
    }
}
