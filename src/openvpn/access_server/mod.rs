//! OpenVPN Access Server as a signed-in user's browser meets it: what is sent, what comes back.
//!
//! No document describes these doors for a client in full; the facts are Access Server's manual (SAML
//! set-up for Okta, token URLs), OpenVPN 3's `doc/webauth.md` and public clients. So every answer is
//! read strictly and an unexpected one is named, with the server's own name beside it. Addresses that a
//! server sends are used only where they lead back to the configured host.

mod address;
mod api;
mod fault;

pub use address::{OneTimeAddress, VpnHosts, acs, browsable, web_auth_address};
pub use api::{TOKEN_URL_PATH, token_url, token_url_request};
pub use fault::Fault;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use address::{DEEP_LINK, TOKEN_PATH};

use crate::report::{Exit, Report};
use crate::secret::Secret;

/// The `RelayState` with which Access Server answers an assertion with a profile's door.
pub const RELAY_STATE: &str = "profile";
/// Where a signed-in user asks for a profile, and what is posted there.
pub const IMPORT_PATH: &str = "/import_profile";
pub const IMPORT_FORM: &[(&str, &str)] = &[("profile_type", "userlocked")];
/// The elder door, a JSON list of what may be downloaded.
pub const DOWNLOADS_PATH: &str = "/downloads.json";
/// The headers without which Access Server takes a request for a stranger's form.
pub const HEADERS: &[(&str, &str)] = &[
    ("X-OpenVPN", "1"),
    ("X-CWS-Proto-Ver", "2"),
    ("X-Requested-With", "XMLHttpRequest"),
];
/// Headers of an answer that save the second sign-in at connect time, both base64.
pub const SESSION_USER: &str = "VPN-Session-User";
pub const SESSION_TOKEN: &str = "VPN-Session-Token";
/// Where a client finds out whether it must sign in by web.
pub const DISCOVERY_PATH: &str = "/openvpn-api/profile";
pub const WEB_AUTH: &str = "Ovpn-WebAuth";

/// `)]}'` and a line feed, so that no script can read the JSON that follows.
const JSON_GUARD: &str = ")]}'";

/// Whether a cookie is Access Server's session. One exists before the sign-in too: having it proves
/// nothing.
pub fn is_session_cookie(name: &str) -> bool {
    name.strip_prefix("openvpn_sess_")
        .is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// What `VPN-Session-User` and `VPN-Session-Token` give: a username, and a token in place of the
/// password of the first connection.
#[derive(Debug, PartialEq, Eq)]
pub struct VpnSession {
    pub username: String,
    pub token: Secret,
}

impl VpnSession {
    /// Reads the two headers' values; `None` unless both are sound.
    pub fn read(user: Option<&str>, token: Option<&str>) -> Option<Self> {
        let decode = |value: &str| String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok();
        let username = decode(user?)?;
        let token = Secret::new(decode(token?)?);
        let sound = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        (sound(&username) && sound(token.expose())).then_some(Self { username, token })
    }
}

/// The header that says how a server wants users to sign in: `provider,flag,flag`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAuthOffer {
    pub provider: String,
    /// `external`: in a real browser; `hidden-webview`; `internal`; unknown ones as they are.
    pub flags: Vec<String>,
}

impl WebAuthOffer {
    pub fn read(value: &str) -> Self {
        let mut parts = value.split(',').map(|part| part.trim().to_owned());
        Self {
            provider: parts.next().unwrap_or_default(),
            flags: parts.filter(|flag| !flag.is_empty()).collect(),
        }
    }
}

/// The address of the user's own profile in the answer to [`DOWNLOADS_PATH`].
///
/// # Errors
/// When the answer is not that list, or its address leads elsewhere.
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
    hosts.own(&url)?;
    Ok(url)
}

/// What an answer that should be a profile is, by its content: its type is announced differently by
/// every door.
///
/// # Errors
/// The server's fault where it tells one; else what came instead.
pub fn profile_text(status: u16, body: &[u8]) -> Result<&[u8], AccessServerError> {
    let start = body.trim_ascii_start();
    if start.starts_with(b"<?xml") || start.starts_with(b"<Error") {
        return Err(AccessServerError::Fault(Fault::read(body)));
    }
    if status != 200 {
        return Err(AccessServerError::Status(status));
    }
    if start.starts_with(b"<!")
        || start.starts_with(b"<html")
        || start.starts_with(b"<HTML")
        || start.starts_with(b"{")
    {
        return Err(AccessServerError::NotAProfile);
    }
    if start.is_empty() {
        return Err(AccessServerError::NotAProfile);
    }
    Ok(body)
}

