//! The answers of OpenVPN Access Server to a signed-in user's browser, and the requests to it.
//!
//! No document describes these endpoints for a client in full. The facts are from Access Server's
//! manual (SAML set-up for Okta, token URLs), OpenVPN 3's `doc/webauth.md` and public clients. So
//! every answer is parsed strictly, and an unexpected one is reported with the server's own name
//! for it. Addresses from the server are used only if they lead back to the configured host.

mod address;
mod api;
mod download;
mod error;
mod fault;
mod session;

pub use address::{OneTimeAddress, VpnHosts, acs, browsable, web_auth_address};
pub use api::{TOKEN_URL_PATH, token_url, token_url_request};
pub use download::{DOWNLOADS_PATH, profile_text, userlocked_download};
pub use error::AccessServerError;
pub use fault::Fault;
pub use session::{SESSION_TOKEN, SESSION_USER, VpnSession};

/// The `RelayState` to which Access Server answers with the address of a profile.
pub const RELAY_STATE: &str = "profile";
/// The path where a signed-in user asks for a profile.
pub const IMPORT_PATH: &str = "/import_profile";
/// The form that is posted to [`IMPORT_PATH`].
pub const IMPORT_FORM: &[(&str, &str)] = &[("profile_type", "userlocked")];
/// The headers without which Access Server takes a request for a cross-site one.
pub const HEADERS: &[(&str, &str)] = &[
    ("X-OpenVPN", "1"),
    ("X-CWS-Proto-Ver", "2"),
    ("X-Requested-With", "XMLHttpRequest"),
];
