//! Okta's side of a sign-in: its transactions, its errors, its tiles and its pages.
//!
//! Owns what Okta's bytes mean. Nothing is sent from here: a state says what to POST ([`Post`]), the
//! caller sends it and hands the answer back. What Okta may say next year (a status, a factor, a result)
//! is a named value, not an error, because one unknown factor must not keep out a user who has others.

pub mod authn;
mod error_code;
mod html;
pub mod idx;
mod json;
pub mod oauth;
mod organization;
pub mod page;
mod session;
mod state_token;
mod tiles;
pub mod webauthn;

pub use authn::Post;
pub use error_code::{ErrorKind, OktaError};
pub use json::JsonError;
pub use organization::{Organization, Pipeline};
pub use session::{Session, SessionStatus};
pub use state_token::StateToken;
pub use tiles::Tiles;
