//! Errors of the way from the assertion to the profile.

use thiserror::Error;

use super::fault::Fault;
use crate::report::{ErrorCode, Report};

/// The prefix of the deep link that hands a profile's address to a client.
pub(super) const DEEP_LINK: &str = "openvpn://import-profile/";
/// The path of the address in a deep link.
pub(super) const TOKEN_PATH: &str = "/rest/GetProfileViaToken";

/// An error between the assertion and the profile.
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
    #[error("the VPN server did not accept the SAML sign-in")]
    NotSignedIn,
    #[error("the VPN server offers this user no user-locked profile")]
    NoProfile,
    #[error("the list of downloads is not the expected JSON")]
    Downloads,
    #[error("the VPN server sent a web page instead of a profile")]
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
        let (code, hint) = match &error {
            AccessServerError::Address | AccessServerError::DeepLink => (
                ErrorCode::OpenvpnAddress,
                "`ob doctor` shows which server answers at `vpn.host`",
            ),
            AccessServerError::ForeignHost(_) => (
                ErrorCode::OpenvpnForeignHost,
                "set `vpn.host` to the VPN's own host, \
                 or `vpn.saml_host` where sign-in has another",
            ),
            AccessServerError::ForeignPage(_) => (
                ErrorCode::OpenvpnForeignPage,
                "ask the VPN's administrator: its identity provider's URL must be the Okta app's \
                 sign-on URL, `https://acme.okta.com/app/openvpn/exk…/sso/saml`",
            ),
            AccessServerError::NotSignedIn => (
                ErrorCode::OpenvpnNotSignedIn,
                "the Okta app's default RelayState must be `profile`, \
                 its audience the VPN's SP identity",
            ),
            AccessServerError::NoProfile => (
                ErrorCode::OpenvpnNoProfile,
                "ask the VPN's administrator to allow you user-locked profiles",
            ),
            _ => (
                ErrorCode::OpenvpnUnexpectedAnswer,
                "`ob vpn profile --explain -v` shows which endpoint of the server answered what",
            ),
        };
        Self::new(code, "cannot get a VPN profile")
            .cause(&error)
            .hint(hint)
    }
}
