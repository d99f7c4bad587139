//! Recognisable secrets. Every password, token and key of the sandbox is made or recorded here, so
//! that a test can search a disk, a log or a core for all of them. Values are unique per sandbox;
//! nothing else in the crate draws random numbers.

use std::sync::{Mutex, PoisonError};

use ring::rand::{SecureRandom, SystemRandom};

/// Letters that need no quoting anywhere.
pub(crate) const ALPHANUMERIC: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/// The alphabet of base32 (RFC 4648), also that of AWS access key ids.
pub(crate) const BASE32: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// The alphabet of base64 (RFC 4648).
pub(crate) const BASE64: &[u8] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Every secret of one sandbox: its kind and its value.
#[derive(Debug, Default)]
pub(crate) struct Canaries {
    issued: Mutex<Vec<(String, String)>>,
}

impl Canaries {
    /// Makes a secret `PREFIXcanary-KIND-…` of that kind and records it.
    pub(crate) fn issue(&self, kind: &str, prefix: &str) -> String {
        let value = format!("{prefix}canary-{kind}-{}", random(ALPHANUMERIC, 24));
        self.note(kind, &value);
        value
    }

    /// Makes a secret of digits, as tokens and text messages have, and records it.
    pub(crate) fn digits(&self, kind: &str, length: usize) -> String {
        let value = random(b"0123456789", length);
        self.note(kind, &value);
        value
    }

    /// Makes a secret in the alphabet of YubiKeys and records it.
    pub(crate) fn modhex(&self, kind: &str, length: usize) -> String {
        let value = random(b"cbdefghijklnrtuv", length);
        self.note(kind, &value);
        value
    }

    /// Records a secret made elsewhere.
    pub(crate) fn note(&self, kind: &str, value: &str) {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if !issued.iter().any(|(_, known)| known == value) {
            issued.push((kind.to_owned(), value.to_owned()));
        }
    }

    /// Returns the secrets so far, oldest first.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        self.issued
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// `length` letters of `alphabet`.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let mut bytes = vec![0_u8; length];
    // Without random numbers the canary is weaker, and the test still runs.
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_canaries_of_a_kind_differ_and_both_are_remembered() {
        let canaries = Canaries::default();
        let (one, two) = (canaries.issue("sid", "102"), canaries.issue("sid", "102"));
        assert_ne!(one, two);
        assert!(one.starts_with("102canary-sid-"));
        assert_eq!(canaries.all().len(), 2);
        canaries.note("sid", &one);
        assert_eq!(canaries.all().len(), 2);
    }
}
