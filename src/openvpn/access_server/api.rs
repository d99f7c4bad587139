//! The door of Access Server 3.x: `/api/token-url` gives the address of a profile.
//!
//! From OpenVPN's release notes and public clients, and from no more than that: which sign-ins it takes besides a
//! password's token and what its answer is called are not documented. So the cookies of the SAML sign-in go with it, and an
//! address is taken wherever in the answer it stands, if it is one of [`OneTimeAddress`].

use serde_json::{Value, json};

use super::AccessServerError;
use super::address::{DEEP_LINK, OneTimeAddress, VpnHosts};
use crate::secret::Secret;

/// Where a signed-in user asks for the address of a profile.
pub const TOKEN_URL_PATH: &str = "/api/token-url";

/// What is asked there for `username`: a profile that is locked to them.
pub fn token_url_request(username: &str) -> Secret {
    Secret::new(json!({ "profile_type": "userlogin", "username": username }).to_string())
}

/// The address in the answer; `None` where there is none.
///
/// # Errors
/// When there is one that leads elsewhere than to the configured VPN's door.
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
    fn an_address_is_taken_wherever_it_stands_and_only_if_it_is_the_vpns() {
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
