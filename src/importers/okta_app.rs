//! Parses the ways in which tools name an app of Okta.

use url::Url;

/// An app, as a tool names it.
pub(super) enum App<'a> {
    /// Its address, without query and fragment.
    Link(String),
    Id(&'a str),
    /// Its path at the org.
    Path(String),
    /// No app.
    Other,
}

/// Parses an embed link (`https://acme.okta.com/home/amazon_aws/0oa1/272`), a sign-on address
/// (`…/app/amazon_aws/exk1/sso/saml`), the path of either, or an id.
pub(super) fn parse(value: &str) -> App<'_> {
    let path = value.trim_start_matches('/');
    if !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return App::Id(path);
    }
    if path.starts_with("home/") || path.starts_with("app/") {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.trim_end_matches('/');
        let parts: Vec<&str> = path.split('/').collect();
        return match parts[..] {
            ["home", _, id, ..] => App::Id(id),
            _ if is_app_path(&parts) => App::Path(format!("/{path}")),
            _ => App::Other,
        };
    }
    let Some(mut url) = address(value) else {
        return App::Other;
    };
    // The address of the sign-in page holds that of the page behind it.
    let next = url.query_pairs().find(|(name, _)| name == "fromURI");
    let next = next.and_then(|(_, next)| url.join(&next).ok());
    if let Some(next) = next.filter(|next| next.origin() == url.origin()) {
        url = next;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    let parts = url.path_segments().map(Iterator::collect::<Vec<_>>);
    match parts.is_some_and(|parts| is_app_path(&parts)) {
        true => App::Link(url.into()),
        false => App::Other,
    }
}

/// Whether an org's address names a page other than the org and its dashboard.
pub(super) fn has_other_page(value: &str) -> bool {
    let Some(url) = address(value) else {
        return false;
    };
    let path = url.path().trim_end_matches('/');
    let dashboards = ["/app/UserHome", "/enduser"];
    !path.is_empty() && !dashboards.iter().any(|page| path.starts_with(page))
}

pub(super) fn has_password(value: &str) -> bool {
    Url::parse(value).is_ok_and(|url| url.password().is_some())
}

/// Parses an address, which may lack its scheme.
fn address(value: &str) -> Option<Url> {
    let parsed = match value.contains("://") {
        true => Url::parse(value),
        false => Url::parse(&format!("https://{value}")),
    };
    parsed.ok().filter(Url::has_host)
}

fn is_app_path(path: &[&str]) -> bool {
    match path {
        ["home", _, id, ..] => !id.is_empty(),
        ["app", .., "sso", "saml"] => path.len() > 3,
        _ => false,
    }
}
