//! Requests about roles beyond their credentials, and results that are sent one by one.

use serde::{Deserialize, Serialize};

use crate::model::Millis;
use crate::report::Report;
use crate::wire::{Confirmation, IssuedCredentials, RoleMenu, Target};

/// Lists the user's roles.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolesRequest {
    pub target: Target,
    /// Whether IAM is asked for the aliases of the accounts, with credentials of a role in each.
    pub names: bool,
    /// An IAM endpoint of the user's own; absent: the partition's.
    pub iam_endpoint: Option<String>,
}

/// A role the user may assume.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    pub role: String,
    pub provider: String,
    /// The account's name in the settings, or else in Okta; foreign text.
    pub account_name: Option<String>,
    /// The role's label in the settings, made unique within its list.
    pub label: Option<String>,
    /// The app's label in Okta; foreign text.
    pub app: String,
    /// The account's alias in IAM, if it was requested; foreign text.
    pub alias: Option<String>,
    /// When credentials of the role were last issued.
    pub used: Option<Millis>,
}

/// A role that credentials were issued for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsedRole {
    pub org: String,
    /// In lower case.
    pub username: String,
    pub role: String,
    /// By this machine's clock, without correction.
    pub at: Millis,
}

/// Signs in to the AWS console.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleRequest {
    pub target: Target,
    pub menu: RoleMenu,
    /// The console page to open, as in its address; absent: the home page.
    pub service: Option<String>,
    /// A federation endpoint of the user's own; absent: the partition's.
    pub signin_endpoint: Option<String>,
    /// Asked for before the console is opened.
    pub confirm: Option<Confirmation>,
}

/// Finds the roles of other accounts that a role may assume.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoverRequest {
    pub target: Target,
    /// For the target and the reader.
    pub menu: RoleMenu,
    /// Asked for before the target's credentials are used.
    pub confirm: Option<Confirmation>,
    /// The role whose credentials read the policies; absent: the target itself.
    pub reader: Option<Target>,
    /// Asked for before the reader's credentials are used.
    pub confirm_reader: Option<Confirmation>,
    /// An IAM endpoint of the user's own; absent: the partition's.
    pub iam_endpoint: Option<String>,
}

/// A role that a policy allows to assume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscoveredRole {
    /// The role that has the policy.
    pub from: String,
    /// An ARN or a pattern of ARNs; foreign text.
    pub role: String,
    /// Whether a condition is attached.
    pub conditional: bool,
}

/// One of many results.
#[derive(Debug, Serialize, Deserialize)]
pub enum Part {
    /// The roles that will be assumed. All of these precede the other parts.
    Roles(Vec<RoleEntry>),
    Issued(IssuedCredentials),
    Refused {
        role: String,
        report: Report,
    },
}
