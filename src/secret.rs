//! The only types that hold secrets.
//!
//! A [`Secret`] cannot be printed, cloned by accident or serialised; it is wiped when dropped. What a
//! secret was copied from is wiped too, because the whole program runs on an allocator that zeroes
//! what it frees (`main.rs`). The wire has an explicit wrapper of its own (`wire::Sealed`).

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Text that must never reach a terminal, a log, a file or an argument list.
pub struct Secret(SecretString);

impl Secret {
    /// Takes ownership of `text`; no copy of it is left behind.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself. Every call is a place where a secret leaves its type: search for it in review.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// A second copy, for the rare value that two owners need (the agent keeps credentials and
    /// hands them out). Named so that it shows in review.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::new(self.expose())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// Bytes of stack below the caller that [`wipe_stack`] overwrites: deeper than the parsers reach. Without
/// optimisation frames are several times larger.
const STACK: usize = if cfg!(debug_assertions) { 512 } else { 96 } * 1024;

/// Overwrites the stack below the caller. Code that searches text sixteen to sixty-four bytes at a time (memchr,
/// base64) leaves the last pieces there, where no allocator wipes them.
#[inline(never)]
pub fn wipe_stack() {
    let mut below = [0_u8; STACK];
    std::hint::black_box(&mut below);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_secret_does_not_show_it() {
        let secret = Secret::new("canary");
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret)),
            "[redacted] Some(\n    [redacted],\n)"
        );
    }
}
