//! Protects the secrets of this process from other processes and from the disk.
//!
//! Measured: a core limit of 0 does not stop a core handler behind a pipe, 1 does. A process that
//! is not dumpable hides `/proc/PID/{environ,mem,maps,fd}` from the same user until the next exec.
//! Landlock and seccomp let the kernel enforce the agent's limits. Both need `no_new_privs`, which
//! stops sudo, so only the agent is confined, and a tunnel's supervisor after its reapers have
//! started (`supervisor_confinement.rs`).

use std::path::Path;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::model::Confinement;
use crate::report::{ErrorCode, Report};

/// Hides this process from others of the same user, and prevents core dumps of it and of what it
/// executes.
///
/// The hard limit stays, so that a child may raise its own.
///
/// # Errors
/// When the kernel refuses. The process must handle no secret then.
pub fn harden() -> Result<(), Report> {
    hide()?;
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(not_hardened)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard).map_err(not_hardened)
}

/// As [`harden`], and lowers the hard limit: the agent executes nothing.
///
/// # Errors
/// When the kernel refuses. The process must handle no secret then.
pub fn harden_agent() -> Result<(), Report> {
    hide()?;
    let (_, hard) = getrlimit(Resource::RLIMIT_CORE).map_err(not_hardened)?;
    setrlimit(Resource::RLIMIT_CORE, hard.min(1), hard.min(1)).map_err(not_hardened)
}

/// Raises the limit of open descriptors to the system's: each waiting client is one.
///
/// # Errors
/// When the kernel refuses.
pub fn raise_descriptors() -> Result<(), Report> {
    getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard))
        .map_err(not_hardened)
}

/// Returns the limit of open descriptors.
pub fn max_descriptors() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, 0));
    usize::try_from(soft).unwrap_or(usize::MAX)
}

/// Whether `count` more descriptors can be opened.
pub fn has_descriptors(count: usize) -> bool {
    let more: Result<Vec<_>, _> = (0..count)
        .map(|_| nix::unistd::dup(std::io::stderr()))
        .collect();
    more.is_ok()
}

#[cfg(target_os = "linux")]
fn hide() -> Result<(), Report> {
    nix::sys::prctl::set_dumpable(false).map_err(not_hardened)
}

/// On macOS, other processes can neither attach to this one nor read its memory from then on
/// (ptrace(2), `PT_DENY_ATTACH`). Not run there yet.
#[cfg(target_os = "macos")]
#[expect(unsafe_code, reason = "nix does not wrap this request; see SAFETY")]
fn hide() -> Result<(), Report> {
    // SAFETY: the request takes no process and no pointer; it changes a flag of this process.
    let outcome =
        unsafe { nix::libc::ptrace(nix::libc::PT_DENY_ATTACH, 0, std::ptr::null_mut(), 0) };
    nix::errno::Errno::result(outcome).map_err(not_hardened)?;
    Ok(())
}

/// There is no such setting that `ob` knows.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn hide() -> Result<(), Report> {
    Ok(())
}

fn not_hardened(error: nix::Error) -> Report {
    Report::new(
        ErrorCode::ProcessShield,
        "cannot protect this process's memory",
    )
    .cause(error)
    .hint("a sandbox around `ob` forbids prctl or setrlimit: allow both")
}

/// Bars this process and its threads, for good, from what [`crate::model::BARRED`] names, as far as
/// the kernel can. Does not fail: the result says what is enforced.
///
/// In `keep`, files may still be deleted: the agent's own socket. Called while the process has one
/// thread.
#[cfg(target_os = "linux")]
pub fn confine(keep: Option<&Path>) -> Confinement {
    // Landlock first: the seccomp filters allow none of its calls.
    Confinement {
        landlock: landlock(keep).unwrap_or_default(),
        seccomp: filter_system_calls(),
    }
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn filter_system_calls() -> bool {
    crate::process::seccomp::install()
}

/// The lists of system calls exist for two architectures.
#[cfg(all(
    target_os = "linux",
    not(any(target_arch = "x86_64", target_arch = "aarch64"))
))]
fn filter_system_calls() -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
pub fn confine(_keep: Option<&Path>) -> Confinement {
    Confinement::NONE
}

/// Applies the rules. Returns the ABI of Landlock that enforces them, 0 without Landlock.
#[cfg(target_os = "linux")]
fn landlock(keep: Option<&Path>) -> Result<u8, landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
        Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    };

    let abi = ABI::V6;
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
    let status = ruleset.restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
        _ => 0,
    })
}
