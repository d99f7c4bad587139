//! Reads INI files by the rules of `RawConfigParser._read`.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::botocore::{self, DEFAULTS};
use super::document::{Entry, Ini, Section, is_space};
use super::encoding::is_undecoded;
use super::fault::{Fault, FaultKind};

/// How an indented line is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indented {
    /// The continued value of the key above, if it is indented deeper than that key: Python's rule.
    Continues,
    /// A line like any other: the rule of tools that are written in Go.
    IsPlain,
}

/// Reads `text` by botocore's rules.
pub fn read(text: &str) -> Ini {
    read_as(text, Indented::Continues)
}

/// Reads `text` with indented lines read as `indented`.
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

/// The entry that a continuation line belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nowhere,
    /// The last entry of the current section.
    Last,
    /// A key that was dropped.
    Dropped,
}

/// The state of `RawConfigParser._read` between two lines.
#[derive(Default)]
struct Reader {
    ini: Ini,
    /// The index of each section.
    indexes: HashMap<String, usize>,
    /// The line of each key in lower case, by the index of its section.
    keys: HashMap<(usize, String), usize>,
    /// The index of the current section.
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
        let known = self.indexes.get(name).copied();
        if let Some(at) = known
            && name != DEFAULTS
        {
            let first = self.ini.sections[at].line;
            self.fault(number, FaultKind::DuplicateSection(first));
        }
        self.current = known.or(Some(self.ini.sections.len()));
        if known.is_none() {
            self.indexes
                .insert(name.to_owned(), self.ini.sections.len());
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

/// Returns the lines of `text`, which end with LF, CRLF or CR as in Python.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').flat_map(|line| {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r')
    })
}
