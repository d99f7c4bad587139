//! Decides whether a redirect is followed, and with which method.
//!
//! A subset of RFC 9110, 15.4: only to an allowed origin, never from https to http, never with the
//! body, and with a limit.

use thiserror::Error;
use url::Url;

use crate::model::is_loopback;
use crate::report::{ErrorCode, Report};

/// Limit of redirects in a row. Okta's longest chain to an app has four.
const MAX_HOPS: usize = 8;

/// The method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

/// Why a redirect is refused. Shows hosts only: paths and queries may carry a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RedirectError {
    #[error("HTTP status {0} is no redirect")]
    NotARedirect(u16),
    #[error("the redirect names no address")]
    NoLocation,
    #[error("the redirect's address is no address")]
    BadLocation,
    #[error("the redirect leads to plain http at {0}")]
    PlainHttp(String),
    #[error("the redirect's address carries a name or password")]
    UserInfo,
    #[error("the redirect leads to {0}")]
    ForeignOrigin(String),
    #[error("the redirect wants the same data sent again")]
    BodyAgain,
    #[error("more than 8 redirects in a row")]
    TooMany,
}

/// Returns the URL to GET after a redirect of `current`, which was requested with `method`.
///
/// `allowed` lists the origins, `hops` counts the redirects followed so far.
///
/// # Errors
/// [`RedirectError`] for every other redirect.
pub fn next_hop(
    status: u16,
    location: Option<&[u8]>,
    current: &Url,
    method: Method,
    allowed: &[&Url],
    hops: usize,
) -> Result<Url, RedirectError> {
    match (status, method) {
        (301..=303, _) | (307 | 308, Method::Get) => {}
        (307 | 308, Method::Post) => return Err(RedirectError::BodyAgain),
        (other, _) => return Err(RedirectError::NotARedirect(other)),
    }
    if hops >= MAX_HOPS {
        return Err(RedirectError::TooMany);
    }
    let location = location.ok_or(RedirectError::NoLocation)?;
    let location = std::str::from_utf8(location).map_err(|_| RedirectError::BadLocation)?;
    if location.is_empty() {
        return Err(RedirectError::NoLocation);
    }
    // A URL parser strips tabs and line ends and reads a backslash as a slash.
    if location.chars().any(|c| c.is_control() || c == '\\') {
        return Err(RedirectError::BadLocation);
    }
    let mut url = current
        .join(location)
        .map_err(|_| RedirectError::BadLocation)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectError::UserInfo);
    }
    match url.scheme() {
        "https" => {}
        "http" if current.scheme() == "http" && is_loopback(&url) => {}
        "http" => return Err(RedirectError::PlainHttp(host_and_port(&url))),
        _ => return Err(RedirectError::BadLocation),
    }
    if !allowed.iter().any(|origin| origin.origin() == url.origin()) {
        return Err(RedirectError::ForeignOrigin(host_and_port(&url)));
    }
    url.set_fragment(None);
    Ok(url)
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}"));
    format!("{host}{}", port.unwrap_or_default())
}

