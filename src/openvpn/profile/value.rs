//! The typed values of allowed directives, and how openvpn reads them.
//!
//! Whatever is written is made from these types, so a byte of the server's reaches openvpn only where
//! a type holds it: a host name of its characters, a number of its range, a quoted text without control
//! characters. How they are read is `grammar.rs`; blocks of keys are `block.rs`.

use std::fmt::{self, Write as _};

/// One allowed directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The table's spelling.
    pub name: &'static str,
    pub value: Value,
}

/// What an allowed directive says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Flag,
    Numbers(Vec<u32>),
    /// Words of a closed list or of a narrow set of characters.
    Words(Vec<String>),
    Remote(Remote),
    /// A text for a person and a number of flags (`static-challenge`).
    Challenge(StaticChallenge),
    /// A quoted text between words (`verify-x509-name`, `pull-filter`).
    Quoted(Vec<String>),
}

/// A server to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// A host name or an address, as it may stand in a certificate.
    pub host: String,
    /// `None`: the profile's `port`, or 1194.
    pub port: Option<u16>,
    /// `None`: the profile's `proto`, or udp.
    pub protocol: Option<&'static str>,
}

/// A question that is asked together with the password (`static-challenge TEXT FLAGS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticChallenge {
    /// The server's words.
    pub text: String,
    /// Whether the answer may be seen while it is typed.
    pub echo: bool,
    /// Whether password and answer are sent as one text instead of as `SCRV1`.
    pub concatenate: bool,
}

impl fmt::Display for Directive {
    /// One line of a canonical profile, without its line feed.
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

/// `text` as one word of OpenVPN's, whatever is in it but a control character.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        let _ = out.write_char(c);
    }
    out.push('"');
    out
}
