//! Secrets in ten disguises, and a search for all of them at once.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The fewest bytes of a disguise that are no coincidence: eight digits, or twelve of base64
/// that hide nine.
const SHORTEST: usize = 8;
const SHORTEST_BASE64: usize = 12;

/// A secret in one disguise.
struct Needle {
    kind: String,
    disguise: &'static str,
    bytes: Vec<u8>,
}

pub(super) struct Needles {
    all: Vec<Needle>,
    /// By their first two bytes: where in `all`.
    by_start: Vec<Vec<usize>>,
}

/// What was found.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) kind: String,
    pub(super) disguise: &'static str,
}

impl Needles {
    pub(super) fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all: Vec<Needle> = Vec::new();
        for (kind, secret) in secrets {
            // Six digits stand everywhere by chance; a passcode is dead once it was used.
            if kind == "passcode" {
                continue;
            }
            // Of a long one, a part betrays it: what is in the middle is in no two of them.
            let bytes = secret.as_bytes();
            let part = &bytes[bytes.len().saturating_sub(48) / 2..][..bytes.len().min(48)];
            for (disguise, bytes) in disguises(part) {
                // Of a short one, a few groups of base64 stand in a certificate by chance.
                let shortest = match disguise.starts_with("base64") {
                    true => SHORTEST_BASE64,
                    false => SHORTEST,
                };
                if bytes.len() < shortest {
                    continue;
                }
                if !all.iter().any(|known| known.bytes == bytes) {
                    let kind = kind.clone();
                    all.push(Needle {
                        kind,
                        disguise,
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

    /// Every secret in `text`, each disguise once.
    pub(super) fn in_bytes(&self, text: &[u8]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for (place, pair) in text.windows(2).enumerate() {
            for &index in &self.by_start[start(pair)] {
                let needle = &self.all[index];
                if text[place..].starts_with(&needle.bytes) {
                    let (kind, disguise) = (needle.kind.clone(), needle.disguise);
                    hits.push(Hit { kind, disguise });
                }
            }
        }
        hits.sort();
        hits.dedup();
        hits
    }

    /// How often any secret stands in `text`.
    pub(super) fn count(&self, text: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, pair) in text.windows(2).enumerate() {
            for &index in &self.by_start[start(pair)] {
                let needle = &self.all[index];
                if text[place..].starts_with(&needle.bytes) {
                    found.push(format!("{} {}", needle.kind, needle.disguise));
                }
            }
        }
        found
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// The ten ways in which a secret is searched for.
pub(super) fn disguises(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
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
    // In the middle of a longer text, the first bytes share a group with what is before.
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
fn each_disguise_is_seen_through() {
    let secret = "canary-a+b/c=\"d\"\\e-1234567890";
    let needles = Needles::new([("kind".to_owned(), secret.to_owned())]);
    for (disguise, bytes) in disguises(secret.as_bytes()) {
        let text = [b"before ", &bytes[..], b" after"].concat();
        let hits = needles.in_bytes(&text);
        assert!(hits.iter().any(|hit| hit.kind == "kind"), "{disguise}");
    }
    assert_eq!(needles.in_bytes(b"nothing to see, canary-a+b/c here"), []);
    for before in ["", "x", "xy"] {
        let hidden = STANDARD_NO_PAD.encode(format!("{before}{secret} and more"));
        assert_eq!(needles.in_bytes(hidden.as_bytes()).len(), 1, "{before:?}");
    }
}
