//! Values of an assertion that cannot be used and stand in the way of nothing else.
//!
//! Only a value is left out that is one whole piece of text and means nothing. What could be read in two ways (markup
//! or comments in a value, duplicate XML attributes, two assertions) refuses the document.

use thiserror::Error;

use super::error::SamlError;
use crate::model::ArnError;

/// One value that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IgnoredValue {
    #[error("the role value `{value}` is left out: {why}")]
    Role { value: String, why: ArnError },
    #[error("the session duration `{0}` is left out: it is not a number of seconds")]
    SessionDuration(String),
    #[error("a second session duration, `{0}`, is left out")]
    SecondSessionDuration(String),
    #[error("a second role session name, `{0}`, is left out")]
    SecondRoleSessionName(String),
}

impl IgnoredValue {
    /// Returns the error of a role value, for when no other role is left.
    pub(super) fn role(&self) -> Option<SamlError> {
        match self {
            Self::Role { value, why } => Some(SamlError::Role {
                value: value.clone(),
                why: *why,
            }),
            _ => None,
        }
    }
}
