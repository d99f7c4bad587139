//! What keeps the secrets of this process from other processes and from the disk.
//!
//! Measured: a core limit of 0 does not stop a piped core handler, 1 does; not being dumpable hides
//! `/proc/PID/{environ,mem,maps,fd}` from the same user until the next exec, which resets it. Landlock
//! makes "writes no file" the kernel's promise instead of ours; its `no_new_privs` would stop sudo, so
//! only the agent wears it.

use std::path::Path;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::report::{Exit, Report};

/// Hides this process from others of the same user and keeps it, and what it becomes, from dumping core.
///
/// The hard limit stays, so that a child may raise its own again.
///
/// # Errors
/// When the kernel refuses; no secret may be handled then.
pub fn shield() -> Result<(), Report> {
    hide()?;
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(unshielded)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard).map_err(unshielded)
}

/// Like [`shield`], with the hard limit lowered as well: the agent executes nothing.
///
/// # Errors
/// When the kernel refuses; no secret may be handled then.
pub fn shield_agent() -> Result<(), Report> {
    hide()?;
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(unshielded)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard.min(1)).map_err(unshielded)
}

/// Allows this process as many descriptors as the system does: each waiting client is one.
///
/// # Errors
/// When the kernel refuses.
pub fn raise_descriptors() -> Result<(), Report> {
    getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard))
        .map_err(unshielded)
}

/// Whether this process may open so many descriptors more.
pub fn has_descriptors(count: usize) -> bool {
    let more: Result<Vec<_>, _> = (0..count)
        .map(|_| nix::unistd::dup(std::io::stderr()))
        .collect();
    more.is_ok()
}

#[cfg(target_os = "linux")]
fn hide() -> Result<(), Report> {
    nix::sys::prctl::set_dumpable(false).map_err(unshielded)
}

/// Untested: macOS has `ptrace(PT_DENY_ATTACH)`, which nix does not wrap; the hardened runtime of a
/// signed build does the same.
#[cfg(not(target_os = "linux"))]
fn hide() -> Result<(), Report> {
    Ok(())
}

fn unshielded(error: nix::Error) -> Report {
    Report::new(
        Exit::Failed,
        "process.shield",
        "cannot keep this process from being read",
    )
    .cause(error)
    .hint("a sandbox around `ob` forbids prctl or setrlimit: allow both")
}

/// How much of the confinement the kernel enforces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    pub complete: bool,
    pub words: String,
}

/// Bars this process, for good, from creating or writing a file, starting a program and binding a port.
///
/// In `keep` files may still be unlinked: the agent's own socket.
#[cfg(target_os = "linux")]
pub fn confine(keep: Option<&Path>) -> Confinement {
    use landlock::RulesetStatus;

    match landlock_ruleset(keep) {
        Ok(RulesetStatus::FullyEnforced) => Confinement {
            complete: true,
            words: "the kernel bars the agent from writing files, starting programs and binding ports"
                .into(),
        },
        Ok(RulesetStatus::PartiallyEnforced) => Confinement {
            complete: false,
            words: "partial: this kernel's Landlock is old; files and programs are barred, ports may not be"
                .into(),
        },
        Ok(RulesetStatus::NotEnforced) | Err(_) => Confinement {
            complete: false,
            words: "none: this kernel has no Landlock; ob still writes no secret, but the kernel does not enforce it"
                .into(),
        },
    }
}

#[cfg(not(target_os = "linux"))]
pub fn confine(_keep: Option<&Path>) -> Confinement {
    Confinement {
        complete: false,
        words: "none: not written for this system".into(),
    }
}

#[cfg(target_os = "linux")]
fn landlock_ruleset(
    keep: Option<&Path>,
) -> Result<landlock::RulesetStatus, landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
        RulesetAttr, RulesetCreatedAttr, Scope,
    };

    let abi = ABI::V5;
    let barred = AccessFs::from_write(abi) | AccessFs::Execute;
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(barred)?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::Signal | Scope::AbstractUnixSocket)?
        .create()?;
    if let Some(directory) = keep.and_then(|path| PathFd::new(path).ok()) {
        ruleset = ruleset.add_rule(PathBeneath::new(directory, AccessFs::RemoveFile))?;
    }
    Ok(ruleset.restrict_self()?.ruleset)
}
