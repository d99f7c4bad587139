//! Processes that a program leaves behind when it fails.
//!
//! pasta starts its command's first process in a process namespace. If pasta fails afterwards, that
//! process waits for ever. It is in our process group, because the command needs the terminal, so
//! the group does not identify it.

use std::io;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid};

/// Adopts processes whose parent ended, in place of init.
#[derive(Debug)]
pub struct Orphans(());

impl Orphans {
    /// Makes this process the parent of orphaned descendants.
    ///
    /// # Errors
    /// When the kernel refuses.
    #[cfg(target_os = "linux")]
    pub fn adopt() -> io::Result<Self> {
        nix::sys::prctl::set_child_subreaper(true)?;
        Ok(Self(()))
    }

    /// Only Linux has subreapers and process namespaces.
    ///
    /// # Errors
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn adopt() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Kills those that are the first process of a namespace, which ends the namespace. Others,
    /// such as a supervisor, end by themselves.
    pub fn end(self) {
        let own = getpid();
        let Ok(processes) = std::fs::read_dir("/proc") else {
            return;
        };
        for process in processes.flatten() {
            let id = process.file_name().to_str().and_then(|id| id.parse().ok());
            let status = std::fs::read_to_string(process.path().join("status"));
            if let (Some(id), Ok(status)) = (id, status)
                && is_first_of_a_namespace(&status, own)
            {
                let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
            }
        }
    }
}

/// Reads `/proc/PID/status` (proc_pid_status(5)): `NSpid` has one number for each namespace, ours
/// first.
fn is_first_of_a_namespace(status: &str, parent: Pid) -> bool {
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let is_ours = field("PPid:").is_some_and(|id| id.trim() == parent.to_string());
    let mut numbers = field("NSpid:").unwrap_or_default().split_whitespace();
    is_ours && numbers.next().is_some() && numbers.last() == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_first_process_of_a_namespace_is_killed() {
        let judge = |status| is_first_of_a_namespace(status, Pid::from_raw(7));
        assert!(judge("Name:\tpasta\nPPid:\t7\nNSpid:\t90\t1\n"));
        assert!(!judge("Name:\tpasta\nPPid:\t8\nNSpid:\t90\t1\n"));
        assert!(!judge("Name:\tob\nPPid:\t7\nNSpid:\t90\n"));
        assert!(!judge("Name:\tob\nPPid:\t7\nNSpid:\t1\n"));
    }
}
