//! The actions that the kernel bars the agent from. One table serves `ob status -v`, `ob doctor`
//! and docs/security.md.

use serde::{Deserialize, Serialize};

/// The mechanisms that the kernel enforces on a confined process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confinement {
    /// The ABI of Landlock; 0 without.
    pub landlock: u8,
    /// Whether the seccomp filters are installed.
    pub seccomp: bool,
}

/// An action that the agent is barred from.
#[derive(Clone, Copy, Debug)]
pub struct Barred {
    pub what: &'static str,
    /// The first ABI of Landlock that bars the action, if one does.
    pub landlock: Option<u8>,
    pub seccomp: bool,
}

const fn barred(what: &'static str, landlock: Option<u8>, seccomp: bool) -> Barred {
    Barred {
        what,
        landlock,
        seccomp,
    }
}

/// Each row is tried by `tests/it/agent/barred.rs`.
#[rustfmt::skip] // a table is read by its columns
pub const BARRED: [Barred; 16] = [
    barred("create a file, open one for writing, rename or link one", Some(1), true),
    barred("truncate a file", Some(3), true),
    barred("delete a file outside its runtime directory", Some(1), false),
    barred("change a file's mode, owner, times or attributes", None, true),
    barred("start a program", Some(1), true),
    barred("start a process", None, true),
    barred("bind a TCP port", Some(4), true),
    barred("listen without binding, on a port that the kernel chooses", None, true),
    barred("bind a UDP port, open a raw, packet or netlink socket", None, true),
    barred("connect to a Unix socket by a path (D-Bus, Docker, ssh-agent)", None, true),
    barred("connect to an abstract Unix socket", Some(6), true),
    barred("signal another process", Some(6), true),
    barred("trace another process or read its memory", Some(1), true),
    barred("control a terminal or another device (ioctl)", Some(5), true),
    barred("io_uring, bpf, perf, keyrings, mounts, namespaces", None, true),
    barred("make its own memory readable to other processes again", None, true),
];

/// Actions that no kernel bars the agent from.
pub const NOT_BARRED: [&str; 4] = [
    "read every file that you can read",
    "connect over TCP and UDP to any host and port",
    "delete files in its runtime directory, where its own socket is",
    "use processor time and memory",
];

impl Confinement {
    /// Whether the action of `row` is barred.
    pub fn bars(self, row: &Barred) -> bool {
        (row.seccomp && self.seccomp) || row.landlock.is_some_and(|first| self.landlock >= first)
    }

    /// Whether the kernel enforces every row of [`BARRED`].
    pub fn is_complete(self) -> bool {
        BARRED.iter().all(|row| self.bars(row))
    }

    /// Returns one line: how complete the confinement is, and by which mechanisms.
    pub fn summary(self) -> String {
        let by = match (self.landlock, self.seccomp) {
            (0, true) => "seccomp, no Landlock".to_owned(),
            (0, false) => "no Landlock, no seccomp".to_owned(),
            (abi, true) => format!("Landlock ABI {abi} and seccomp"),
            (abi, false) => format!("Landlock ABI {abi}, no seccomp"),
        };
        match (self.is_complete(), self) {
            (true, _) => format!("confined by the kernel ({by})"),
            (false, Self::NONE) => format!("not confined by the kernel ({by})"),
            (false, _) => format!("partly confined by the kernel ({by})"),
        }
    }

    /// A process without confinement.
    pub const NONE: Self = Self {
        landlock: 0,
        seccomp: false,
    };

    /// Returns the table for this kernel, one line for each row, without indentation.
    pub fn lines(self) -> Vec<String> {
        let rows = BARRED.iter().map(|row| match self.bars(row) {
            true => format!("barred      {}", row.what),
            false => format!("not barred  {}", row.what),
        });
        let never = NOT_BARRED.iter().map(|what| format!("not barred  {what}"));
        rows.chain(never).collect()
    }
}

/// Returns the table of docs/security.md.
pub fn confinement_table() -> String {
    let yes = |holds| if holds { "yes" } else { "no" };
    let mut text = String::from("| the agent cannot | by Landlock | by seccomp |\n|---|---|---|\n");
    for row in &BARRED {
        let landlock = row
            .landlock
            .map_or_else(|| "no".to_owned(), |abi| format!("from ABI {abi}"));
        text += &format!("| {} | {landlock} | {} |\n", row.what, yes(row.seccomp));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_kernel_confines_partly() {
        let of = |landlock, seccomp| Confinement { landlock, seccomp };
        assert_eq!(
            of(7, true).summary(),
            "confined by the kernel (Landlock ABI 7 and seccomp)"
        );
        assert_eq!(
            of(1, true).summary(),
            "confined by the kernel (Landlock ABI 1 and seccomp)"
        );
        assert_eq!(
            of(0, true).summary(),
            "partly confined by the kernel (seccomp, no Landlock)"
        );
        assert_eq!(
            of(7, false).summary(),
            "partly confined by the kernel (Landlock ABI 7, no seccomp)"
        );
        assert_eq!(
            Confinement::NONE.summary(),
            "not confined by the kernel (no Landlock, no seccomp)"
        );
    }

    #[test]
    fn row_is_barred_from_its_abi_on() {
        for row in &BARRED {
            for landlock in 0..9 {
                let by_landlock = row.landlock.is_some_and(|first| landlock >= first);
                let without = Confinement {
                    landlock,
                    seccomp: false,
                };
                assert_eq!(without.bars(row), by_landlock, "{}", row.what);
            }
            assert!(row.seccomp || row.landlock.is_some(), "{}", row.what);
        }
    }
}
