//! Okta Identity Engine's own API (IDX), which its sign-in page uses, as states that are consumed.
//!
//! Every response lists the possible next requests by name (remediations, each with an address and
//! a form) and carries a new state handle, which replaces the old one. Unknown remediations are
//! reported by name. Shapes: the responses that Okta's public SDKs (auth-js, idx-golang) are tested
//! with.
//!
//! Building a request fails with [`IdxError::Shape`] if Okta does not offer it, and with
//! [`IdxError::ForeignLink`] if its address is of another origin.

mod challenge;
mod continuation;
mod error;
mod identify;
mod message;
mod password_change;
mod pending_push;
mod remediation;
mod response;
mod selection;
mod step;

#[cfg(test)]
mod tests;

pub use challenge::Challenge;
pub use continuation::Continuation;
pub use error::IdxError;
pub use identify::{Identify, introspect};
pub use message::{Message, MessageClass};
pub use password_change::PasswordChange;
pub use pending_push::PendingPush;
pub use response::Response;
pub use selection::{AuthenticatorOption, Selection};
pub use step::Step;
