//! SAML responses, parsed strictly.
//!
//! Signatures are not verified: STS or the VPN server does that, with keys that `ob` does not have.
//! So everything read here only serves for display and selection, and what has more than one
//! reading is refused.

mod assertion;
mod error;
mod ignored_value;
mod parse;
mod schema;
mod xml_error;
mod xml_namespaces;
mod xml_reader;
mod xml_text;

#[cfg(test)]
mod tests;

pub use assertion::{Assertion, Envelope, Response};
pub use error::SamlError;
pub use ignored_value::IgnoredValue;
pub use parse::parse;
pub use xml_error::XmlError;
