//! The user's own words for roles and identity providers.

use serde::{Deserialize, Serialize};

/// Words by ARN, or by an expression that fits some: the first that fits decides, a whole ARN
/// before all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    pub roles: Vec<Label>,
    pub providers: Vec<Label>,
}

/// One of them, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// An ARN or an expression.
    #[serde(rename = "of")]
    pub pattern: String,
    #[serde(rename = "says")]
    pub text: String,
}

impl Labels {
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty() && self.providers.is_empty()
    }
}
