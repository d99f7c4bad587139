//! Okta Identity Engine's own interface (IDX), which its sign-in page speaks, as states that are consumed.
//!
//! Every answer lists what may be done next by name (a remediation with its own address and form) and
//! carries a new state handle; the old one is dead. A step that is not known is named, not guessed at.
//! Shapes: the responses that Okta's public SDKs (auth-js, idx-golang) are tested with.

mod choice;
mod continuation;
mod error;
mod form;
mod password;
mod response;
mod security_key;
mod step;

#[cfg(test)]
mod tests;

use serde_json::json;
use url::Url;

pub use choice::{AuthenticatorOption, Method};
pub use continuation::Continuation;
pub use error::IdxError;
pub use password::PasswordChange;
pub use response::{Message, MessageClass, Response};
pub use step::{Challenge, Identify, PendingPush, Selection, Step};

use super::Post;
use crate::model::Org;
use crate::secret::Secret;

/// The first call: what a page's state token stands for.
///
/// # Errors
/// When the org's address cannot carry the path (it always can).
pub fn introspect(org: &Org, state_token: &Secret) -> Result<Post, IdxError> {
    let url = Url::parse(&org.at("/idp/idx/introspect")).map_err(|_| IdxError::Shape)?;
    Ok(Post::new(
        url,
        &json!({ "stateToken": state_token.expose() }),
    ))
}
