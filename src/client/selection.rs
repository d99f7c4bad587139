//! What was typed about the role that a command needs.

use crate::config::Flags;

/// What was typed about the role, and what an earlier menu added to it.
#[derive(Clone, Debug, Default)]
pub struct RoleSelection {
    pub flags: Flags,
    /// The role chosen in a menu when the shell was started. It is used instead of `flags.role`.
    pub chosen_role: Option<String>,
    /// The identity provider that granted the shell's role.
    pub chosen_provider: Option<String>,
}

impl From<Flags> for RoleSelection {
    fn from(flags: Flags) -> Self {
        Self {
            flags,
            ..Self::default()
        }
    }
}

impl RoleSelection {
    /// Returns the selection that `-p PROFILE` makes.
    pub fn of_profile(profile: &str) -> Self {
        Self::from(Flags {
            profile: Some(profile.to_owned()),
            ..Flags::default()
        })
    }

    /// Returns whether a profile, a role or an identity provider is named.
    pub(super) const fn names_role(&self) -> bool {
        let Flags {
            profile,
            role,
            provider,
            ..
        } = &self.flags;
        profile.is_some() || role.is_some() || provider.is_some()
    }
}
