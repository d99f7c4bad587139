//! INI files of other tools, read by the rules of Python's `configparser.RawConfigParser`, with
//! which botocore (the aws CLI, boto3) reads `~/.aws/config` and `~/.aws/credentials`.
//!
//! [`read`] never fails: a line that the rules do not allow becomes a [`Fault`], and the rest is
//! still read. botocore stops at the first fault. Sources: CPython 3.11 `Lib/configparser.py`
//! (`RawConfigParser._read`) and botocore 1.44 `configloader.py`.

mod botocore;
mod encoding;
mod fault;
mod shell_words;

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

pub use botocore::Value;
pub use encoding::{NotText, decode, encode, is_undecoded};
pub use fault::{Fault, FaultKind, unreadable};
pub use shell_words::shell_words;

/// How an indented line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indented {
    /// The continued value of the key above, if it is indented deeper than that key: Python's rule.
    Continues,
    /// A line like any other: the rule of tools that are written in Go.
    IsPlain,
}

/// A file's sections in the order of their first header, and what is wrong with its lines.
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

    /// Returns the whole value, its lines joined by line feeds, without white space at the end.
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

/// Reads `text` by botocore's rules.
pub fn read(text: &str) -> Ini {
    read_as(text, Indented::Continues)
}

/// Reads `text`; `indented` says how an indented line is read.
pub fn read_as(text: &str, indented: Indented) -> Ini {
    let mut reader = Reader::default();
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            reader.fault(1, FaultKind::ByteOrderMark);
            rest
        }
        None => text,
    };
    for (line, number) in lines(text).zip(1..) {
        reader.line(line, number, indented);
    }
    let Reader { mut ini, .. } = reader;
    ini.faults.extend(botocore::nested_faults(&ini));
    ini.faults.sort_by_key(|fault| fault.line);
    ini.faults.dedup();
    ini
}

/// Where the value of a continuation line goes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nowhere,
    /// The last entry of the current section.
    Last,
    /// To a key that was dropped.
    Dropped,
}

#[derive(Default)]
struct Reader {
    ini: Ini,
    /// Where each section is.
    places: HashMap<String, usize>,
    /// The line of each key in lower case, with the place of its section.
    keys: HashMap<(usize, String), usize>,
    /// The place of the current section.
    current: Option<usize>,
    open: Open,
    indent: usize,
}

impl Reader {
    fn line(&mut self, line: &str, number: usize, indented: Indented) {
        let value = line.trim_matches(is_space);
        if line.chars().any(is_undecoded) {
            self.fault(number, FaultKind::NotUtf8);
        }
        if value.starts_with(['#', ';']) {
            return;
        }
        if value.is_empty() {
            return self.continue_value("", number);
        }
        let indent = line.chars().take_while(|c| is_space(*c)).count();
        let continues = indented == Indented::Continues && indent > self.indent;
        if continues && self.open != Open::Nowhere {
            return self.continue_value(value, number);
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            return self.header(name, number);
        }
        if self.current.is_none() {
            self.fault(number, FaultKind::NoSection);
            self.header("", number);
        }
        match value.split_once(['=', ':']) {
            None => self.fault(number, FaultKind::NotAKey),
            Some((key, value)) => self.entry(
                key.trim_end_matches(is_space),
                value.trim_matches(is_space),
                number,
            ),
        }
    }

    fn header(&mut self, name: &str, number: usize) {
        self.open = Open::Nowhere;
        let known = self.places.get(name).copied();
        if let Some(at) = known
            && name != botocore::DEFAULTS
        {
            let first = self.ini.sections[at].line;
            self.fault(number, FaultKind::DuplicateSection(first));
        }
        self.current = known.or(Some(self.ini.sections.len()));
        if known.is_none() {
            self.places.insert(name.to_owned(), self.ini.sections.len());
            self.ini.sections.push(Section {
                name: name.to_owned(),
                line: number,
                entries: Vec::new(),
            });
        }
    }

    fn entry(&mut self, key: &str, value: &str, number: usize) {
        if key.is_empty() {
            self.open = Open::Nowhere;
            return self.fault(number, FaultKind::NoKey);
        }
        let Some(at) = self.current else {
            return;
        };
        let id = (at, key.to_lowercase());
        if let Some(first) = self.keys.get(&id) {
            let kind = FaultKind::DuplicateKey(*first);
            self.open = Open::Dropped;
            return self.fault(number, kind);
        }
        self.keys.insert(id, number);
        let Some(section) = self.ini.sections.get_mut(at) else {
            return;
        };
        section.entries.push(Entry {
            key: key.to_owned(),
            line: number,
            lines: vec![(number, Zeroizing::new(value.to_owned()))],
        });
        self.open = Open::Last;
    }

    fn continue_value(&mut self, value: &str, number: usize) {
        let section = self.current.and_then(|at| self.ini.sections.get_mut(at));
        let entry = section.and_then(|section| section.entries.last_mut());
        if let (Open::Last, Some(entry)) = (self.open, entry) {
            entry.lines.push((number, Zeroizing::new(value.to_owned())));
        }
    }

    fn fault(&mut self, line: usize, kind: FaultKind) {
        self.ini.faults.push(Fault { line, kind });
    }
}

/// Returns the name in a header: the text between the first bracket and the last one of the line.
pub fn header(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// The lines of `text`, which end as Python's text files do: LF, CRLF or CR.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r')
    })
}

/// Python's `str.isspace`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests;
