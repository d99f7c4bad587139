//! Responses of the OAuth endpoints.

use serde_json::Value;

use super::error::OauthError;
use crate::okta::json;

/// The path of the token endpoint.
pub(super) const TOKEN: &str = "/oauth2/v1/token";

/// Parses the JSON of a response.
///
/// # Errors
/// The refusal of any status but 200.
pub(super) fn parse(
    http_status: u16,
    content_type: &str,
    body: &[u8],
) -> Result<Value, OauthError> {
    match json::parse(content_type, body) {
        Ok(answer) if http_status == 200 => Ok(answer),
        Ok(answer) => Err(OauthError::from_value(http_status, &answer)),
        Err(_) if http_status != 200 => Err(OauthError::HttpStatus(http_status)),
        Err(error) => Err(error.into()),
    }
}
