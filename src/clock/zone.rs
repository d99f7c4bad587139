//! The user's time zone, and times as text for the user. For programs, a [`Timestamp`] prints RFC
//! 3339 in UTC.

use std::fs::File;
use std::io::Read as _;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::model::{Environment, Timestamp};

/// Maximum size of a zone file. The largest of the system's has 4 KiB.
const MAX_ZONE_BYTES: u64 = 256 * 1024;

/// A time zone.
#[derive(Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Returns the zone of `TZ` (POSIX and glibc: a rule or a file of the system's), else the
    /// machine's own, or UTC if that cannot be read.
    pub fn of(environment: &Environment) -> Self {
        let zone = match environment.text("TZ") {
            Some(name) => named(name.strip_prefix(':').unwrap_or(name)),
            None => tzif("/etc/localtime"),
        };
        Self(zone.unwrap_or(TimeZone::UTC))
    }

    /// Returns `14:05 (in 58 min)`, with the date if it is another day, and with `UTC` if that is
    /// the zone.
    pub fn format(&self, at: Timestamp, now: Timestamp) -> String {
        let (Some(there), Some(here)) = (self.date(at), self.date(now)) else {
            return at.to_string();
        };
        let date = match there.date() == here.date() {
            true => String::new(),
            false => format!("{} ", there.date()),
        };
        let designation = there.strftime("%Z").to_string();
        let utc = match designation.as_str() {
            "UTC" | "" => " UTC",
            _ => "",
        };
        let left = at.seconds_since(now);
        let distance = match left {
            0 => "now".to_owned(),
            1.. => format!("in {}", span(left)),
            _ => format!("{} ago", span(left.saturating_neg())),
        };
        let (hour, minute) = (there.hour(), there.minute());
        format!("{date}{hour:02}:{minute:02}{utc} ({distance})")
    }

    fn date(&self, at: Timestamp) -> Option<Zoned> {
        let at = jiff::Timestamp::from_second(at.0).ok()?;
        Some(at.to_zoned(self.0.clone()))
    }
}

/// Returns a duration as text, rounded down: `40 s`, `58 min`, `11 h 5 min`, `3 days`.
pub fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (minutes, hours) {
        (0, _) => format!("{seconds} s"),
        (1..120, _) => format!("{minutes} min"),
        (_, 0..48) if minutes % 60 == 0 => format!("{hours} h"),
        (_, 0..48) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} days"),
    }
}

/// Returns the zone of a value of `TZ`: an absolute path, a name of the system's database, or a
/// POSIX rule.
fn named(name: &str) -> Option<TimeZone> {
    if name.starts_with('/') {
        return tzif(name);
    }
    let zone = TimeZone::get(name).or_else(|_| TimeZone::posix(name));
    zone.ok()
}

/// Reads a zone file. Opening a pipe or a device would block.
fn tzif(path: &str) -> Option<TimeZone> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MAX_ZONE_BYTES).read_to_end(&mut bytes).ok()?;
    TimeZone::tzif("", &bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T01:02:55Z.
    const NOW: Timestamp = Timestamp(1_795_309_375);

    fn shown(zone: &str, seconds: i64) -> String {
        let environment = [("TZ", zone)].into_iter().collect();
        Zone::of(&environment).format(NOW.plus(seconds), NOW)
    }

    #[test]
    fn time_is_shown_in_the_users_zone_with_date_if_not_today() {
        assert_eq!(shown("CET-1", 58 * 60 + 10), "03:01 (in 58 min)");
        assert_eq!(shown("IST-5:30", 40), "06:33 (in 40 s)");
        assert_eq!(shown("CET-1", -2 * 3600), "00:02 (2 h ago)");
        assert_eq!(shown("CET-1", 0), "02:02 (now)");
        assert_eq!(shown("EST5", 3600), "21:02 (in 60 min)");
        assert_eq!(shown("EST5", 5 * 3600), "2026-11-22 01:02 (in 5 h)");
        assert_eq!(shown("CET-1", -3 * 3600), "2026-11-21 23:02 (3 h ago)");
        assert_eq!(shown("CET-1", 5 * 86_400), "2026-11-27 02:02 (in 5 days)");
    }

    #[test]
    fn a_rule_says_when_summer_is() {
        let rule = "CET-1CEST,M3.5.0,M10.5.0/3";
        assert_eq!(shown(rule, 200 * 86_400), "2027-06-10 03:02 (in 200 days)");
        assert_eq!(shown(rule, 12 * 3600 + 60), "14:03 (in 12 h 1 min)");
    }

    #[test]
    fn what_is_no_zone_is_utc_and_says_so() {
        for zone in [
            "UTC",
            "nowhere/at/all",
            "\u{1b}[31m",
            "/dev/zero",
            "/dev/tty",
            "/etc",
        ] {
            assert_eq!(shown(zone, 3600), "02:02 UTC (in 60 min)", "{zone}");
        }
        let far = Zone::of(&[("TZ", "UTC")].into_iter().collect());
        assert_eq!(
            far.format(Timestamp(i64::MAX), NOW),
            Timestamp(i64::MAX).to_string()
        );
    }
}
