//! Confines the supervisor of a tunnel, once its helpers run.
//!
//! sudo does not work below `no_new_privs`, so the processes that may run it (the reaper and its
//! reserve) are started first and are not confined. `ob vpn up` starts openvpn itself.

use std::path::Path;

/// Bars this thread and its later threads from executing programs, from TCP, and from creating,
/// writing or removing files outside of `directory`. Inside it, files may be written and removed
/// and symbolic links created, for the profile's pipe, the sockets and the marker that prompts
/// read. As much of this as the kernel's Landlock can; without it, or if it fails, nothing. Returns
/// a sentence that says what is enforced.
#[cfg(target_os = "linux")]
pub fn confine_supervisor(directory: &Path) -> &'static str {
    describe(restrict(directory).unwrap_or_default())
}

/// Returns what this ABI of Landlock bars the supervisor from; 0 is none.
#[cfg(target_os = "linux")]
const fn describe(abi: u8) -> &'static str {
    match abi {
        0 => "Landlock is not enforced here: the supervisor is not confined",
        1..=3 => {
            "the kernel's Landlock is old: the supervisor is barred from starting programs and \
             from most writing \
             outside its directory, not from TCP"
        }
        4 | 5 => {
            "the kernel bars the supervisor from starting programs, from TCP and from writing \
             outside its directory, \
             not from abstract Unix sockets"
        }
        _ => {
            "the kernel bars the supervisor from starting programs, from TCP, from abstract Unix \
             sockets and from \
             writing outside its directory"
        }
    }
}

#[cfg(not(target_os = "linux"))]
pub fn confine_supervisor(_directory: &Path) -> &'static str {
    "the supervisor is not confined on this system"
}

/// Applies the rules. Returns the ABI of Landlock that enforces them, 0 without Landlock.
#[cfg(target_os = "linux")]
fn restrict(directory: &Path) -> Result<u8, landlock::RulesetError> {
    use landlock::{
        ABI, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
        Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
    };

    let barred = AccessFs::from_write(ABI::V5) | AccessFs::Execute;
    let own = AccessFs::WriteFile | AccessFs::RemoveFile | AccessFs::RemoveDir | AccessFs::MakeSym;
    // Signals stay allowed: an openvpn that does not end is killed.
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(barred)?
        .handle_access(AccessNet::BindTcp | AccessNet::ConnectTcp)?
        .scope(Scope::AbstractUnixSocket)?
        .create()?;
    if let Ok(directory) = PathFd::new(directory) {
        ruleset = ruleset.add_rule(PathBeneath::new(directory, own))?;
    }
    let status = ruleset.restrict_self()?;
    Ok(match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => 0,
        (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
        _ => 0,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// ABI 4 added TCP, ABI 6 abstract Unix sockets.
    #[test]
    fn description_names_what_each_abi_bars() {
        for (abi, tcp, sockets) in [(1, false, false), (3, false, false), (4, true, false)]
            .into_iter()
            .chain([(5, true, false), (6, true, true), (7, true, true)])
        {
            let said = describe(abi);
            assert_eq!(
                said.contains("from TCP") && !said.contains("not from TCP"),
                tcp,
                "{abi}"
            );
            let named = said.contains("Unix sockets") && !said.contains("not from abstract");
            assert_eq!(named, sockets, "{abi}");
        }
        assert!(describe(0).contains("not confined"));
    }
}
