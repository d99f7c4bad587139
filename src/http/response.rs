//! A whole response.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{
    CONTENT_TYPE, DATE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, SET_COOKIE,
};
use zeroize::Zeroizing;

use crate::model::Timestamp;

/// A server's response, read to its end.
pub struct Response {
    pub url: Url,
    /// The addresses that led here by redirects, in order.
    pub redirected_from: Vec<Url>,
    pub status: u16,
    pub body: Zeroizing<Vec<u8>>,
    pub(super) headers: HeaderMap,
}

impl Response {
    /// Returns a header's value if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the server's time.
    pub fn date(&self) -> Option<Timestamp> {
        Timestamp::from_http_date(self.header(DATE.as_str())?)
    }

    pub fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    /// Returns how long to wait before the next request: `X-Rate-Limit-Reset` (Okta) relative to
    /// the server's own `Date`, else `Retry-After`. A time in the past is zero. A limit of 0 marks
    /// Okta's concurrency limit, which no reset ends, so the reset is not used then.
    pub fn retry_after(&self) -> Option<Duration> {
        let number = |name| self.header(name).and_then(|text| text.parse::<i64>().ok());
        let has_limit = self.header("x-rate-limit-limit") != Some("0");
        let seconds = match (number("x-rate-limit-reset"), self.date()) {
            (Some(reset), Some(date)) if has_limit => Timestamp(reset).seconds_since(date),
            _ => number(RETRY_AFTER.as_str())?,
        };
        Some(Duration::from_secs(seconds.max(0).unsigned_abs()))
    }

    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301..=303 | 307 | 308)
    }

    /// Returns the `Location` header as the server wrote it.
    pub fn location(&self) -> Option<&[u8]> {
        self.headers.get(LOCATION).map(HeaderValue::as_bytes)
    }

    /// Returns the absolute address of the `Location` header. It is not checked.
    pub fn location_url(&self) -> Option<Url> {
        let location = std::str::from_utf8(self.location()?).ok()?;
        self.url.join(location).ok()
    }

    pub(super) fn set_cookies(&self) -> impl Iterator<Item = &[u8]> {
        let headers = self.headers.get_all(SET_COOKIE);
        headers.iter().map(HeaderValue::as_bytes)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        let (status, length) = (self.status, self.body.len());
        write!(f, "Response({status} from {host}, {length} bytes)")
    }
}
