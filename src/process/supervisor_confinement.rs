//! What the kernel bars the supervisor of a tunnel from, once its helpers run.
//!
//! sudo does not work below `no_new_privs`, so the processes that may have to run it (the keeper of name servers and its
//! reserve) are started first and are not confined. openvpn is started by `ob vpn up` itself.

use std::path::Path;

/// Bars this thread and those it starts from executing programs, from TCP, and from creating, writing or removing files
/// outside `directory`. In it a file may be written and removed and a link be made: the pipe with the profile, the names
/// of its sockets, the mark for prompts. Returns what is enforced, in a sentence.
#[cfg(target_os = "linux")]
pub fn confine_supervisor(directory: &Path) -> &'static str {
    use landlock::RulesetStatus;

    match restrict(directory) {
        Ok(RulesetStatus::FullyEnforced) => {
            "the kernel bars the supervisor from programs, TCP and files outside of its directory"
        }
        Ok(RulesetStatus::PartiallyEnforced) => {
            "the kernel's Landlock is old: the supervisor is barred from programs and most writing, not from TCP"
        }
        Ok(RulesetStatus::NotEnforced) | Err(_) => {
            "the kernel has no Landlock: the supervisor is not confined"
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn confine_supervisor(_directory: &Path) -> &'static str {
    "the supervisor is not confined on this system"
}

#[cfg(target_os = "linux")]
fn restrict(directory: &Path) -> Result<landlock::RulesetStatus, landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
        RulesetAttr, RulesetCreatedAttr, Scope,
    };

    let barred = AccessFs::from_write(ABI::V5) | AccessFs::Execute;
    let own = AccessFs::WriteFile | AccessFs::RemoveFile | AccessFs::RemoveDir | AccessFs::MakeSym;
    // Signals stay: an openvpn that does not end is killed.
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(barred)?
        .handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?
        .scope(Scope::AbstractUnixSocket)?
        .create()?;
    if let Ok(directory) = PathFd::new(directory) {
        ruleset = ruleset.add_rule(PathBeneath::new(directory, own))?;
    }
    Ok(ruleset.restrict_self()?.ruleset)
}
