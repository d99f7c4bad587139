//! The challenge and the answer of a security key, and the messages to the process that uses it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::wire::SecretText;

/// What a key of the client must sign. Bytes are base64url.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyChallenge {
    /// The org's host or a parent domain.
    pub rp_id: String,
    /// The org's U2F app id, tried if no key knows `rp_id`.
    pub app_id: Option<String>,
    /// The text whose hash is signed. It contains the org's origin.
    pub client_data: String,
    pub credential_ids: Vec<String>,
    pub pin: PinUse,
    /// Seconds within which the key must be touched.
    pub seconds: u64,
}

/// Whether the key must verify its user (WebAuthn `userVerification`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PinUse {
    Required,
    /// If the key has a PIN or a fingerprint.
    Preferred,
    Discouraged,
}

/// A key's answer. Bytes are base64url.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySigned {
    pub credential_id: String,
    pub authenticator_data: String,
    pub signature: SecretText,
}

/// Messages to the process that uses the key.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToKey {
    Sign(KeyChallenge),
    Pin(SecretText),
}

/// Messages from the process that uses the key.
#[derive(Debug, Serialize, Deserialize)]
pub enum FromKey {
    /// The PIN is needed. `left` is how many wrong ones the key still accepts.
    Pin {
        left: Option<u32>,
    },
    /// The key waits to be touched.
    Touch,
    Signed(KeySigned),
    Failed(KeyFault),
}

/// Why no key has signed.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum KeyFault {
    #[error("no security key is plugged in")]
    NoKey,
    #[error("the security key may not be opened by you")]
    NoAccess,
    #[error("the security key speaks U2F only; FIDO2 is needed")]
    OnlyU2f,
    #[error("this security key is not set up for you at this org")]
    NotEnrolled,
    #[error("the org wants a PIN, and the security key has none")]
    NoPin,
    #[error("the PIN is wrong{}", tries_left(*.left))]
    WrongPin { left: Option<u32> },
    #[error("the security key takes no PIN any more until it is unplugged")]
    PinPaused,
    #[error("the PIN is blocked")]
    PinBlocked,
    #[error("the security key did not recognise you")]
    NotRecognised,
    #[error("nobody touched the security key in time")]
    TimedOut,
    /// The key's message; foreign text.
    #[error("the security key refuses: {0}")]
    Refused(String),
    #[error("the part of ob that talks to the security key has gone")]
    Gone,
}

/// Formats the remaining tries: `, 3 tries left`.
pub fn tries_left(left: Option<u32>) -> String {
    match left {
        Some(1) => ", 1 try left".to_owned(),
        Some(left) => format!(", {left} tries left"),
        None => String::new(),
    }
}
