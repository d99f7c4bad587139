//! The profile itself, and the older list of downloads that leads to it.

use serde::Deserialize;
use url::Url;

use super::address::VpnHosts;
use super::error::AccessServerError;
use super::fault::Fault;

/// The path of the older JSON list of downloads.
pub const DOWNLOADS_PATH: &str = "/downloads.json";

/// `)]}'` and a line feed, so that no script can read the JSON that follows.
const JSON_GUARD: &str = ")]}'";

/// Returns the address of the user's own profile in the answer to [`DOWNLOADS_PATH`].
///
/// # Errors
/// [`AccessServerError`] if the answer is not that list, or its address leads elsewhere.
pub fn userlocked_download(body: &str, hosts: &VpnHosts) -> Result<Url, AccessServerError> {
    #[derive(Deserialize)]
    struct Downloads {
        #[serde(default)]
        settings: Settings,
        #[serde(rename = "type")]
        kind: Option<String>,
    }
    #[derive(Default, Deserialize)]
    struct Settings {
        userlocked: Option<String>,
    }
    let json = body.strip_prefix(JSON_GUARD).unwrap_or(body).trim_start();
    let downloads: Downloads =
        serde_json::from_str(json).map_err(|_| AccessServerError::Downloads)?;
    if downloads.kind.as_deref() == Some("login-failure") {
        return Err(AccessServerError::NotSignedIn);
    }
    let path = downloads
        .settings
        .userlocked
        .ok_or(AccessServerError::NoProfile)?;
    let base = Url::parse(&format!("https://{}:{}/", hosts.host, hosts.port))
        .map_err(|_| AccessServerError::Address)?;
    let url = base.join(&path).map_err(|_| AccessServerError::Address)?;
    hosts.check(&url)?;
    Ok(url)
}

/// Returns `body` if it can be a profile, judged by its content: each endpoint declares another
/// content type.
///
/// # Errors
/// [`AccessServerError::Fault`] with the server's own error, else the kind of the answer.
pub fn profile_text(status: u16, body: &[u8]) -> Result<&[u8], AccessServerError> {
    let start = body.trim_ascii_start();
    let starts_with_any = |prefixes: &[&str]| {
        prefixes
            .iter()
            .any(|prefix| start.starts_with(prefix.as_bytes()))
    };
    if starts_with_any(&["<?xml", "<Error"]) {
        return Err(AccessServerError::Fault(Fault::parse(body)));
    }
    if status != 200 {
        return Err(AccessServerError::Status(status));
    }
    if start.is_empty() || starts_with_any(&["<!", "<html", "<HTML", "{"]) {
        return Err(AccessServerError::NotAProfile);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> VpnHosts {
        VpnHosts::new("vpn.acme.com")
    }

    #[test]
    fn list_of_downloads_leads_to_the_profile() {
        let read = |body: &str| userlocked_download(body, &hosts()).map(String::from);
        let body = ")]}'\n{\"settings\": {\"userlocked\": \"/profile/userlocked.ovpn\", \
                    \"autologin\": null}}";
        assert_eq!(
            read(body).unwrap(),
            "https://vpn.acme.com/profile/userlocked.ovpn"
        );
        assert_eq!(
            read(")]}'\n{\"type\":\"login-failure\"}"),
            Err(AccessServerError::NotSignedIn)
        );
        assert_eq!(read("{\"settings\":{}}"), Err(AccessServerError::NoProfile));
        assert_eq!(read("<html>"), Err(AccessServerError::Downloads));
        assert!(read("{\"settings\":{\"userlocked\":\"//evil.example/x\"}}").is_err());
        assert!(read("{\"settings\":{\"userlocked\":\"openvpn://x\"}}").is_err());
    }

    #[test]
    fn web_page_or_error_is_not_a_profile() {
        assert!(profile_text(200, b"client\n").is_ok());
        assert_eq!(
            profile_text(200, b"  <!doctype html>"),
            Err(AccessServerError::NotAProfile)
        );
        assert_eq!(profile_text(200, b""), Err(AccessServerError::NotAProfile));
        assert_eq!(
            profile_text(502, b"bad gateway"),
            Err(AccessServerError::Status(502))
        );
        assert!(matches!(
            profile_text(401, b"<?xml version=\"1.0\"?><Error></Error>"),
            Err(AccessServerError::Fault(_))
        ));
    }
}
