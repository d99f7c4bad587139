//! Why a request is refused.

use std::fmt;

/// A refused request. The name is stable: tests and messages refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub name: &'static str,
    pub text: String,
}

impl Refusal {
    pub(super) fn new(name: &'static str, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self { name, text }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.text)
    }
}
