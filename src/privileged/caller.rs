//! The user who called the program, and work with that user's rights.

use std::ffi::OsString;

use nix::unistd::{Gid, Uid, User, geteuid, setegid, seteuid};

use super::refusal::Refusal;

/// The user who called sudo or doas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) name: String,
}

impl Caller {
    /// Finds the user by the variable of sudo (`SUDO_UID`) or doas (`DOAS_USER`). Each program sets
    /// its own variable, and may pass on the other one as the caller set it, so both together are
    /// refused.
    pub(super) fn find(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Refusal> {
        if !geteuid().is_root() {
            return Err(Refusal::new("caller.not_root", "run it by sudo or doas"));
        }
        let user = match (variable("SUDO_UID"), variable("DOAS_USER")) {
            (Some(uid), None) => {
                let uid = uid.to_str().and_then(|uid| uid.parse().ok());
                uid.and_then(|uid| User::from_uid(Uid::from_raw(uid)).ok().flatten())
            }
            (None, Some(name)) => name
                .to_str()
                .and_then(|name| User::from_name(name).ok().flatten()),
            (None, None) => {
                return Err(Refusal::new(
                    "caller.missing",
                    "neither SUDO_UID nor DOAS_USER is set",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::new(
                    "caller.ambiguous",
                    "SUDO_UID and DOAS_USER are both set",
                ));
            }
        };
        let Some(user) = user else {
            return Err(Refusal::new("caller.unknown", "there is no such user"));
        };
        if user.uid.is_root() {
            return Err(Refusal::new(
                "caller.root",
                "root does not need this program",
            ));
        }
        Ok(Self {
            uid: user.uid,
            gid: user.gid,
            name: user.name,
        })
    }

    /// Runs `what` with the caller's rights on files, and restores root's rights afterwards.
    pub(super) fn assume<T>(
        &self,
        what: impl FnOnce() -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let refused = |error: nix::Error| {
            let why = format!("cannot take the rights of {}: {}", self.name, error.desc());
            Refusal::new("caller.rights", why)
        };
        drop_groups(self.gid)
            .and_then(|()| setegid(self.gid))
            .and_then(|()| seteuid(self.uid))
            .map_err(refused)?;
        let outcome = what();
        seteuid(Uid::from_raw(0))
            .and_then(|()| setegid(Gid::from_raw(0)))
            .map_err(refused)?;
        outcome
    }
}

/// Leaves every supplementary group.
#[cfg(target_os = "linux")]
fn drop_groups(gid: Gid) -> nix::Result<()> {
    nix::unistd::setgroups(&[gid])
}

/// nix has no `setgroups` for macOS. The program refuses to work there.
#[cfg(not(target_os = "linux"))]
fn drop_groups(_gid: Gid) -> nix::Result<()> {
    Err(nix::errno::Errno::ENOSYS)
}
