//! Unusable values of an assertion that do not invalidate the rest.
//!
//! A value is ignored if it is plain text that cannot be used, or if it repeats a session
//! duration or
//! a role session name, of which the first counts. Markup or comments in a value, duplicate XML
//! attributes and a second assertion make the parser refuse the document.

use thiserror::Error;

use super::error::SamlError;
use crate::model::ArnError;

/// An ignored value, and why.
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
    /// Returns the error of a role value, for when no usable role is left.
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
