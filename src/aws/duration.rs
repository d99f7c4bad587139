//! The duration of credentials, and shorter ones to try if a role does not allow it.
//!
//! STS does not tell a role's maximum, so it is found by trying shorter durations. Every role
//! allows one hour, and an administrator can set up to twelve.

use std::fmt;

use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// `DurationSeconds` of STS: 15 minutes to 12 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDuration(u32);

impl SessionDuration {
    pub const MIN: Self = Self(900);
    /// The duration that every role allows, and the maximum of a chained role.
    pub const HOUR: Self = Self(3600);
    pub const MAX: Self = Self(43_200);

    /// The durations to try, which administrators set as a maximum, in seconds.
    const LADDER: [u32; 8] = [43_200, 28_800, 21_600, 14_400, 7200, 3600, 1800, 900];

    /// Creates a duration.
    ///
    /// # Errors
    /// [`DurationError`] if STS would refuse it for every role.
    pub fn from_seconds(seconds: u32) -> Result<Self, DurationError> {
        match seconds {
            0..900 => Err(DurationError::TooShort),
            900..=43_200 => Ok(Self(seconds)),
            _ => Err(DurationError::TooLong),
        }
    }

    /// Parses `1h`, `90m`, `1h30m`, `3600s` or `3600`.
    ///
    /// # Errors
    /// [`DurationError`] if it is none of these, or outside of the limits of STS.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        if let Ok(seconds) = text.parse::<u32>() {
            return Self::from_seconds(seconds);
        }
        let mut rest = text;
        let mut seconds: u32 = 0;
        for (unit, length) in [('h', 3600), ('m', 60), ('s', 1)] {
            if let Some((number, after)) = rest.split_once(unit) {
                if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(DurationError::Spelling);
                }
                let number: u32 = number.parse().map_err(|_| DurationError::TooLong)?;
                seconds = seconds.saturating_add(number.saturating_mul(length));
                rest = after;
            }
        }
        if text.is_empty() || !rest.is_empty() {
            return Err(DurationError::Spelling);
        }
        Self::from_seconds(seconds)
    }

    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Returns the next shorter duration to try.
    pub fn step_down(self) -> Option<Self> {
        let shorter = Self::LADDER.into_iter().find(|step| *step < self.0);
        shorter.map(Self)
    }

    /// Returns the duration for a role that is assumed with another role's credentials.
    #[must_use]
    pub fn chained(self) -> Self {
        self.min(Self::HOUR)
    }
}

impl fmt::Display for SessionDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 3600, self.0 % 3600 / 60, self.0 % 60) {
            (hours, 0, 0) => write!(f, "{hours}h"),
            (0, minutes, 0) => write!(f, "{minutes}m"),
            (hours, minutes, 0) => write!(f, "{hours}h{minutes}m"),
            _ => write!(f, "{}s", self.0),
        }
    }
}

/// The reason why a text is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    #[error("not a duration")]
    Spelling,
    #[error("shorter than 15 minutes")]
    TooShort,
    #[error("longer than 12 hours")]
    TooLong,
}

impl From<DurationError> for Report {
    fn from(error: DurationError) -> Self {
        let code = match error {
            DurationError::Spelling => ErrorCode::AwsDurationSpelling,
            DurationError::TooShort => ErrorCode::AwsDurationTooShort,
            DurationError::TooLong => ErrorCode::AwsDurationTooLong,
        };
        Self::new(code, "cannot ask AWS for this duration")
            .cause(error)
            .hint("write 15m to 12h: `--duration 1h`, `--duration 90m`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed() {
        for (text, seconds) in [
            ("1h", 3600),
            ("90m", 5400),
            ("1h30m", 5400),
            ("3600", 3600),
            ("900s", 900),
            ("12h", 43_200),
        ] {
            assert_eq!(
                SessionDuration::parse(text).unwrap().seconds(),
                seconds,
                "{text}"
            );
        }
        for (text, expected) in [
            ("", DurationError::Spelling),
            ("soon", DurationError::Spelling),
            ("1h1", DurationError::Spelling),
            ("h", DurationError::Spelling),
            ("-1h", DurationError::Spelling),
            ("30m1h", DurationError::Spelling),
            ("60", DurationError::TooShort),
            ("14m", DurationError::TooShort),
            ("13h", DurationError::TooLong),
            ("99999999999h", DurationError::TooLong),
            ("4000000000m", DurationError::TooLong),
        ] {
            assert_eq!(SessionDuration::parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn each_step_down_is_shorter_and_the_last_is_the_minimum() {
        let mut step = SessionDuration::MAX;
        let mut steps = 0;
        while let Some(shorter) = step.step_down() {
            assert!(shorter < step);
            step = shorter;
            steps += 1;
        }
        assert_eq!((step, steps), (SessionDuration::MIN, 7));
        let odd = SessionDuration::from_seconds(5000).unwrap();
        assert_eq!(odd.step_down(), Some(SessionDuration::HOUR));
        assert_eq!(SessionDuration::MAX.chained(), SessionDuration::HOUR);
    }

    #[test]
    fn displayed_duration_parses_to_the_same() {
        for text in ["1h", "90m", "15m", "1h30m", "12h"] {
            let again = SessionDuration::parse(text).unwrap().to_string();
            assert_eq!(SessionDuration::parse(&again), SessionDuration::parse(text));
        }
    }
}
