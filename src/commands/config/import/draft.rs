//! The settings that an import writes, collected from several files.
//!
//! The first file that sets a value wins; a later one is reported. Every value was parsed by the
//! parser of the settings, so `ob config check` accepts the file that is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{KEYS, parse_flag};
use crate::report::Report;

pub(super) type Values = BTreeMap<&'static str, String>;

/// The place in another tool's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) file: String,
    /// 0 for the whole file or a whole profile.
    pub(super) line: usize,
    pub(super) key: String,
}

impl Origin {
    pub(super) fn new(file: &str, line: usize, key: &str) -> Self {
        Self {
            file: file.to_owned(),
            line,
            key: key.to_owned(),
        }
    }
}

/// A value that is imported, and its key in the settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) from: Origin,
    pub(super) to: String,
    pub(super) value: String,
}

/// A key, line, profile or file that is not imported. Its value is not kept.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub(super) from: Origin,
    pub(super) why: String,
    /// Whether it is left out because it is invalid.
    pub(super) is_invalid: bool,
}

/// A profile that gets another name.
#[derive(Debug)]
pub(super) struct Renamed {
    pub(super) from: Origin,
    pub(super) to: String,
    pub(super) why: &'static str,
}

/// A profile that is imported.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct DraftProfile {
    /// The index of its org in `orgs`.
    pub(super) org: Option<usize>,
    pub(super) values: Values,
    /// `chain` and `policy_arns`, unless empty.
    pub(super) lists: BTreeMap<&'static str, Vec<String>>,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) orgs: Vec<Values>,
    pub(super) profiles: BTreeMap<String, DraftProfile>,
    /// The origin of each profile, with its name there.
    pub(super) origins: BTreeMap<String, Origin>,
    /// The names of profiles that were dropped as a whole.
    pub(super) dropped: BTreeSet<String>,
    /// Whether a file could not be read, so that its profiles are unknown.
    pub(super) has_lost_file: bool,
    /// Whether a line could not be read, which may have been a profile.
    pub(super) has_lost_line: bool,
    pub(super) default: Option<String>,
    pub(super) accounts: BTreeMap<String, String>,
    /// Patterns and texts, in order.
    pub(super) role_labels: Vec<(String, String)>,
    pub(super) provider_labels: Vec<(String, String)>,
    pub(super) taken: Vec<Taken>,
    pub(super) renamed: Vec<Renamed>,
    pub(super) left_out: Vec<LeftOut>,
    /// Lines that are irregular and were read, and what is irregular.
    pub(super) notes: Vec<(Origin, String)>,
}

impl Draft {
    /// Reports a value as imported. A value that several profiles inherit is reported once.
    pub(super) fn take(&mut self, from: Origin, to: String, value: String) {
        let taken = Taken { from, to, value };
        if !self.taken.contains(&taken) {
            self.taken.push(taken);
        }
    }

    /// Records that what is at `from` is not imported, and why. `is_invalid`: its value is wrong,
    /// and not only unsupported. The same place and reason are kept once.
    pub(super) fn leave_out(&mut self, from: Origin, why: impl Into<String>, is_invalid: bool) {
        let why = why.into();
        let mut known = self.left_out.iter();
        if !known.any(|left_out| left_out.from == from && left_out.why == why) {
            self.left_out.push(LeftOut {
                from,
                why,
                is_invalid,
            });
        }
    }

    /// Reports a file that cannot be read at all.
    pub(super) fn lose_file(&mut self, file: &str, report: &Report) {
        self.has_lost_file = true;
        let why = report.causes.last().unwrap_or(&report.summary);
        self.leave_out(Origin::new(file, 0, ""), why, true);
    }

    /// Returns the names of the profiles, sorted.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }
}

/// Parses `text` as a value of the setting at `path` and returns it as the settings spell it. An
/// error is why it is refused.
pub(super) fn parse_value(path: &str, text: &str) -> Result<String, String> {
    let key = KEYS.iter().find(|key| key.path == path);
    let path = key.map_or("default_profile", |key| key.path);
    // The other tools count in seconds.
    let is_seconds = path.ends_with(".duration") && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = format!("{text}s");
    let value = parse_flag("it", path, if is_seconds { &seconds } else { text });
    value
        .map(|value| value.to_string())
        .map_err(|report| report.causes.first().unwrap_or(&report.summary).clone())
}
