//! Okta's OAuth server: requests and responses.
//!
//! Four grants: device authorization (RFC 8628), refresh (RFC 6749, 6), token exchange for a token
//! that opens one app once (RFC 8693; Okta's `web_sso_token` and `interclient_token`), and a
//! service's client credentials (RFC 7523). Tokens stay in [`Secret`](crate::secret::Secret).

mod assertion;
mod device;
mod error;
mod error_messages;
mod optional_scopes;
mod tokens;

#[cfg(test)]
mod tests;

pub use assertion::{KeyError, SigningKey, client_credentials};
pub use device::{DeviceCode, PollOutcome};
pub use error::OauthError;
pub use optional_scopes::OptionalScopes;
pub use tokens::{OneTimeToken, Tokens, USER_INFO, open_app, sign_on};
