//! Text with bytes that are not UTF-8: private characters stand for them, so that a file in Latin-1
//! can be read and written back byte for byte.

use thiserror::Error;
use zeroize::Zeroizing;

/// Added to a byte from 80 to FF, the character that stands for it: the end of the last private
/// plane.
const STAND_IN_BASE: u32 = 0x10_FF00;

/// Why bytes are not the text of an INI file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotText {
    #[error("it is UTF-16 text: `iconv -f utf-16 -t utf-8` converts it")]
    Utf16,
    #[error("line {0}: a private character of Unicode, which no tool writes")]
    Private(usize),
}

/// Returns the text of `bytes`; each byte that is not UTF-8 becomes a character for which
/// [`is_undecoded`] holds.
///
/// # Errors
/// When it is UTF-16, or has such characters already.
pub fn decode(bytes: &[u8]) -> Result<Zeroizing<String>, NotText> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(NotText::Utf16);
    }
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 4));
    for chunk in bytes.utf8_chunks() {
        if let Some(at) = chunk.valid().find(is_undecoded) {
            let before = text.matches('\n').count() + chunk.valid()[..at].matches('\n').count();
            return Err(NotText::Private(before + 1));
        }
        text.push_str(chunk.valid());
        let invalid = chunk.invalid().iter();
        text.extend(invalid.filter_map(|byte| char::from_u32(STAND_IN_BASE + u32::from(*byte))));
    }
    Ok(text)
}

/// Returns the bytes of which [`decode`] made `text`.
pub fn encode(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for c in text.chars() {
        match u8::try_from(u32::from(c).wrapping_sub(STAND_IN_BASE)) {
            Ok(byte) if is_undecoded(c) => bytes.push(byte),
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// Whether `c` stands for a byte that is not UTF-8.
pub fn is_undecoded(c: char) -> bool {
    (STAND_IN_BASE + 0x80..=STAND_IN_BASE + 0xFF).contains(&u32::from(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn latin_1_bytes_become_private_characters() {
        let text = decode(b"# f\xfcr\nx = \xe9").unwrap();
        assert_eq!(text.chars().filter(|c| is_undecoded(*c)).count(), 2);
        assert_eq!(encode(&text).as_slice(), b"# f\xfcr\nx = \xe9");
    }

    #[test]
    fn utf_16_and_private_characters_are_refused() {
        assert_eq!(decode(b"\xff\xfe[\0d\0"), Err(NotText::Utf16));
        let private = "a\nb \u{10ffe9}".as_bytes();
        assert_eq!(decode(private), Err(NotText::Private(2)));
    }

    proptest! {
        #[test]
        fn encode_reverses_decode(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            if let Ok(text) = decode(&bytes) {
                prop_assert_eq!(encode(&text).to_vec(), bytes);
            }
        }
    }
}
