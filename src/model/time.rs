//! Points in time since the epoch, and the formats in which servers write them.

use std::fmt;
use std::time::Duration;

use jiff::fmt::rfc2822;
use serde::{Deserialize, Serialize};

/// A point in time in whole seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Parses `2026-11-22T01:02:55Z`, with or without a fraction or an offset (SAML, STS, Okta).
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        // jiff also accepts a blank for the `T`, and a zone in brackets.
        let is_plain = |byte: u8| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte);
        let is_strict = text.bytes().all(is_plain) && text.as_bytes().get(10) == Some(&b'T');
        let time: jiff::Timestamp = text.parse().ok().filter(|_| is_strict)?;
        Some(Self(time.as_second()))
    }

    /// Parses `Sun, 22 Nov 2026 01:02:55 GMT` (the HTTP `Date` header, RFC 9110 5.6.7).
    pub fn from_http_date(text: &str) -> Option<Self> {
        let time = rfc2822::DateTimeParser::new().parse_timestamp(text);
        let time = time.ok().filter(|_| text.ends_with(" GMT"))?;
        Some(Self(time.as_second()))
    }

    /// Returns the seconds from `earlier` to `self`, negative if `self` is before it.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the point in time that is `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// A point in time in whole milliseconds since 1970-01-01 UTC, to order two commands by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Millis(pub i64);

impl Millis {
    /// Returns the second that it is in.
    pub const fn second(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1000))
    }
}

/// Returns the whole seconds of `duration`, as the agent's protocol carries them.
pub fn whole_seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// Formats as RFC 3339 in UTC with `Z`, which the AWS SDKs read.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_formats_of_one_time_agree() {
        let expected = Some(Timestamp(1_795_309_375));
        assert_eq!(Timestamp::from_rfc3339("2026-11-22T01:02:55Z"), expected);
        assert_eq!(
            Timestamp::from_rfc3339("2026-11-22T01:02:55.643405Z"),
            expected
        );
        assert_eq!(
            Timestamp::from_rfc3339("2026-11-22T02:02:55+01:00"),
            expected
        );
        assert_eq!(
            Timestamp::from_http_date("Sun, 22 Nov 2026 01:02:55 GMT"),
            expected
        );
        assert_eq!(Timestamp::from_rfc3339("yesterday"), None);
        assert_eq!(Timestamp(1_795_309_375).to_string(), "2026-11-22T01:02:55Z");
        assert_eq!(Some(Millis(1_795_309_375_999).second()), expected);
        assert_eq!(Millis(-1).second(), Timestamp(-1));
    }
}
