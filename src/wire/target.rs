//! The role that a request is about, after flags and settings are resolved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{Labels, SessionPolicy};
use crate::wire::Account;

/// Which role of which app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub account: Account,
    /// The AWS app's embed link or instance id; absent: found among the user's apps.
    pub app: Option<String>,
    /// An ARN, `account/role`, a name or a glob; absent: the only role, or asked.
    pub role: Option<String>,
    /// An identity provider's ARN, name or glob.
    pub provider: Option<String>,
    /// The ARN of the provider that opened the role before. Used if it still does.
    pub through: Option<String>,
    /// Roles to assume one after another, starting from `role`.
    pub chain: Vec<String>,
    /// Limits the rights of the last role.
    pub policy: SessionPolicy,
    /// How long the credentials should last, in seconds.
    pub duration: u32,
    /// The region whose STS is asked; absent: the partition's own.
    pub region: Option<String>,
    /// Whether a region of another partition than the role's is replaced by that partition's
    /// default: the user has not chosen it for this role.
    pub replace_foreign_region: bool,
    /// An STS endpoint of the user's own (for tests, or in a private network).
    pub sts_endpoint: Option<String>,
    #[serde(flatten)]
    pub names: DisplayNames,
}

/// The user's names for accounts, roles and identity providers. A role may also be selected by
/// them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayNames {
    /// Names by account number.
    pub accounts: BTreeMap<String, String>,
    /// Labels of roles and identity providers.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// A terminal, as far as answers are reused in it and nowhere else.
///
/// Session numbers are reused once all processes of a session have ended. The start time of the
/// leader distinguishes the new session from the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalId {
    /// The session whose controlling terminal it is.
    pub session: i32,
    /// When the session's leader started, in clock ticks since boot.
    pub leader_started: u64,
    /// The device number of the controlling terminal.
    pub device: i64,
}

/// What happens if a target matches several roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleMenu {
    /// The request fails: the user is not asked, and no earlier choice is used.
    Never,
    /// The role that was chosen in the client's terminal is used. Without one the user is asked.
    Remembered,
    /// The user is asked even if a role was chosen before.
    Again,
}

/// A role that was chosen in a menu, with the identity provider that opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenRole {
    pub role: String,
    pub provider: String,
}

/// A confirmation that is asked for once for each target and terminal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The profile's name in the settings.
    pub profile: String,
    /// Absent without a terminal, or if the client cannot identify it. The approval is then not
    /// remembered.
    pub terminal: Option<TerminalId>,
}
