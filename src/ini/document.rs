//! The sections and entries of an INI file.

use std::fmt;

use zeroize::Zeroizing;

use super::fault::Fault;

/// A file's sections in the order of their first header, and its faults.
#[derive(Debug, Default)]
pub struct Ini {
    /// Keys before the first header are in a section without a name.
    pub sections: Vec<Section>,
    /// In the order of their lines.
    pub faults: Vec<Fault>,
}

/// The keys of a section; those of a repeated header are in the first of its name.
#[derive(Debug)]
pub struct Section {
    /// As it is spelled between the brackets.
    pub name: String,
    /// The header's line, counted from 1.
    pub line: usize,
    pub entries: Vec<Entry>,
}

/// A key and its value, which may be a secret.
pub struct Entry {
    /// As it is spelled; [`Entry::is`] compares as the tools do.
    pub key: String,
    pub line: usize,
    /// The value line by line, each with the number of its line.
    pub lines: Vec<(usize, Zeroizing<String>)>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.key)
    }
}

impl Ini {
    /// Returns the section with the header `name`.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }
}

impl Section {
    /// Returns the entry of `key`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.is(key))
    }
}

impl Entry {
    /// Compares the key with `key`, case-insensitively.
    pub fn is(&self, key: &str) -> bool {
        self.key.to_lowercase() == key.to_lowercase()
    }

    /// Returns the whole value: its lines joined by line feeds, without trailing white space.
    pub fn value(&self) -> Zeroizing<String> {
        let size = self.lines.iter().map(|(_, line)| line.len() + 1).sum();
        let mut value = Zeroizing::new(String::with_capacity(size));
        for (at, (_, line)) in self.lines.iter().enumerate() {
            if at > 0 {
                value.push('\n');
            }
            value.push_str(line);
        }
        let end = value.trim_end_matches(is_space).len();
        value.truncate(end);
        value
    }

    /// Returns the number of the first continuation line that is not empty.
    pub fn continued(&self) -> Option<usize> {
        let mut more = self.lines.iter().skip(1);
        more.find(|(_, line)| !line.is_empty()).map(|(at, _)| *at)
    }
}

/// Whether `c` is white space for Python's `str.isspace`.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}