/// What goes wrong between the assertion and the profile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccessServerError {
    #[error("the VPN's address is not a plain https address")]
    Address,
    #[error("the address leads to {0}, which is not the configured VPN")]
    ForeignHost(String),
    #[error("the VPN names {0} in Okta, which is no app's sign-on address")]
    ForeignPage(String),
    #[error("the profile's address is not `{DEEP_LINK}https://HOST{TOKEN_PATH}?token=…`")]
    DeepLink,
    #[error("the VPN server did not take the sign-in")]
    NotSignedIn,
    #[error("the VPN server offers this user no user-locked profile")]
    NoProfile,
    #[error("the list of downloads is not the JSON it should be")]
    Downloads,
    #[error("a web page came instead of a profile")]
    NotAProfile,
    #[error("the VPN server answered with HTTP status {0}")]
    Status(u16),
    #[error(transparent)]
    Fault(Fault),
}

impl From<AccessServerError> for Report {
    fn from(error: AccessServerError) -> Self {
        if let AccessServerError::Fault(fault) = error {
            return fault.into();
        }
        let (name, hint) = match &error {
            AccessServerError::Address | AccessServerError::DeepLink => (
                "openvpn.address",
                "`ob doctor` shows which server answers at `vpn.host`",
            ),
            AccessServerError::ForeignHost(_) => (
                "openvpn.foreign-host",
                "set `vpn.host` to the VPN's own host, or `vpn.saml_host` where sign-in has another",
            ),
            AccessServerError::ForeignPage(_) => (
                "openvpn.foreign-page",
                "ask the VPN's administrator: its identity provider's URL must be the Okta app's sign-on URL, `https://acme.okta.com/app/openvpn/exk…/sso/saml`",
            ),
            AccessServerError::NotSignedIn => (
                "openvpn.not-signed-in",
                "the Okta app's default RelayState must be `profile`, its audience the VPN's SP identity",
            ),
            AccessServerError::NoProfile => (
                "openvpn.no-profile",
                "ask the VPN's administrator to allow you user-locked profiles",
            ),
            _ => (
                "openvpn.unexpected-answer",
                "`ob vpn profile --explain -v` shows which door of the server answered what",
            ),
        };
        Self::new(Exit::Refused, name, "cannot get a VPN profile")
            .cause(&error)
            .hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> VpnHosts {
        VpnHosts::new("vpn.acme.com")
    }

    #[test]
    fn the_list_of_downloads_is_a_way_to_the_profile() {
        let read = |body: &str| userlocked_download(body, &hosts()).map(String::from);
        let body = ")]}'\n{\"settings\": {\"userlocked\": \"/profile/userlocked.ovpn\", \"autologin\": null}}";
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
    fn session_headers_are_used_only_whole() {
        let session = VpnSession::read(Some("YWxpY2U="), Some("dG9rZW4=")).unwrap();
        assert_eq!(
            (session.username.as_str(), session.token.expose()),
            ("alice", "token")
        );
        for (user, token) in [
            (None, Some("dG9rZW4=")),
            (Some("YWxpY2U="), None),
            (Some("*"), Some("dG9rZW4=")),
            (Some("YWxpY2U="), Some("YQpi")),
        ] {
            assert!(
                VpnSession::read(user, token).is_none(),
                "{user:?} {token:?}"
            );
        }
        let offer = WebAuthOffer::read("okta,external, hidden-webview");
        assert_eq!((offer.provider.as_str(), offer.flags.len()), ("okta", 2));
    }

    #[test]
    fn a_page_or_an_error_is_no_profile() {
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

    #[test]
    fn a_session_cookie_has_its_name() {
        assert!(is_session_cookie(
            "openvpn_sess_0123456789abcdef0123456789abcdef"
        ));
        assert!(!is_session_cookie("openvpn_sess_x") && !is_session_cookie("sid"));
    }
}
