//! Parses a `Set-Cookie` header.
//!
//! A subset of RFC 6265: `Domain` never extends a cookie beyond the host that set it, `Secure` is
//! required except on loopback http, and the prefixes `__Host-` and `__Secure-` of RFC 6265bis are
//! enforced. No crate is as strict.

use std::net::Ipv4Addr;

use thiserror::Error;
use url::Url;

use crate::model::{Timestamp, is_loopback};
use crate::secret::Secret;

/// Limit of name, value and attributes together.
const MAX_COOKIE_BYTES: usize = 4096;

/// A cookie of one host.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: Secret,
    /// The only host that it is sent to.
    pub(super) host: String,
    /// The path that it is sent at and below.
    pub(super) path: String,
    pub(super) secure: bool,
    /// `None`: at the end of the session. A time in the past removes the cookie.
    pub(super) expires_at: Option<Timestamp>,
}

/// Why a cookie is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CookieError {
    #[error("the cookie has no name")]
    NoName,
    #[error("the cookie has a character that cookies may not have")]
    Character,
    #[error("the cookie is for another domain")]
    ForeignDomain,
    #[error("the cookie is not marked Secure")]
    NotSecure,
    #[error("the cookie's name promises more than its attributes hold")]
    Prefix,
    #[error("the cookie is larger than 4 KiB")]
    TooLarge,
}

impl Cookie {
    /// Parses the header of a response of `url` at `now`.
    pub(super) fn parse(header: &[u8], url: &Url, now: Timestamp) -> Result<Self, CookieError> {
        if header.len() > MAX_COOKIE_BYTES {
            return Err(CookieError::TooLarge);
        }
        let header = std::str::from_utf8(header).map_err(|_| CookieError::Character)?;
        if header.chars().any(|c| c.is_control() && c != '\t') {
            return Err(CookieError::Character);
        }
        let mut parts = header.split(';').map(str::trim);
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').ok_or(CookieError::NoName)?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() {
            return Err(CookieError::NoName);
        }
        if !name.bytes().all(is_token) || !value.bytes().all(is_value) {
            return Err(CookieError::Character);
        }
        let attributes = Attributes::parse(parts);
        let host = url.host_str().unwrap_or_default();
        attributes.check(name, host, url)?;
        Ok(Self {
            name: name.to_owned(),
            value: Secret::new(value),
            host: host.to_owned(),
            path: attributes.path.unwrap_or("/").to_owned(),
            secure: attributes.secure,
            expires_at: attributes
                .max_age
                .map(|seconds| now.plus(seconds))
                .or(attributes.expires),
        })
    }

    /// Whether a request to `url` at `now` carries the cookie.
    pub(super) fn is_sent_to(&self, url: &Url, now: Timestamp) -> bool {
        let below = url
            .path()
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| {
                rest.is_empty() || self.path.ends_with('/') || rest.starts_with('/')
            });
        url.host_str() == Some(self.host.as_str())
            && below
            && (!self.secure || url.scheme() == "https")
            && !self.is_expired(now)
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

#[derive(Default)]
struct Attributes<'a> {
    domain: Option<&'a str>,
    path: Option<&'a str>,
    secure: bool,
    max_age: Option<i64>,
    expires: Option<Timestamp>,
}

impl<'a> Attributes<'a> {
    /// Parses the attributes. The last of each counts; unknown and invalid ones are ignored
    /// (RFC 6265, 5.2).
    fn parse(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut attributes = Self::default();
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "domain" if !value.is_empty() => attributes.domain = Some(value),
                "path" => attributes.path = Some(value).filter(|path| path.starts_with('/')),
                "secure" => attributes.secure = true,
                "max-age" => attributes.max_age = seconds(value).or(attributes.max_age),
                "expires" => {
                    attributes.expires = Timestamp::from_http_date(value).or(attributes.expires);
                }
                _ => {}
            }
        }
        attributes
    }

    fn check(&self, name: &str, host: &str, url: &Url) -> Result<(), CookieError> {
        if self.domain.is_some_and(|domain| !covers(domain, host)) {
            return Err(CookieError::ForeignDomain);
        }
        let on_loopback = url.scheme() == "http" && is_loopback(url);
        if !self.secure && !on_loopback {
            return Err(CookieError::NotSecure);
        }
        // The prefixes are compared without case (RFC 6265bis, 4.1.3).
        let lower = name.to_ascii_lowercase();
        let is_kept = if lower.starts_with("__host-") {
            self.secure && self.domain.is_none() && self.path == Some("/")
        } else {
            !lower.starts_with("__secure-") || self.secure
        };
        if is_kept {
            Ok(())
        } else {
            Err(CookieError::Prefix)
        }
    }
}

/// Whether `host` is `domain` or below it. Nothing is above an IP address (RFC 6265, 5.1.3).
fn covers(domain: &str, host: &str) -> bool {
    let domain = domain
        .strip_prefix('.')
        .unwrap_or(domain)
        .to_ascii_lowercase();
    let is_above = || {
        host.strip_suffix(domain.as_str())
            .is_some_and(|rest| rest.ends_with('.') && !domain.is_empty())
    };
    host == domain || (host.parse::<Ipv4Addr>().is_err() && is_above())
}

/// Parses `Max-Age`, which may be zero or negative. Larger values than `i64` are clamped.
fn seconds(value: &str) -> Option<i64> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(if value.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    }))
}

/// Whether a byte may stand in a name (RFC 9110, 5.6.2).
fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// Whether a byte may stand in a value: more than RFC 6265 allows, as servers send spaces, commas
/// and quotes.
const fn is_value(b: u8) -> bool {
    matches!(b, b' '..=b'~') && b != b';'
}
