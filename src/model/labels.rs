//! The user's labels of roles and identity providers.

use serde::{Deserialize, Serialize};

/// Labels by ARN or by expression. A whole ARN takes precedence, then the first expression that
/// fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    pub roles: Vec<Label>,
    pub providers: Vec<Label>,
}

/// A label, in the order of the file.
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
