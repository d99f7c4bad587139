//! INI files, properties and `.env`: a line, a key.

use super::entry::{Entry, Section};
use super::error::PeerError;

/// What an indented line is: a continued value to some tools, nested settings in the AWS file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Indented {
    Refuse,
    Skip,
}

/// Sections in the order of the file. What stands before the first header is in a section without a name.
pub(super) fn ini(text: &str, indented: Indented) -> Result<Vec<Section>, PeerError> {
    let mut sections: Vec<Section> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            match indented {
                Indented::Refuse => return Err(PeerError::Continued(number)),
                Indented::Skip => continue,
            }
        }
        if let Some(inside) = trimmed.strip_prefix('[') {
            let name = inside
                .strip_suffix(']')
                .filter(|name| !name.trim().is_empty())
                .ok_or(PeerError::Line(number))?
                .trim();
            if sections.iter().any(|section| section.name == name) {
                return Err(PeerError::Twice(number));
            }
            sections.push(Section {
                name: name.to_owned(),
                entries: Vec::new(),
            });
            continue;
        }
        let entry = entry(trimmed, number)?;
        if sections.is_empty() {
            sections.push(Section {
                name: String::new(),
                entries: Vec::new(),
            });
        }
        if let Some(section) = sections.last_mut() {
            add(&mut section.entries, entry)?;
        }
    }
    Ok(sections)
}

/// `KEY=value` lines without sections. `export` before a key and one pair of quotes around a value are a shell's.
pub(super) fn flat(text: &str) -> Result<Vec<Entry>, PeerError> {
    let mut entries = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        if line.ends_with('\\') {
            return Err(PeerError::Continued(number));
        }
        add(&mut entries, entry(line, number)?)?;
    }
    Ok(entries)
}

fn add(entries: &mut Vec<Entry>, entry: Entry) -> Result<(), PeerError> {
    let again = |other: &Entry| other.key.eq_ignore_ascii_case(&entry.key);
    if entries.iter().any(again) {
        return Err(PeerError::Twice(entry.line));
    }
    entries.push(entry);
    Ok(())
}

fn entry(line: &str, number: usize) -> Result<Entry, PeerError> {
    let (key, value) = line
        .split_once(['=', ':'])
        .map(|(key, value)| (key.trim(), value.trim()))
        .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
        .ok_or(PeerError::Line(number))?;
    let unquoted = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    Ok(Entry::new(key, unquoted.unwrap_or(value), number))
}
