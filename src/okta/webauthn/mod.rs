//! WebAuthn: the challenge for a security key, and the check of its assertion.
//!
//! The RP ID is derived from the org's host and never taken from the server: an assertion
//! for one site must be worthless at another. (W3C "Web Authentication" Level 2, 5.8.1 "Client
//! Data", 5.10.4 "User Verification", 6.1 "Authenticator Data", 10.1 "FIDO AppID Extension".)

mod assertion;
mod base64url;
mod challenge;
mod error;
mod rp_id;

#[cfg(test)]
mod tests;

pub use assertion::{AssertionRequest, CheckedAssertion, KeyAssertion, Verification};
pub use base64url::{decode_base64url, encode_base64url};
pub use challenge::WebAuthnChallenge;
pub use error::WebAuthnError;
pub use rp_id::{checked_rp_id, is_app_id_of, is_client_data_for};
