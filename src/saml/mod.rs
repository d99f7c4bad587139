//! What an Okta app hands over for another service: the SAML response, read strictly, trusted little.
//!
//! Owns the bytes of a `SAMLResponse` and what a role menu needs from them. It verifies no signature:
//! STS (or the VPN server) does, against keys that this program does not have. So everything read here
//! is a hint to show and to choose by, never a proof, and whatever could be read in two ways is refused.

mod assertion;
mod error;
mod ignored_values;
mod reader;
mod response;
mod xml_error;
mod xml_text;

#[cfg(test)]
mod tests;

pub use assertion::{Assertion, Envelope, Response};
pub use error::SamlError;
pub use ignored_values::IgnoredValue;
pub use response::parse;
pub use xml_error::XmlError;
