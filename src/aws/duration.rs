//! How long credentials are asked for, and the steps down when a role does not allow it.
//!
//! STS never says what a role's maximum is, so it is found by asking for less. Every role allows an
//! hour; an administrator may set up to twelve.

use std::fmt;

use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// `DurationSeconds` of STS: 15 minutes to 12 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionDuration(u32);

impl SessionDuration {
    pub const MIN: Self = Self(900);
    /// What every role allows, and the most that a chained role ever gets.
    pub const HOUR: Self = Self(3600);
    pub const MAX: Self = Self(43_200);

    /// Hours at which administrators set the maximum.
    const LADDER: [u32; 8] = [43_200, 28_800, 21_600, 14_400, 7200, 3600, 1800, 900];

    /// # Errors
    /// When STS would refuse it for every role.
    pub fn from_seconds(seconds: u32) -> Result<Self, DurationError> {
        match seconds {
            0..900 => Err(DurationError::TooShort),
            900..=43_200 => Ok(Self(seconds)),
            _ => Err(DurationError::TooLong),
        }
    }

    /// Reads `1h`, `90m`, `1h30m`, `3600s`, `3600`.
    ///
    /// # Errors
    /// When it is none of these, or outside of STS's limits.
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

    /// The next shorter one to ask for; `None` at the bottom.
    pub fn step_down(self) -> Option<Self> {
        let shorter = Self::LADDER.into_iter().find(|step| *step < self.0);
        shorter.map(Self)
    }

    /// What to ask for when the role is assumed with another role's credentials.
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
    fn the_spellings_of_a_duration() {
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
    fn the_ladder_ends_and_each_step_is_shorter() {
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
    fn it_is_written_as_it_is_typed() {
        for text in ["1h", "90m", "15m", "1h30m", "12h"] {
            let again = SessionDuration::parse(text).unwrap().to_string();
            assert_eq!(SessionDuration::parse(&again), SessionDuration::parse(text));
        }
    }
}
