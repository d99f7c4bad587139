//! What is asked about a role beyond its credentials, and results that come one by one.

use serde::{Deserialize, Serialize};

use crate::model::Millis;
use crate::report::Report;
use crate::wire::{Confirmation, IssuedCredentials, Target};

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

/// A role that was chosen among those that a client remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownChoice {
    pub role: String,
    pub provider: String,
}

/// A sign-in to the AWS console.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsoleRequest {
    pub target: Target,
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
