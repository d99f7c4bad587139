//! The clock of the sandbox's servers, and the three formats of times. It can be set wrong and
//! moved during a test, so that lifetimes end without waiting.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Wall clock plus a settable error.
#[derive(Debug)]
pub(crate) struct Clock {
    skew: AtomicI64,
}

impl Clock {
    pub(crate) fn new(skew_seconds: i64) -> Clock {
        Clock {
            skew: AtomicI64::new(skew_seconds),
        }
    }

    /// Returns seconds since the epoch by the servers' clock.
    pub(crate) fn now(&self) -> u64 {
        unix_now().saturating_add_signed(self.skew.load(Ordering::Relaxed))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.skew.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Returns seconds since the epoch by the machine's clock.
pub(crate) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}

/// The form of a `Date` header (RFC 9110, 5.6.7).
pub(crate) fn http_date(epoch: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(epoch))
}

/// `2026-01-02T03:04:05Z`, as STS writes it.
pub(crate) fn seconds(epoch: u64) -> String {
    let (year, month, day) = civil(epoch / 86_400);
    let of_day = epoch % 86_400;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `2026-01-02T03:04:05.000Z`, as Okta writes it.
pub(crate) fn milliseconds(epoch: u64) -> String {
    seconds(epoch).replace('Z', ".000Z")
}

/// Reads either of the two forms above.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let digits = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
    Some(days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Reads `20260102T030405Z`, as `X-Amz-Date` is written.
pub(crate) fn parse_basic(text: &str) -> Option<u64> {
    let (date, time) = (text.get(..8)?, text.get(9..15)?);
    let [year, month, day] = [date.get(..4)?, date.get(4..6)?, date.get(6..)?];
    let [hour, minute, second] = [time.get(..2)?, time.get(2..4)?, time.get(4..)?];
    parse(&format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

/// Days since the epoch to a date of the Gregorian calendar, counted in years that begin in March.
fn civil(days_since_epoch: u64) -> (u64, u64, u64) {
    let shifted = days_since_epoch + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// The inverse of [`civil`].
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let (era, of_era) = (year / 400, year % 400);
    let march_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * march_month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read_back() {
        assert_eq!(seconds(0), "1970-01-01T00:00:00Z");
        assert_eq!(seconds(1_709_209_845), "2024-02-29T12:30:45Z");
        assert_eq!(milliseconds(1_709_209_845), "2024-02-29T12:30:45.000Z");
        for epoch in (0..5_000_000_000).step_by(86_399 * 13) {
            assert_eq!(parse(&seconds(epoch)), Some(epoch));
            let basic = seconds(epoch).replace(['-', ':'], "");
            assert_eq!(parse_basic(&basic), Some(epoch));
        }
    }

    #[test]
    fn the_clock_can_be_wrong_and_moved() {
        let clock = Clock::new(-3600);
        assert!(clock.now() <= unix_now() - 3599);
        clock.advance(7200);
        assert!(clock.now() >= unix_now() + 3599);
    }
}
