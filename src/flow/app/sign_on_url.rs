//! An app's sign-on address, `/app/NAME/exk…/sso/saml`: the one address of an app that accepts a
//! token instead of a session.

use url::Url;

use crate::flow::failure::Failure;
use crate::flow::session::OktaSession;
use crate::http::{CookieClient, DateObserver, Request};

/// Okta leads from a tile's link to the address in one or two redirects.
const MAX_HOPS: usize = 4;

/// Returns the sign-on address that `link` is or leads to. The link is followed without cookies:
/// Okta shows the address to anybody, in a redirect or in `fromURI`.
///
/// # Errors
/// If the org cannot be asked.
pub(super) async fn find(session: &OktaSession, link: &Url) -> Result<Option<Url>, Failure> {
    let is_match = |url: &Url| session.org().owns(url) && is_sign_on_url(url);
    if is_sign_on_url(link) {
        return Ok(Some(link.clone()));
    }
    let (http, org) = (session.http().clone(), session.org().clone());
    let client = CookieClient::new(http, org, DateObserver::default());
    let mut next = link.clone();
    for _ in 0..MAX_HOPS {
        let response = client.send(Request::get(next)).await?;
        let Some(to) = response.location_url().filter(|to| session.org().owns(to)) else {
            return Ok(None);
        };
        if is_match(&to) {
            return Ok(Some(to));
        }
        let mut parameters = to.query_pairs();
        let from = parameters.find(|(name, _)| name == "fromURI");
        let from = from.and_then(|(_, from)| to.join(&from).ok());
        if let Some(from) = from.filter(is_match) {
            return Ok(Some(from));
        }
        next = to;
    }
    Ok(None)
}

pub(in crate::flow) fn is_sign_on_url(url: &Url) -> bool {
    url.path().starts_with("/app/") && url.path().ends_with("/sso/saml")
}
