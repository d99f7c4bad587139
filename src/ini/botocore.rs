//! A file as botocore returns it: defaults, nested blocks and the names of profiles.

use std::collections::BTreeMap;

use super::document::{Entry, Ini, Section, is_space};
use super::fault::{Fault, FaultKind};
use super::shell_words::shell_words;

/// The section whose keys every other section inherits.
pub(super) const DEFAULTS: &str = "DEFAULT";

/// A value as botocore returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Text(String),
    /// An indented block below a key without a value.
    Nested(BTreeMap<String, String>),
}

impl Ini {
    /// Returns every section with its keys in lower case, as `raw_config_parse` does.
    pub fn values(&self) -> BTreeMap<&str, BTreeMap<String, Value>> {
        let defaults = self.section(DEFAULTS);
        let value = |entry: &Entry| (entry.key.to_lowercase(), value(entry));
        let named = self.sections.iter().filter(|section| is_named(section));
        named
            .map(|section| {
                let inherited = inherited(defaults, section).map(value);
                let own = section.entries.iter().map(value);
                (section.name.as_str(), inherited.chain(own).collect())
            })
            .collect()
    }

    /// The section of the config file that is the profile `name`: the last of its names, as in
    /// `build_profile_map`.
    pub fn profile(&self, name: &str) -> Option<&Section> {
        let mut all = self.sections.iter().rev();
        all.find(|section| profile_name(&section.name).as_deref() == Some(name))
    }
}

fn inherited<'a>(
    defaults: Option<&'a Section>,
    section: &'a Section,
) -> impl Iterator<Item = &'a Entry> {
    let all = defaults.into_iter().flat_map(|defaults| &defaults.entries);
    all.filter(|entry| section.get(&entry.key).is_none())
}

/// Returns the name of the profile that a section of the config file is, if it is one.
fn profile_name(section: &str) -> Option<String> {
    if section == "default" {
        return Some(section.to_owned());
    }
    let words = section.starts_with("profile").then(|| shell_words(section));
    match <[String; 2]>::try_from(words??) {
        Ok([_, name]) => Some(name),
        Err(_) => None,
    }
}

fn is_named(section: &Section) -> bool {
    section.name != DEFAULTS && !section.name.is_empty()
}

fn value(entry: &Entry) -> Value {
    let value = entry.value();
    if !value.starts_with('\n') {
        return Value::Text(value.to_string());
    }
    let pairs = split_lines(&value).filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let trimmed = |text: &str| text.trim_matches(is_space).to_owned();
        Some((trimmed(key), trimmed(value)))
    });
    Value::Nested(pairs.collect())
}

/// Returns the lines of nested blocks that are no `key = value`.
pub(super) fn nested_faults(ini: &Ini) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut check = |entry: &Entry| {
        if !entry.value().starts_with('\n') {
            return;
        }
        for (line, text) in entry.lines.iter().skip(1) {
            let is_fault =
                |part: &str| !part.trim_matches(is_space).is_empty() && !part.contains('=');
            let (line, kind) = (*line, FaultKind::NotNested);
            if split_lines(text).any(is_fault) {
                faults.push(Fault { line, kind });
            }
        }
    };
    let defaults = ini.section(DEFAULTS);
    for section in ini.sections.iter().filter(|section| is_named(section)) {
        section.entries.iter().for_each(&mut check);
        inherited(defaults, section).for_each(&mut check);
    }
    faults
}

/// Splits `text` as Python's `str.splitlines`.
fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    })
}
