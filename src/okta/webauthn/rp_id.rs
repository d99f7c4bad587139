//! The sites that an assertion for an org may be bound to.

use serde_json::Value;
use url::{Host, Url};

use super::error::WebAuthnError;
use crate::model::{OKTA_DOMAINS, Org};

/// Returns the RP ID: the org's host, or a domain above it that the server names and that
/// belongs to the organisation.
///
/// # Errors
/// [`WebAuthnError::RelyingParty`] if the server names another site.
pub fn checked_rp_id(org: &Org, named: Option<&str>) -> Result<String, WebAuthnError> {
    let named = named.unwrap_or(org.host()).to_ascii_lowercase();
    match is_at_or_above(org, &named) {
        true => Ok(named),
        false => Err(WebAuthnError::RelyingParty(named)),
    }
}

/// Whether `client_data` is of a sign-in at this org. The client checks it before a key signs.
pub fn is_client_data_for(org: &Org, client_data: &str) -> bool {
    let client: Value = serde_json::from_str(client_data).unwrap_or_default();
    client["type"] == "webauthn.get" && client["origin"] == org.origin()
}

/// Whether an app id is an address at the org's host, or at a domain above it.
pub fn is_app_id_of(org: &Org, app_id: &str) -> bool {
    let url = Url::parse(app_id).ok();
    url.filter(|url| url.scheme() == "https" || url.scheme() == org.url().scheme())
        .is_some_and(|url| is_at_or_above(org, url.host_str().unwrap_or_default()))
}

fn is_at_or_above(org: &Org, name: &str) -> bool {
    if name == org.host() {
        return true;
    }
    let is_above = matches!(org.url().host(), Some(Host::Domain(_)))
        && org
            .host()
            .strip_suffix(name)
            .is_some_and(|rest| rest.ends_with('.'));
    // Okta's own domains are above every org, so they belong to none.
    is_above && name.contains('.') && !OKTA_DOMAINS.contains(&name)
}
