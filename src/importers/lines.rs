//! Sections and keys of the other tools' INI files, properties and `.env`, read by [`crate::ini`].
//!
//! What can be read is taken; every other line is named.

use super::entry::{Entry, Findings, Section};
use crate::ini::{self, FaultKind, Indented, Ini, is_undecoded, read_as};

/// Whose rules for indented lines a file follows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// An indented line continues the value above it.
    Python,
    /// Indentation means nothing.
    Go,
    /// As in Python; a key without a value has a block of settings below it, none of which is another tool's.
    Aws,
}

/// Sections in the order of the file. What stands before the first header is in a section without a name.
pub(super) fn sections(text: &str, dialect: Dialect, findings: &mut Findings) -> Vec<Section> {
    let indented = match dialect {
        Dialect::Go => Indented::IsPlain,
        Dialect::Python | Dialect::Aws => Indented::Continues,
    };
    let ini = read_as(text, indented);
    note_faults(&ini, findings, |_| false);
    let sections = ini.sections.into_iter();
    sections
        .map(|section| {
            let name = section.name.trim().to_owned();
            let entries = section.entries.iter();
            let entries = entries.filter_map(|entry| single(&name, entry, dialect, findings));
            Section {
                entries: entries.collect(),
                line: section.line,
                name,
            }
        })
        .collect()
}

/// `KEY=value` lines without sections. `export` before a key and one pair of quotes around a value are a shell's.
pub(super) fn flat(text: &str, findings: &mut Findings) -> Vec<Entry> {
    let ini = read_as(text, Indented::IsPlain);
    // Properties have a second sign for comments.
    let comments: Vec<usize> = (text.lines().zip(1..))
        .filter(|(line, _)| line.trim_start().starts_with('!'))
        .map(|(_, number)| number)
        .collect();
    note_faults(&ini, findings, |line| comments.contains(&line));
    let mut entries = Vec::new();
    for entry in ini.sections.iter().flat_map(|section| &section.entries) {
        let key = entry.key.strip_prefix("export ").unwrap_or(&entry.key);
        if comments.contains(&entry.line) {
        } else if entry.value().ends_with('\\') {
            findings.lose(key, entry.line, SEVERAL_LINES);
        } else {
            let taken = single("", entry, Dialect::Go, findings);
            entries.extend(taken.map(|taken| Entry {
                key: key.trim().to_owned(),
                ..taken
            }));
        }
    }
    entries
}

const SEVERAL_LINES: &str = "a value over several lines";

fn note_faults(ini: &Ini, findings: &mut Findings, is_comment: impl Fn(usize) -> bool) {
    for fault in ini.faults.iter().filter(|fault| !is_comment(fault.line)) {
        let why = fault.kind.to_string();
        match fault.kind {
            // Properties have no sections at all.
            FaultKind::NoSection => {}
            kind if kind.is_harmless() => findings.notes.push((fault.line, why)),
            _ => findings.lose("", fault.line, why),
        }
    }
}

/// The entry if its value is in one line; else it is named, unless that is no value of this tool.
fn single(
    section: &str,
    entry: &ini::Entry,
    dialect: Dialect,
    findings: &mut Findings,
) -> Option<Entry> {
    let value = entry.value();
    // The line is named already.
    if entry.key.chars().chain(value.chars()).any(is_undecoded) {
        return None;
    }
    if let Some(line) = entry.continued() {
        if dialect != Dialect::Aws || !value.starts_with('\n') {
            findings.lose(format!("{section}.{}", entry.key), line, SEVERAL_LINES);
        }
        return None;
    }
    let value = match quoted(&value) {
        Some(inside) => inside,
        None if entry.is("credential_process") => &value,
        None => without_comment(&value),
    };
    Some(Entry::new(&entry.key, value, entry.line))
}

/// What one pair of quotes holds, if at most a comment follows. Tools written in Go put a value with a comment's sign
/// into backticks.
fn quoted(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|c| "\"'`".contains(*c))?;
    let (inside, rest) = value[1..].split_once(quote)?;
    let rest = rest.trim_start();
    (rest.is_empty() || rest.starts_with(['#', ';'])).then_some(inside)
}

/// The value without a comment behind it, which begins with a sign of its own word.
fn without_comment(value: &str) -> &str {
    let signs = value.match_indices(['#', ';']).map(|(at, _)| at);
    let mut begins = signs.filter(|at| *at == 0 || value[..*at].ends_with([' ', '\t']));
    begins.next().map_or(value, |at| value[..at].trim_end())
}
