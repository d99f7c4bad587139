//! Keys and values of another tool's file.

use std::fmt;

use zeroize::Zeroizing;

/// A key and its value. The value may be a secret, so only the key is ever printed.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The section it is inherited from, if it is not the profile's own.
    pub(super) section: Option<String>,
    pub(super) value: Zeroizing<String>,
    /// Counted from 1; 0 without a file.
    pub(super) line: usize,
}

impl Entry {
    pub(super) fn new(key: &str, value: &str, line: usize) -> Self {
        Self {
            key: key.to_owned(),
            section: None,
            value: Zeroizing::new(value.to_owned()),
            line,
        }
    }

    pub(super) fn is(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }

    /// Returns the entry for a profile that inherits it from `section`.
    pub(super) fn inherited(&self, section: &str) -> Self {
        Self {
            section: Some(section.to_owned()),
            ..self.clone()
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.key)
    }
}

/// The entries between two headers.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    /// The header's line; 0 where the file has none.
    pub(super) line: usize,
    pub(super) entries: Vec<Entry>,
}

impl Section {
    /// Returns the value of `key`, unless it is empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        value_of(&self.entries, key)
    }
}

/// Returns the value of `key` in `entries`, unless it is empty.
pub(super) fn value_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a str> {
    let entry = entries.iter().find(|entry| entry.is(key))?;
    Some(entry.value.as_str()).filter(|value| !value.is_empty())
}

/// Adds those entries of the section `section` that `entries` lacks.
pub(super) fn inherit<'a>(
    entries: &mut Vec<Entry>,
    from: impl IntoIterator<Item = &'a Entry>,
    section: &str,
) {
    let is_missing = |entry: &&Entry| value_of(entries, &entry.key).is_none();
    let missing = from.into_iter().filter(is_missing);
    let missing: Vec<Entry> = missing.map(|entry| entry.inherited(section)).collect();
    entries.extend(missing);
}
