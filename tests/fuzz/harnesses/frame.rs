//! Frames of the agent's socket: the length is checked before the body, a body is one message.

use ob::wire::{
    FROM_AGENT_MAX, FromAgent, HEADER, TO_AGENT_MAX, ToAgent, body_length, decode, encode,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "frame",
    dictionary: &[
        "{\"Hello\":{\"protocol\":1,\"build\":\"0.1.0\"}}",
        "{\"Request\":{\"request\":",
        "\"route\":{\"proxy\":{\"url\":\"x\",\"address\":\"x\"}}",
        "{\"Answer\":",
        "{\"Notice\":",
        "{\"Ask\":",
        "{\"Reply\":",
        "\"Stop\"",
        "\"Status\"",
        "\"Nobody\"",
        "\"StillWaiting\"",
        "\"CaCertificates\"",
        "{\"SignOut\":{\"scope\":\"Everything\",\"routes\":{}}}",
        "{\"Password\":\"canary\"}",
        "{\"Passcode\":\"1\\u0032\"}",
        "{\"Factor\":",
        "{\"Role\":0}",
        "{\"Doing\":\"x\"}",
        "{\"PushAgain\":true}",
        "{\"choices\":[]}",
        "{\"Failed\":{\"exit\":\"Usage\",\"name\":\"a\",\"summary\":\"b\",\
         \"causes\":[],\"hints\":[]}}",
        "{\"Status\":{\"pid\":1}}",
        "\"Stopping\"",
        "18446744073709551616",
        "1e999",
        "-1",
        "null",
        "[[[[[[[[",
        "\"\\ud800\"",
        "{",
        "}",
        "}}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        " ",
    ],
    templates: &[
        ("{\"Request\":{\"request\":", "}}"),
        ("{\"Notice\":", "}"),
        ("{\"Answer\":", "}"),
    ],
    target,
};

fn target(bytes: &[u8]) {
    if let Some((header, body)) = bytes.split_first_chunk::<HEADER>() {
        for limit in [TO_AGENT_MAX, FROM_AGENT_MAX] {
            if let Ok(length) = body_length(*header, limit) {
                assert!((1..=limit).contains(&length), "{length} of at most {limit}");
                if let Some(body) = body.get(..length) {
                    check_body(body);
                }
            }
        }
    }
    check_body(bytes);
}

fn check_body(body: &[u8]) {
    check_roundtrip::<ToAgent>(body, TO_AGENT_MAX);
    check_roundtrip::<FromAgent>(body, FROM_AGENT_MAX);
}

/// Asserts that an accepted message survives re-encoding and that a refusal quotes no input.
fn check_roundtrip<T: Serialize + DeserializeOwned>(body: &[u8], limit: usize) {
    match decode::<T>(body) {
        Ok(message) => {
            let frame = encode(&message, limit).expect("an accepted message fits the limit");
            let (header, written) = frame.split_first_chunk::<HEADER>().expect("a header");
            assert_eq!(body_length(*header, limit), Ok(written.len()));
            let again: T = decode(written).expect("an encoded message decodes");
            let frame_again = encode(&again, limit).expect("it encodes again");
            assert_eq!(*frame, *frame_again);
        }
        Err(error) => assert!(!format!("{error:?} {error}").contains("canary")),
    }
}
