//! Okta's requests and responses: sign-in transactions, OAuth, apps, pages and errors.
//!
//! Pure parsers and builders. A state says what to POST next ([`Post`]); the caller sends it and
//! passes the response back. An unknown status, factor or result is a value and not an error: one
//! unknown factor must not lock out a user who has others.

pub mod authn;
mod error;
mod factor_kind;
mod hint;
mod html;
pub mod idx;
mod json;
mod link;
pub mod oauth;
mod organization;
pub mod page;
mod post;
mod state_token;
mod tiles;
pub mod webauthn;

pub use error::OktaError;
pub use factor_kind::FactorKind;
pub use json::JsonError;
pub use organization::{Organization, Pipeline};
pub use post::Post;
pub use state_token::StateToken;
pub use tiles::Tiles;
