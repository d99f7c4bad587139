//! An OpenVPN profile: parsed by an allow-list into values, and written anew for openvpn.
//!
//! openvpn runs with a privilege that the server must not have, and a profile can make it run
//! programs, load libraries, and read and write files. So the server's text never reaches it: any
//! directive that is not allowed, with a value of its type, refuses the whole profile. openvpn
//! reads [`Profile::canonical`], which is made from those values. Nothing here reads or writes a
//! file.

mod block;
mod directives;
mod document;
mod error;
mod excluded;
mod grammar;
#[cfg(test)]
mod hostile;
mod hosts;
mod lexer;
#[cfg(test)]
mod relaxed;
mod rewrite;
mod settings;
#[cfg(test)]
mod tests;
mod validator;
mod value;
mod verdict;

pub use directives::known_directives;
pub use document::Profile;
pub use error::{MissingDirective, ProfileError};
pub use settings::Settings;
pub use value::{Directive, Remote, Value, quoted};
pub use verdict::{RefusalReason, Ruling, Verdict};