impl From<RedirectError> for Report {
    fn from(error: RedirectError) -> Self {
        let code = match error {
            RedirectError::NotARedirect(_) => ErrorCode::WebRedirectStatus,
            RedirectError::NoLocation => ErrorCode::WebRedirectNoLocation,
            RedirectError::BadLocation => ErrorCode::WebRedirectBadLocation,
            RedirectError::PlainHttp(_) => ErrorCode::WebRedirectPlainHttp,
            RedirectError::UserInfo => ErrorCode::WebRedirectUserInfo,
            RedirectError::ForeignOrigin(_) => ErrorCode::WebRedirectForeignOrigin,
            RedirectError::BodyAgain => ErrorCode::WebRedirectBodyAgain,
            RedirectError::TooMany => ErrorCode::WebRedirectTooMany,
        };
        Self::new(code, "the server sends us where this step does not go")
            .cause(error)
            .hint(
                "set `org.url` (and `aws.app`, `vpn.app`) to the addresses your browser ends up at",
            )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::counted;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn next_of(status: u16, location: &str, method: Method) -> Result<Url, RedirectError> {
        let org = url("https://acme.okta.com/");
        let current = url("https://acme.okta.com/home/amazon_aws/0oa/272");
        next_hop(
            status,
            Some(location.as_bytes()),
            &current,
            method,
            &[&org],
            0,
        )
    }

    #[test]
    fn redirect_within_the_org_is_followed() {
        for (location, expected) in counted::<5, _>([
            ("/login", "https://acme.okta.com/login"),
            ("x?a=b", "https://acme.okta.com/home/amazon_aws/0oa/x?a=b"),
            ("https://acme.okta.com/app#top", "https://acme.okta.com/app"),
            ("https://ACME.okta.com:443/app", "https://acme.okta.com/app"),
            ("//acme.okta.com/app", "https://acme.okta.com/app"),
        ]) {
            let next = next_of(302, location, Method::Post).unwrap();
            assert_eq!(next.as_str(), expected);
        }
        assert!(next_of(307, "/x", Method::Get).is_ok());
    }

    #[test]
    fn other_redirects_are_refused() {
        let foreign = |host: &str| RedirectError::ForeignOrigin(host.to_owned());
        for (location, expected) in counted::<18, _>([
            ("https://evil.example/", foreign("evil.example")),
            ("//evil.example/", foreign("evil.example")),
            ("https://other.okta.com/", foreign("other.okta.com")),
            (
                "https://acme.okta.com.evil.example/",
                foreign("acme.okta.com.evil.example"),
            ),
            ("https://acme.okta.com:8443/", foreign("acme.okta.com:8443")),
            ("https://10.0.0.1/", foreign("10.0.0.1")),
            (
                "https://acme.okta.com@evil.example/",
                RedirectError::UserInfo,
            ),
            ("https://a:b@acme.okta.com/", RedirectError::UserInfo),
            (
                "http://acme.okta.com/",
                RedirectError::PlainHttp("acme.okta.com".into()),
            ),
            (
                "http://127.0.0.1/",
                RedirectError::PlainHttp("127.0.0.1".into()),
            ),
            ("javascript:alert(1)", RedirectError::BadLocation),
            ("data:text/html,x", RedirectError::BadLocation),
            ("file:///etc/passwd", RedirectError::BadLocation),
            ("/x\r\nSet-Cookie: a=b", RedirectError::BadLocation),
            ("\\\\evil.example/", RedirectError::BadLocation),
            ("/\t/evil.example/", RedirectError::BadLocation),
            ("https://", RedirectError::BadLocation),
            ("", RedirectError::NoLocation),
        ]) {
            assert_eq!(
                next_of(302, location, Method::Get),
                Err(expected),
                "{location}"
            );
        }
        assert_eq!(
            next_of(308, "/x", Method::Post),
            Err(RedirectError::BodyAgain)
        );
        assert_eq!(
            next_of(304, "/x", Method::Get),
            Err(RedirectError::NotARedirect(304))
        );
    }

    #[test]
    fn redirects_are_limited_and_need_a_location() {
        let org = url("https://acme.okta.com/");
        let after = |hops| next_hop(302, Some(b"/"), &org, Method::Get, &[&org], hops);
        assert!(after(7).is_ok());
        assert_eq!(after(8), Err(RedirectError::TooMany));
        let missing = next_hop(302, None, &org, Method::Get, &[&org], 0);
        assert_eq!(missing, Err(RedirectError::NoLocation));
    }

    #[test]
    fn loopback_http_stays_on_loopback() {
        let org = url("http://127.0.0.1:8080/");
        let to = |location: &[u8]| next_hop(302, Some(location), &org, Method::Get, &[&org], 0);
        assert!(to(b"/x").is_ok());
        assert_eq!(
            to(b"http://acme.okta.com/"),
            Err(RedirectError::PlainHttp("acme.okta.com".into()))
        );
        let other = RedirectError::ForeignOrigin("127.0.0.1:9".to_owned());
        assert_eq!(to(b"http://127.0.0.1:9/"), Err(other));
    }

    proptest! {
        #[test]
        fn followed_redirect_stays_within_the_org(
            location in concat!(
                "((https?:)?//?|acme\\.okta\\.com|evil\\.example|[@:#?/.\\\\a-z0-9]|",
                "\\PC){0,12}"
            )
        ) {
            if let Ok(next) = next_of(302, &location, Method::Get) {
                prop_assert_eq!(next.origin(), url("https://acme.okta.com/").origin());
                prop_assert!(next.username().is_empty() && next.fragment().is_none());
            }
        }
    }
}
