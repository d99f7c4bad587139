//! Counts that do not depend on the machine's speed; shared with `tests/release`.

use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// A page may be in memory by chance, so the count is the smallest of several runs.
const RUNS: usize = 20;

/// Returns the page faults of a command, with those of starting any process. No other child of this
/// process may end meanwhile.
pub(crate) fn page_faults(command: impl Fn() -> Command) -> i64 {
    let counts = (0..RUNS).map(|_| {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let before = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        assert!(command.status().unwrap().success());
        let after = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
        after.minor_page_faults() - before.minor_page_faults()
    });
    counts.min().unwrap()
}

/// Returns how many addresses the loader writes when the program starts.
pub(crate) fn relocations(program: &Path) -> usize {
    let listed = Command::new("readelf").arg("-rW").arg(program).output();
    let text = String::from_utf8(listed.unwrap().stdout).unwrap();
    let is_one = |line: &&str| line.contains(" R_X86_64_") || line.contains(" R_AARCH64_");
    text.lines().filter(is_one).count()
}
