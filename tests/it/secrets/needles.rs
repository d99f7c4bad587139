//! Secrets in ten encodings, and a search for all of them at once.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shortest encoding, in bytes, that is no coincidence: eight digits, or twelve characters of
/// base64, which encode nine.
const MIN_BYTES: usize = 8;
const MIN_BASE64_BYTES: usize = 12;

/// A secret in one encoding.
struct Needle {
    kind: String,
    encoding: &'static str,
    bytes: Vec<u8>,
}

pub(super) struct Needles {
    all: Vec<Needle>,
    /// Indexes into `all` by the first two bytes.
    by_start: Vec<Vec<usize>>,
}

/// A secret that was found.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) kind: String,
    pub(super) encoding: &'static str,
}

impl Needles {
    pub(super) fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all: Vec<Needle> = Vec::new();
        for (kind, secret) in secrets {
            // Six digits occur everywhere by chance; a used passcode is worthless.
            if kind == "passcode" {
                continue;
            }
            // A part of a long secret reveals it; the middle is unique.
            let bytes = secret.as_bytes();
            let part = &bytes[bytes.len().saturating_sub(48) / 2..][..bytes.len().min(48)];
            for (encoding, bytes) in encodings(part) {
                // A few groups of base64 of a short secret occur in certificates by chance.
                let min_bytes = match encoding.starts_with("base64") {
                    true => MIN_BASE64_BYTES,
                    false => MIN_BYTES,
                };
                if bytes.len() < min_bytes {
                    continue;
                }
                if !all.iter().any(|known| known.bytes == bytes) {
                    let kind = kind.clone();
                    all.push(Needle {
                        kind,
                        encoding,
                        bytes,
                    });
                }
            }
        }
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (place, needle) in all.iter().enumerate() {
            by_start[start(&needle.bytes)].push(place);
        }
        Self { all, by_start }
    }

    /// Returns every secret in `text`, each encoding once.
    pub(super) fn in_bytes(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (place, pair) in text.windows(2).enumerate() {
            for &index in &self.by_start[start(pair)] {
                let needle = &self.all[index];
                if text[place..].starts_with(&needle.bytes) {
                    let (kind, encoding) = (needle.kind.clone(), needle.encoding);
                    hits.push(Hit { kind, encoding });
                }
            }
        }
        hits.sort();
        hits.dedup();
        hits
    }

    /// Returns every occurrence of a secret in `text`.
    pub(super) fn count(&self, text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, pair) in text.windows(2).enumerate() {
            for &index in &self.by_start[start(pair)] {
                let needle = &self.all[index];
                if text[place..].starts_with(&needle.bytes) {
                    found.push(format!("{} {}", needle.kind, needle.encoding));
                }
            }
        }
        found
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Returns the encodings in which a secret is searched for.
pub(super) fn encodings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(secret);
    let each = |plain: fn(char) -> bool, write: fn(char) -> String| -> Vec<u8> {
        let written = text
            .chars()
            .map(|c| if plain(c) { c.to_string() } else { write(c) });
        written.collect::<String>().into_bytes()
    };
    let mut hex = String::new();
    for byte in secret {
        let _ = write!(hex, "{byte:02x}");
    }
    // Within a longer text, the first bytes share a group with the bytes before.
    let aligned = |skip: usize| {
        let rest = &secret[skip..];
        &rest[..rest.len() / 3 * 3]
    };
    vec![
        ("raw", secret.to_vec()),
        ("base64", STANDARD_NO_PAD.encode(aligned(0)).into_bytes()),
        ("base64+1", STANDARD_NO_PAD.encode(aligned(1)).into_bytes()),
        ("base64+2", STANDARD_NO_PAD.encode(aligned(2)).into_bytes()),
        ("base64url", URL_SAFE_NO_PAD.encode(aligned(0)).into_bytes()),
        ("hex", hex.clone().into_bytes()),
        ("HEX", hex.to_uppercase().into_bytes()),
        (
            "percent",
            each(
                |c| c.is_ascii_alphanumeric() || "-._~".contains(c),
                |c| format!("%{:02X}", u32::from(c)),
            ),
        ),
        ("json", each(|c| !"\"\\/".contains(c), |c| format!("\\{c}"))),
        (
            "html",
            each(
                |c| c.is_ascii_alphanumeric() || "-._".contains(c),
                |c| format!("&#x{:x};", u32::from(c)),
            ),
        ),
        (
            "utf16",
            text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        ),
    ]
}

#[test]
fn each_encoding_is_recognised() {
    let secret = "canary-a+b/c=\"d\"\\e-1234567890";
    let needles = Needles::new([("kind".to_owned(), secret.to_owned())]);
    for (encoding, bytes) in encodings(secret.as_bytes()) {
        let text = [b"before ", &bytes[..], b" after"].concat();
        let hits = needles.in_bytes(&text);
        assert!(hits.iter().any(|hit| hit.kind == "kind"), "{encoding}");
    }
    assert_eq!(needles.in_bytes(b"nothing to see, canary-a+b/c here"), []);
    for before in ["", "x", "xy"] {
        let hidden = STANDARD_NO_PAD.encode(format!("{before}{secret} and more"));
        assert_eq!(needles.in_bytes(hidden.as_bytes()).len(), 1, "{before:?}");
    }
}
