//! The first requests of a sign-in: introspection and identification.

use serde_json::json;

use super::error::IdxError;
use super::response::Response;
use crate::model::Org;
use crate::okta::post::Post;
use crate::secret::Secret;

/// The remediation that asks for the user name.
pub(super) const IDENTIFY: &str = "identify";

/// Builds the first request: the transaction of a page's state token.
pub fn introspect(org: &Org, state_token: &Secret) -> Post {
    let body = json!({ "stateToken": state_token.expose() });
    Post::json(org, "/idp/idx/introspect", &body)
}

/// Okta asks for the user name.
#[derive(Debug)]
pub struct Identify(pub(super) Response);

impl Identify {
    /// Whether the password belongs in the same form.
    pub fn takes_password(&self) -> bool {
        let form = self.0.remediation(IDENTIFY);
        form.is_some_and(|form| form.field("credentials").is_some())
    }

    /// Builds the request with user name and password.
    pub fn send(self, username: &str, password: Option<&Secret>) -> Result<Post, IdxError> {
        let mut members = json!({ "identifier": username });
        if let Some(password) = password {
            members["credentials"] = json!({ "passcode": password.expose() });
        }
        self.0.follow(IDENTIFY, members)
    }
}
