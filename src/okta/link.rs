//! Links in Okta's responses: followed only within the org.

use url::Url;

use crate::model::Org;

/// The host of a link to another origin. Never its path or query, which may carry a secret.
pub(super) struct ForeignHost(pub(super) String);

/// Parses an absolute link of the org.
pub(super) fn parse(org: &Org, href: &str) -> Result<Url, ForeignHost> {
    let url = Url::parse(href).map_err(|_| ForeignHost(host_of(href)))?;
    check(org, url)
}

/// Returns `url` if it belongs to the org and carries no user name or password.
pub(super) fn check(org: &Org, url: Url) -> Result<Url, ForeignHost> {
    if org.owns(&url) && url.username().is_empty() && url.password().is_none() {
        Ok(url)
    } else {
        Err(ForeignHost(host_of(url.as_str())))
    }
}

/// Returns the host of `href` for a message, `no address` if there is none.
pub(super) fn host_of(href: &str) -> String {
    let url = Url::parse(href).ok();
    let host = url.as_ref().and_then(Url::host_str);
    host.unwrap_or("no address").to_owned()
}
