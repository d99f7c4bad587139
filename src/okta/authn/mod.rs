//! Okta Classic's authentication transaction (`/api/v1/authn`) as states that are consumed.
//!
//! A state builds the [`Post`](super::Post) for each action it allows; [`Transaction::parse`] turns
//! the response into the next state. The order of states is the org's policy, so links are
//! followed, never guessed, and none takes the state token to another origin. (Okta developer docs,
//! "Authentication API reference".)
//!
//! Building a request fails with [`AuthnError::MissingLink`] if Okta does not offer the action, and
//! with [`AuthnError::ForeignLink`] if its link leads to another origin.

mod enrollment;
mod error;
mod factor;
mod handle;
mod mfa_challenge;
mod mfa_required;
mod password_change;
mod transaction;

#[cfg(test)]
mod tests;

pub use enrollment::Enrollment;
pub use error::AuthnError;
pub use factor::{Factor, FactorInput};
pub use handle::{Handle, resume, start};
pub use mfa_challenge::{FactorResult, MfaChallenge};
pub use mfa_required::{MfaRequired, SelectedFactor};
pub use password_change::PasswordChange;
pub use transaction::{ReturnUrl, Success, Transaction};
