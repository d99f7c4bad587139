//! Durations as users write them: `1h`, `90m`, `1h30m`, `3600s`.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::report::{ErrorCode, Report};

pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// Parses a duration typed for `flag`: `45m`, `1h30m`, `3600s`.
///
/// # Errors
/// When it is none, or a number without a unit.
pub fn parse_duration_flag(flag: &str, text: &str) -> Result<Duration, Report> {
    parse(text).map_err(|error| {
        let summary = format!("cannot use {flag} {text}");
        let report = Report::new(ErrorCode::ConfigDuration, summary).cause(error);
        match error {
            DurationError::NoUnit(number) => {
                report.hint(format!("write `{flag} {number}m` or `{flag} {number}s`"))
            }
            DurationError::Malformed => {
                report.hint(format!("write `{flag} 45m` or `{flag} 1h30m`"))
            }
        }
    })
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum DurationError {
    #[error("not a duration; write `1h`, `90m` or `45s`")]
    Malformed,
    #[error("{0} has no unit; did you mean `{0}m` or `{0}s`?")]
    NoUnit(u32),
}

/// Parses a duration. A number without a unit is refused: some tools take it for minutes.
pub(super) fn parse(text: &str) -> Result<Duration, DurationError> {
    match text.parse() {
        Ok(number) => Err(DurationError::NoUnit(number)),
        Err(_) => parse_units(text).ok_or(DurationError::Malformed),
    }
}

/// Parses hours, minutes and seconds, each at most once and in this order. The total fits 32 bits:
/// the agent's protocol carries seconds as such.
fn parse_units(text: &str) -> Option<Duration> {
    let mut total: u32 = 0;
    let mut rest = text;
    let mut previous_unit = u32::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u32 = rest[..digits].parse().ok()?;
        let mut letters = rest[digits..].chars();
        let unit = match letters.next() {
            Some('h') => 3600,
            Some('m') => 60,
            Some('s') => 1,
            _ => return None,
        };
        if unit >= previous_unit {
            return None;
        }
        previous_unit = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = letters.as_str();
    }
    (previous_unit != u32::MAX).then(|| Duration::from_secs(total.into()))
}

/// Displays a duration in its largest whole unit: `1h`, `90m`, `45s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InUnits(pub(super) Duration);

impl fmt::Display for InUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds if seconds % 3600 == 0 => write!(f, "{}h", seconds / 3600),
            seconds if seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_units_in_order() {
        for (text, seconds) in [
            ("1h", Some(3600)),
            ("90m", Some(5400)),
            ("3600", None),
            ("45", None),
            ("3600s", Some(3600)),
            ("1h30m", Some(5400)),
            ("", None),
            ("h", None),
            ("1 h", None),
            ("-1h", None),
            ("1h5", None),
            ("1m1h", None),
            ("1h1h", None),
            ("1d", None),
            ("99999999999", None),
            ("9999999h", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(parse(text).ok(), expected, "{text}");
        }
    }
}
