//! The effects of an openvpn on the machine.

use std::collections::BTreeSet;
use std::path::Path;

/// What openvpn did, as strace saw it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    pub(super) programs: usize,
    pub(super) written: BTreeSet<String>,
    pub(super) read: BTreeSet<String>,
    pub(super) bound: usize,
    pub(super) output: String,
}

impl Effects {
    /// Returns the effects that a minimal profile does not have.
    pub(super) fn beyond(&self, plain: &Self) -> Vec<String> {
        let mut added = Vec::new();
        if self.programs != plain.programs {
            added.push(format!("{} programs", self.programs));
        }
        added.extend(
            self.written
                .difference(&plain.written)
                .map(|path| format!("wrote {path}")),
        );
        added.extend(
            self.read
                .difference(&plain.read)
                .map(|path| format!("read {path}")),
        );
        if self.bound != plain.bound {
            added.push(format!("{} bound sockets", self.bound));
        }
        added
    }
}

/// Parses strace's output; `config` is not counted as read.
pub(super) fn read_trace(trace: &str, config: &Path) -> Effects {
    let config = config.display().to_string();
    let mut effects = Effects::default();
    for line in trace.lines() {
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let path = call.split('"').nth(1).unwrap_or_default().to_owned();
        if call.starts_with("exec") {
            effects.programs += usize::from(call.ends_with("= 0"));
        } else if call.starts_with("bind") || call.starts_with("listen") {
            // A netlink socket only queries the kernel.
            effects.bound += usize::from(!call.contains("AF_NETLINK"));
        } else if ["O_WRONLY", "O_RDWR", "O_CREAT"]
            .iter()
            .any(|flag| call.contains(flag))
            || ["creat", "unlink", "rename"]
                .iter()
                .any(|name| call.starts_with(name))
        {
            // Without a supervisor, openvpn puts a static challenge to the terminal.
            if path != "/dev/tty" {
                effects.written.insert(path);
            }
        } else if path != config {
            effects.read.insert(path);
        }
    }
    effects
}
