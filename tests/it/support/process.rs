//! What the kernel reports about a process.

use std::fs;

use nix::unistd::Pid;

/// Counts the open descriptors of a process.
pub(crate) fn open_descriptors(process: Pid) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// Returns a field of `/proc/PID/status` in KiB: `VmRSS` is all resident memory, `RssAnon` leaves
/// out the pages of the program file, which in a debug build are most of it.
pub(crate) fn memory_kib(process: Pid, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.split_whitespace().next());
    kib.unwrap().parse().unwrap()
}
