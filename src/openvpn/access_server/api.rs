//! `/api/token-url` of Access Server 3.x, which returns the address of a profile.
//!
//! Known only from OpenVPN's release notes and public clients: neither the sign-ins that it accepts
//! nor the fields of its answer are documented. So the cookies of the SAML sign-in are sent with
//! the request, and any string of the answer that is a [`OneTimeAddress`] is accepted.

use serde_json::{Value, json};

use super::address::{OneTimeAddress, VpnHosts};
use super::error::{AccessServerError, DEEP_LINK};
use crate::secret::Secret;

/// The path where a signed-in user asks for the address of a profile.
pub const TOKEN_URL_PATH: &str = "/api/token-url";

/// Returns the JSON body of the request for a user-locked profile (`userlogin`) of `username`.
pub fn token_url_request(username: &str) -> Secret {
    Secret::new(json!({ "profile_type": "userlogin", "username": username }).to_string())
}

/// Returns the first address in the answer.
///
/// # Errors
/// [`AccessServerError`] if it does not lead to the configured VPN's endpoint.
pub fn token_url(
    body: &[u8],
    hosts: &VpnHosts,
) -> Result<Option<OneTimeAddress>, AccessServerError> {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut open = vec![&answer];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.starts_with("https://") => {
                return OneTimeAddress::parse(text, hosts).map(Some);
            }
            Value::String(text) if text.starts_with(DEEP_LINK) => {
                return OneTimeAddress::find(text, hosts);
            }
            Value::Array(values) => open.extend(values),
            Value::Object(values) => open.extend(values.values()),
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_found_anywhere_and_must_be_the_vpns() {
        let token = "abcDEF0123456789abcDEF0123456789";
        let own = format!("https://vpn.acme.com/rest/GetProfileViaToken?token={token}");
        let hosts = VpnHosts::new("vpn.acme.com");
        let read = |body: Value| token_url(body.to_string().as_bytes(), &hosts);
        for body in [
            json!({ "url": own }),
            json!([{ "data": { "token_url": own } }]),
            json!(format!("{DEEP_LINK}{own}")),
        ] {
            let address = read(body).unwrap().unwrap();
            assert_eq!(address.address().expose(), own);
        }
        for body in [
            json!(null),
            json!({ "url": "http://x" }),
            json!([1, true, {}]),
        ] {
            assert_eq!(read(body).unwrap(), None);
        }
        let elsewhere = own.replace("acme", "evil");
        assert!(read(json!({ "url": elsewhere })).is_err());
        assert!(read(json!({ "url": "https://vpn.acme.com/other" })).is_err());
        assert_eq!(token_url(b"<html>", &hosts).unwrap(), None);
    }
}
