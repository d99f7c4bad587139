//! An app's sign-on address (`/app/NAME/exk…/sso/saml`): the one of its links that takes a token in the place of
//! a session.

use url::Url;

use crate::flow::{Failure, OktaSession};
use crate::http::{CookieClient, DateObserver, Request};

/// Okta leads from a tile's link to the address in one step or two.
const HOPS: usize = 4;

/// The sign-on address that `link` is or leads to. A tile's link is followed as nobody: where it leads is told
/// to everyone, in a redirect or in `fromURI`.
///
/// # Errors
/// When the org cannot be asked.
pub(in crate::flow) async fn address(
    session: &OktaSession,
    link: &Url,
) -> Result<Option<Url>, Failure> {
    if is_sign_on(link) {
        return Ok(Some(link.clone()));
    }
    let client = session.browser().client().clone();
    let nobody = CookieClient::new(client, session.org().clone(), DateObserver::default());
    let mut next = link.clone();
    for _ in 0..HOPS {
        let page = nobody.send(Request::get(next.clone())).await?;
        let location = page
            .location()
            .and_then(|text| std::str::from_utf8(text).ok());
        let Some(to) = location.and_then(|to| page.url.join(to).ok()) else {
            return Ok(None);
        };
        if !session.org().owns(&to) {
            return Ok(None);
        }
        let from = to.query_pairs().find(|(name, _)| name == "fromURI");
        let from = from.and_then(|(_, from)| to.join(&from).ok());
        let candidates = [Some(to.clone()), from];
        let found = candidates
            .into_iter()
            .flatten()
            .find(|url| session.org().owns(url) && is_sign_on(url));
        if found.is_some() {
            return Ok(found);
        }
        next = to;
    }
    Ok(None)
}

pub(in crate::flow) fn is_sign_on(url: &Url) -> bool {
    url.path().starts_with("/app/") && url.path().ends_with("/sso/saml")
}
