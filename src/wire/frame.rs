//! Frames: a length of four bytes, big endian, then that many bytes of JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use zeroize::Zeroizing;

/// Size of the length field in bytes.
pub const HEADER: usize = 4;
/// Size limit in bytes of a frame's JSON, without its length, to the agent.
pub const TO_AGENT_MAX: usize = 64 * 1024;
/// Size limit of the answer to the agent's request for CA certificates.
pub const TO_AGENT_WITH_CERTIFICATES_MAX: usize = 1024 * 1024;
/// Size limit of a frame from the agent.
pub const FROM_AGENT_MAX: usize = 1024 * 1024;

/// Why bytes are no valid frame. Never quotes them: they may hold a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FrameError {
    #[error("the frame is empty")]
    Empty,
    #[error("the frame is longer than {limit} bytes")]
    TooLong { limit: usize },
    #[error("the frame is not a message of this protocol")]
    NotAMessage,
}

/// Encodes one message, with its length.
///
/// # Errors
/// [`FrameError::TooLong`] if the message is longer than `limit` bytes, and
/// [`FrameError::NotAMessage`] if it cannot be serialised.
pub fn encode(message: &impl Serialize, limit: usize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut bytes = Zeroizing::new(vec![0; HEADER]);
    serde_json::to_writer(&mut *bytes, message).map_err(|_| FrameError::NotAMessage)?;
    let length = bytes.len() - HEADER;
    match u32::try_from(length) {
        Ok(header) if length <= limit => bytes[..HEADER].copy_from_slice(&header.to_be_bytes()),
        _ => return Err(FrameError::TooLong { limit }),
    }
    Ok(bytes)
}

/// Returns the length that `header` announces, checked before a byte of the body is read.
///
/// # Errors
/// [`FrameError::Empty`] or [`FrameError::TooLong`].
pub fn body_length(header: [u8; HEADER], limit: usize) -> Result<usize, FrameError> {
    match usize::try_from(u32::from_be_bytes(header)) {
        Ok(0) => Err(FrameError::Empty),
        Ok(length) if length <= limit => Ok(length),
        _ => Err(FrameError::TooLong { limit }),
    }
}

/// Decodes the one message of a frame's body.
///
/// # Errors
/// [`FrameError::NotAMessage`] if it is not exactly one message of type `T`.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(|_| FrameError::NotAMessage)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Answer, FromAgent, Request, SecretText, ToAgent};

    #[test]
    fn message_round_trips() {
        let frame = encode(
            &ToAgent::Answer(Answer::Password(SecretText(crate::secret::Secret::new(
                "p\"\u{1}ß",
            )))),
            TO_AGENT_MAX,
        )
        .unwrap();
        let (header, body) = frame.split_first_chunk::<HEADER>().unwrap();
        assert_eq!(body_length(*header, TO_AGENT_MAX), Ok(body.len()));
        match decode::<ToAgent>(body).unwrap() {
            ToAgent::Answer(Answer::Password(password)) => {
                assert_eq!(password.0.expose(), "p\"\u{1}ß");
            }
            _ => panic!("another message came out"),
        }
    }

    #[test]
    fn lengths_are_checked_before_the_body() {
        for (length, expected) in [
            (0u32, Err(FrameError::Empty)),
            (1, Ok(1)),
            (65_536, Ok(65_536)),
            (
                65_537,
                Err(FrameError::TooLong {
                    limit: TO_AGENT_MAX,
                }),
            ),
            (
                1 << 31,
                Err(FrameError::TooLong {
                    limit: TO_AGENT_MAX,
                }),
            ),
            (
                u32::MAX,
                Err(FrameError::TooLong {
                    limit: TO_AGENT_MAX,
                }),
            ),
        ] {
            assert_eq!(body_length(length.to_be_bytes(), TO_AGENT_MAX), expected);
        }
    }

    #[test]
    fn invalid_message_is_refused_without_an_echo() {
        for body in [
            &b"{}"[..],
            b"null",
            b"{\"Request\":{\"request\":\"Steal\"}}",
            b"{\"Request\":{\"request\":\"Stop\"}} {\"Request\":{\"request\":\"Stop\"}}",
            b"{\"Request\":{\"request\":{\"Stop\":1,\"x\":2}}}",
            b"{\"Request\":{\"request\":\"Stop\",\"x\":2}}",
            b"\xff\xfe",
            b"[[[[[[[[[[[[",
        ] {
            assert_eq!(decode::<ToAgent>(body).err(), Some(FrameError::NotAMessage));
        }
        let nested = [b"{\"Answer\":".repeat(200), b"1".to_vec()].concat();
        assert_eq!(
            decode::<ToAgent>(&nested).err(),
            Some(FrameError::NotAMessage)
        );
        match decode::<ToAgent>(b"{\"Request\":{\"request\":\"Stop\"}}").unwrap() {
            ToAgent::Request { request, route } => {
                assert!(matches!(*request, Request::Stop) && route.is_none());
            }
            _ => panic!("another message came out"),
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_an_error(
            body in proptest::collection::vec(any::<u8>(), 0..512),
        ) {
            let _ = decode::<ToAgent>(&body);
            let _ = decode::<FromAgent>(&body);
        }
    }
}
