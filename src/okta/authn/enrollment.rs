//! `MFA_ENROLL`: a factor must or should be set up, in a browser.

use serde_json::Value;

use super::error::AuthnError;
use super::factor::Factor;
use super::handle::Handle;
use crate::model::Org;
use crate::okta::json::elements;
use crate::okta::post::Post;

/// The factors that can be set up.
#[derive(Debug, PartialEq, Eq)]
pub struct Enrollment {
    pub handle: Handle,
    pub required: Vec<Factor>,
    pub optional: Vec<Factor>,
}

impl Enrollment {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let (required, optional): (Vec<_>, Vec<_>) = elements(&answer["_embedded"]["factors"])
            .iter()
            .partition(|factor| factor["enrollment"] == "REQUIRED");
        Ok(Self {
            handle: Handle::parse(org, answer)?,
            required: required.into_iter().map(Factor::parse).collect(),
            optional: optional.into_iter().map(Factor::parse).collect(),
        })
    }

    /// Whether the sign-in goes on without setting one up.
    pub fn can_skip(&self) -> bool {
        self.handle.links.get("skip").is_some()
    }

    /// Builds the request that goes on without.
    pub fn skip(self) -> Result<Post, AuthnError> {
        self.handle.follow("skip")
    }
}
