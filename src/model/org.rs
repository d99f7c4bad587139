//! The origin of an Okta org. Orgs have custom domains, so it is never built from a name.

use std::fmt;

use thiserror::Error;
use url::{Host, Url};

use crate::report::{ErrorCode, Report};

/// The origin of an Okta org, `https://acme.okta.com`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Org(Url);

impl Org {
    /// Parses a host, an origin, or the address of the admin console or a tile.
    ///
    /// # Errors
    /// When it is no address, holds a name or password, or is plain http to another machine.
    pub fn parse(text: &str) -> Result<Self, OrgError> {
        let text = text.trim();
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let mut url = Url::parse(&with_scheme).map_err(|_| OrgError::NotAnAddress)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OrgError::UserInfo);
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(OrgError::NotAnAddress);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(OrgError::PlainHttp),
            _ => return Err(OrgError::NotAnAddress),
        }
        let host = url.host_str().unwrap_or_default();
        if let Some(shared) = OKTA_DOMAINS
            .into_iter()
            .find(|shared| is_shared(host, shared))
        {
            return Err(OrgError::Shared(shared));
        }
        if let Some(host) = without_admin(url.host_str().unwrap_or_default()) {
            url.set_host(Some(&host))
                .map_err(|_| OrgError::NotAnAddress)?;
        }
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self(url))
    }

    /// Returns the host in lower case, without a port.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Returns `https://acme.okta.com`, without a trailing slash.
    pub fn origin(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Returns the address of `path`, which begins with a slash, at this org.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// Whether `url` has this org's scheme, host and port.
    pub fn owns(&self, url: &Url) -> bool {
        url.origin() == self.0.origin()
    }
}

impl fmt::Display for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin())
    }
}

impl fmt::Debug for Org {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Org({})", self.origin())
    }
}

/// Okta's domains, of which orgs are subdomains.
pub const OKTA_DOMAINS: [&str; 5] = [
    "okta.com",
    "okta-emea.com",
    "oktapreview.com",
    "okta-gov.com",
    "okta.mil",
];

/// Whether `host` is Okta's own: the domain, or one of its subdomains that are no orgs.
fn is_shared(host: &str, domain: &str) -> bool {
    let label = host.strip_suffix(domain);
    matches!(label, Some("" | "www." | "login."))
}

/// Returns the org's host for that of its admin console, `acme-admin.okta.com`.
fn without_admin(host: &str) -> Option<String> {
    let (label, rest) = host.split_once('.')?;
    let plain = label
        .strip_suffix("-admin")
        .filter(|plain| !plain.is_empty())?;
    OKTA_DOMAINS
        .contains(&rest)
        .then(|| format!("{plain}.{rest}"))
}

/// Whether `url` names this machine, for which plain http is accepted.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Why a text is not the address of an org.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OrgError {
    #[error("this is not the address of an Okta org")]
    NotAnAddress,
    #[error("{0} is Okta's own; an org has a name in front of it, `acme.{0}`")]
    Shared(&'static str),
    #[error("the address carries a name or a password")]
    UserInfo,
    #[error("plain http is accepted for localhost only")]
    PlainHttp,
}

impl From<OrgError> for Report {
    fn from(error: OrgError) -> Self {
        Self::new(ErrorCode::OrgAddress, "cannot use the org's address")
            .cause(error)
            .hint("write it as your browser shows it, `https://acme.okta.com`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_of_any_page_is_reduced_to_the_origin() {
        for text in [
            "acme.okta.com",
            " https://acme.okta.com/ ",
            "https://acme-admin.okta.com/admin/dashboard",
            "https://ACME.okta.com/app/UserHome?iss=x#top",
        ] {
            assert_eq!(
                Org::parse(text).unwrap().origin(),
                "https://acme.okta.com",
                "{text}"
            );
        }
        let admin = Org::parse("acme-administration.okta.com").unwrap();
        assert_eq!(admin.host(), "acme-administration.okta.com");
        assert_eq!(
            Org::parse("https://x-admin.acme.com").unwrap().host(),
            "x-admin.acme.com"
        );
        assert_eq!(
            Org::parse("http://127.0.0.1:80/").unwrap().origin(),
            "http://127.0.0.1"
        );
    }

    #[test]
    fn plain_http_and_passwords_are_refused() {
        assert_eq!(Org::parse("http://acme.okta.com"), Err(OrgError::PlainHttp));
        assert_eq!(
            Org::parse("https://a:b@acme.okta.com"),
            Err(OrgError::UserInfo)
        );
        assert_eq!(
            Org::parse("ftp://acme.okta.com"),
            Err(OrgError::NotAnAddress)
        );
        assert_eq!(Org::parse(""), Err(OrgError::NotAnAddress));
    }

    #[test]
    fn oktas_own_address_is_no_org() {
        for domain in OKTA_DOMAINS {
            for host in [
                domain.to_owned(),
                format!("https://www.{domain}/x"),
                format!("login.{domain}"),
            ] {
                assert_eq!(Org::parse(&host), Err(OrgError::Shared(domain)), "{host}");
            }
            assert!(Org::parse(&format!("acme.{domain}")).is_ok());
        }
        assert!(Org::parse("wwwokta.com").is_ok());
    }
}
