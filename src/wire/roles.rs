//! What is asked about a role beyond its credentials, and results that come one by one.

use serde::{Deserialize, Serialize};

use crate::model::Millis;
use crate::report::Report;
use crate::wire::{IssuedCredentials, Target};

/// A terminal: what is answered there is used again there and nowhere else.
///
/// A session's number is used again when all its processes have ended. The start of its leader tells the new
/// session from the old one.
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

/// What happens where a target matches several roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleMenu {
    /// The request fails: the user is not asked, and no earlier choice is used.
    Never,
    /// The role that was chosen in the client's terminal is used. Without one the user is asked.
    Remembered,
    /// The user is asked, also where a role was chosen before.
    Again,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialsRequest {
    pub target: Target,
    /// Seconds the credentials must still last; absent: the default floor.
    pub min_ttl: Option<u32>,
    /// Whether a sign-in may be started for this request.
    pub may_sign_in: bool,
    /// Whether the client remembers which roles there are and can ask for one of them at once.
    pub knows_roles: bool,
    pub menu: RoleMenu,
    /// The profile wants a person's word before it is used.
    pub confirm: Option<Confirmation>,
}

impl CredentialsRequest {
    /// Credentials of a session that is there already: the user is not asked to sign in, or which role is meant.
    pub fn without_sign_in(target: Target, confirm: Option<Confirmation>) -> Self {
        Self {
            target,
            min_ttl: None,
            may_sign_in: false,
            knows_roles: false,
            menu: RoleMenu::Never,
            confirm,
        }
    }
}

/// A question that is asked once for a target and terminal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The profile's name in the settings.
    pub profile: String,
    /// None without a terminal, or where it cannot be told which one it is; then nothing is remembered.
    pub terminal: Option<TerminalId>,
}

/// A role the user may assume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    pub role: String,
    pub provider: String,
    /// The account's name in the settings, or else in Okta; foreign text.
    pub account_name: Option<String>,
    /// The role's label in the settings, told apart from others of its list.
    pub label: Option<String>,
    /// The app's label in Okta; foreign text.
    pub app: String,
    /// The account's own name in IAM, where it was asked; foreign text.
    pub alias: Option<String>,
    /// When credentials of it were last handed out.
    pub used: Option<Millis>,
}

/// Which roles there are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesRequest {
    pub target: Target,
    /// Whether IAM is asked for the names of accounts, with credentials of a role in each.
    pub names: bool,
    /// An IAM of one's own; absent: the partition's.
    pub iam_endpoint: Option<String>,
}

/// A role that credentials were handed out for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsedRole {
    pub org: String,
    /// In lower case.
    pub username: String,
    pub role: String,
    /// By this machine's clock, as it is.
    pub at: Millis,
}

/// A role that was chosen in a menu, with the identity provider that opens it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenRole {
    pub role: String,
    pub provider: String,
}

/// A sign-in to the AWS console.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleRequest {
    pub target: Target,
    pub menu: RoleMenu,
    /// The console's page to open, as in its address; absent: the first.
    pub service: Option<String>,
    /// A federation endpoint of one's own; absent: the partition's.
    pub signin_endpoint: Option<String>,
    /// Asked before the console is opened.
    pub confirm: Option<Confirmation>,
}

/// Which roles of other accounts a role may go on to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverRequest {
    pub target: Target,
    /// For the target and the reader.
    pub menu: RoleMenu,
    /// Asked before its credentials are used.
    pub confirm: Option<Confirmation>,
    /// The role whose credentials read the policies; absent: the role's own.
    pub reader: Option<Target>,
    /// The same for the reader.
    pub confirm_reader: Option<Confirmation>,
    /// An IAM of one's own; absent: the partition's.
    pub iam_endpoint: Option<String>,
}

/// What a policy allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoveredRole {
    /// The role whose policy it is.
    pub from: String,
    /// An ARN or a pattern of ARNs; foreign text.
    pub role: String,
    /// Whether a condition is attached.
    pub conditional: bool,
}

/// One of many results.
#[derive(Debug, Serialize, Deserialize)]
pub enum Part {
    /// What will be tried; all of these come before the first of the others.
    Roles(Vec<RoleEntry>),
    Issued(IssuedCredentials),
    Refused {
        role: String,
        report: Report,
    },
}
