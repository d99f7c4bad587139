//! The typed values of allowed directives, and how they are written.
//!
//! A byte of the server's reaches openvpn only through these types: as a host name of its
//! characters, a number in its range, or a quoted text without control characters. `grammar.rs`
//! parses them. Blocks of keys are in `block.rs`.

use std::fmt;

use crate::openvpn::challenge::StaticChallenge;

/// An allowed directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The name in the table of directives.
    pub name: &'static str,
    pub value: Value,
}

/// The value of an allowed directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Flag,
    Numbers(Vec<u32>),
    /// Words of a closed list or of a small set of characters.
    Words(Vec<String>),
    Remote(Remote),
    /// A question for the user and its flags (`static-challenge`).
    Challenge(StaticChallenge),
    /// A quoted text between words (`verify-x509-name`, `pull-filter`).
    Quoted(Vec<String>),
}

/// A server of the VPN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// A host name or an address, as it may stand in a certificate.
    pub host: String,
    /// `None` means the profile's `port`, or 1194.
    pub port: Option<u16>,
    /// `None` means the profile's `proto`, or udp.
    pub protocol: Option<&'static str>,
}

impl Value {
    pub(super) fn words(words: &[&str]) -> Self {
        Self::Words(words.iter().map(|word| (*word).to_owned()).collect())
    }
}

impl fmt::Display for Directive {
    /// Writes one line of a canonical profile, without its line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match &self.value {
            Value::Flag => Ok(()),
            Value::Numbers(numbers) => numbers.iter().try_for_each(|n| write!(f, " {n}")),
            Value::Words(words) => words.iter().try_for_each(|word| write!(f, " {word}")),
            Value::Remote(remote) => {
                write!(f, " {}", remote.host)?;
                if let Some(port) = remote.port {
                    write!(f, " {port}")?;
                }
                remote
                    .protocol
                    .map_or(Ok(()), |protocol| write!(f, " {protocol}"))
            }
            Value::Challenge(challenge) => {
                let flags = u8::from(challenge.echo) + 2 * u8::from(challenge.concatenate);
                write!(f, " {} {flags}", quoted(&challenge.text))
            }
            Value::Quoted(words) => words
                .iter()
                .try_for_each(|word| write!(f, " {}", quoted(word))),
        }
    }
}

/// Quotes `text`, which has no control characters, as one word for openvpn.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}
