//! Time-based one-time passwords: RFC 6238 over HMAC-SHA-1, six digits, steps of 30 seconds, which
//! is what Okta Verify and Google Authenticator show.

use ring::hmac;

/// Length of a step in seconds.
pub(crate) const STEP_SECONDS: u64 = 30;

/// The code of the step that contains `epoch`.
pub(crate) fn code(secret: &[u8], epoch: u64) -> String {
    format!("{:06}", truncated(secret, epoch / STEP_SECONDS) % 1_000_000)
}

/// The code of a step counted from the epoch.
pub(crate) fn code_of_step(secret: &[u8], step: u64) -> String {
    code(secret, step * STEP_SECONDS)
}

/// Decodes a shared secret as authenticator apps write it (base32, RFC 4648, padding optional).
pub(crate) fn decode_secret(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.trim_end_matches('=').bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// Dynamic truncation (RFC 4226, 5.3).
fn truncated(secret: &[u8], counter: u64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes[bytes.len() - 1] & 0x0f);
    let word = [
        bytes[offset] & 0x7f,
        bytes[offset + 1],
        bytes[offset + 2],
        bytes[offset + 3],
    ];
    u32::from_be_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // The appendix prints eight digits; six are the last six of them.
        for (epoch, eight) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(SECRET, epoch), eight[2..], "at {epoch}");
        }
    }

    #[test]
    fn a_shared_secret_is_base32() {
        assert_eq!(
            decode_secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").as_deref(),
            Some(SECRET)
        );
        assert_eq!(decode_secret("not base32!"), None);
    }
}
