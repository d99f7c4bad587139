//! The types that hold secrets.
//!
//! A [`Secret`] cannot be printed, cloned by accident or serialised, and is wiped when dropped. The
//! values that it was copied from are wiped too: the allocator wipes what it frees (`main.rs`). The
//! wire has a wrapper of its own (`wire::SecretText`).

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Text that must not reach a terminal, a log, a file or an argument list.
pub struct Secret(SecretString);

impl Secret {
    /// Takes ownership of `text` without leaving a copy.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Returns the text. Each call is a place where a secret leaves its type: search for it in
    /// reviews.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Copies the secret, for the few values that have two owners. The name makes copies visible in
    /// reviews.
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

/// Bytes of stack that [`wipe_stack`] overwrites: deeper than the parsers reach. Frames are several
/// times larger without optimisation.
const STACK: usize = if cfg!(debug_assertions) { 512 } else { 96 } * 1024;

/// Overwrites the stack below the caller. Searches that read sixteen to sixty-four bytes at a time
/// (memchr, base64) leave their last piece there, where no allocator wipes it.
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
