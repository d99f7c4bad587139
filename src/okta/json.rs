//! Okta's JSON: an object, or a named reason why not.
//!
//! Members are read by name from a [`Value`]: an unexpected type of a member that nobody needs must not
//! spoil the answer. The size, the kind of body and the nesting (128, serde_json's own limit) are checked first.

use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::report::{Exit, Report};

/// The largest answer of an Okta API that is read, in bytes.
pub(super) const LARGEST: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonError {
    #[error("the answer is larger than 256 KiB")]
    TooLarge,
    #[error("the answer is a web page, not data")]
    IsHtml,
    #[error("the answer is not JSON")]
    NotJson,
    #[error("the answer is JSON of another shape")]
    Shape,
}

impl From<JsonError> for Report {
    fn from(error: JsonError) -> Self {
        let name = match error {
            JsonError::TooLarge => "okta.json.too_large",
            JsonError::IsHtml => "okta.json.is_html",
            JsonError::NotJson => "okta.json.not_json",
            JsonError::Shape => "okta.json.shape",
        };
        Self::new(Exit::Failed, name, "the answer does not come from Okta's API")
            .cause(error)
            .hint("check the org's address with `ob config check`, and whether a proxy or a sign-in page of your network answers instead")
    }
}

/// Reads a body that should be JSON.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Result<Value, JsonError> {
    if body.len() > LARGEST {
        return Err(JsonError::TooLarge);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let starts_as_markup = body.trim_ascii_start().first() == Some(&b'<');
    if starts_as_markup || kind.eq_ignore_ascii_case("text/html") {
        return Err(JsonError::IsHtml);
    }
    serde_json::from_slice(body).map_err(|_| JsonError::NotJson)
}

/// The text of a member, if it is text and not empty.
pub(super) fn text<'a>(value: &'a Value, member: &str) -> Option<&'a str> {
    value[member].as_str().filter(|text| !text.is_empty())
}

/// The text at the end of a path of members.
pub(super) fn text_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value
        .pointer(path)?
        .as_str()
        .filter(|text| !text.is_empty())
}

/// What people know a host by, for messages: never the path or the query, which may carry a secret.
pub(super) fn host_of(href: &str) -> String {
    Url::parse(href)
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_else(|| "no address".to_owned())
}
