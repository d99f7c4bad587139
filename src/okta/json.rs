//! JSON of Okta's APIs.
//!
//! Members are read by name from a [`Value`]: an unexpected type of a member that is not needed
//! must not fail the response. Size and content type are checked first; serde_json limits nesting
//! to 128.

use serde_json::Value;
use thiserror::Error;

use crate::report::{ErrorCode, Report};

pub(super) const MAX_BODY_BYTES: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonError {
    #[error("the answer is larger than 256 KiB")]
    TooLarge,
    #[error("the answer is a web page, not data")]
    IsHtml,
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the JSON is not what Okta's API returns")]
    Shape,
}

impl From<JsonError> for Report {
    fn from(error: JsonError) -> Self {
        let code = match error {
            JsonError::TooLarge => ErrorCode::OktaJsonTooLarge,
            JsonError::IsHtml => ErrorCode::OktaJsonIsHtml,
            JsonError::NotJson => ErrorCode::OktaJsonNotJson,
            JsonError::Shape => ErrorCode::OktaJsonShape,
        };
        Self::new(
            code,
            "the answer does not come from Okta's API",
        )
        .cause(error)
        .hint(
            "check the org's address with `ob config check`, and whether a proxy or a sign-in page \
             of your network answers instead",
        )
    }
}

/// Parses a JSON body.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Result<Value, JsonError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(JsonError::TooLarge);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let starts_as_markup = body.trim_ascii_start().first() == Some(&b'<');
    if starts_as_markup || kind.eq_ignore_ascii_case("text/html") {
        return Err(JsonError::IsHtml);
    }
    serde_json::from_slice(body).map_err(|_| JsonError::NotJson)
}

/// Returns the member's text, `None` if it is empty or no text.
pub(super) fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value[member].as_str().filter(|text| !text.is_empty())
}

/// Returns the text at a JSON pointer, `None` if it is empty or no text.
pub(super) fn text_at<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    let text = value.pointer(pointer)?.as_str()?;
    Some(text).filter(|text| !text.is_empty())
}

/// Returns the elements of an array, nothing if `value` is no array.
pub(super) fn elements(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
