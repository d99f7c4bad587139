//! Sections and entries of INI files, properties and `.env` files, parsed by [`crate::ini`].
//!
//! Valid lines are taken; every other line is reported.

use super::entry::{Entry, Section};
use super::findings::Findings;
use crate::ini::{self, FaultKind, Indented, Ini, is_undecoded, read_as};

/// How a file's indented lines are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// An indented line continues the value above it.
    Python,
    /// Indentation means nothing.
    Go,
    /// As in Python; the indented block below a key without a value is of the AWS tools.
    Aws,
}

/// Returns the sections in the order of the file. Entries before the first header are in a section
/// without a name.
pub(super) fn sections(text: &str, dialect: Dialect, findings: &mut Findings) -> Vec<Section> {
    let indented = match dialect {
        Dialect::Go => Indented::IsPlain,
        Dialect::Python | Dialect::Aws => Indented::Continues,
    };
    let ini = read_as(text, indented);
    add_faults(&ini, findings, |_| false);
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

/// Returns the entries of `KEY=value` lines without sections. `export` before a key is dropped.
pub(super) fn flat(text: &str, findings: &mut Findings) -> Vec<Entry> {
    let ini = read_as(text, Indented::IsPlain);
    // In properties `!` begins a comment too.
    let comments: Vec<usize> = (text.lines().zip(1..))
        .filter(|(line, _)| line.trim_start().starts_with('!'))
        .map(|(_, number)| number)
        .collect();
    add_faults(&ini, findings, |line| comments.contains(&line));
    let mut entries = Vec::new();
    for entry in ini.sections.iter().flat_map(|section| &section.entries) {
        let key = entry.key.strip_prefix("export ").unwrap_or(&entry.key);
        if comments.contains(&entry.line) {
        } else if entry.value().ends_with('\\') {
            findings.reject(key, entry.line, SEVERAL_LINES);
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

fn add_faults(ini: &Ini, findings: &mut Findings, is_comment: impl Fn(usize) -> bool) {
    for fault in ini.faults.iter().filter(|fault| !is_comment(fault.line)) {
        let why = fault.kind.to_string();
        match fault.kind {
            // Properties have no sections at all.
            FaultKind::NoSection => {}
            kind if kind.is_harmless() => findings.notes.push((fault.line, why)),
            _ => findings.reject("", fault.line, why),
        }
    }
}

/// Returns the entry if its value is in one line. Otherwise it is reported, unless it is a block of
/// the AWS tools.
fn single(
    section: &str,
    entry: &ini::Entry,
    dialect: Dialect,
    findings: &mut Findings,
) -> Option<Entry> {
    let value = entry.value();
    // The line was reported as a fault.
    if entry.key.chars().chain(value.chars()).any(is_undecoded) {
        return None;
    }
    if let Some(line) = entry.continued() {
        if dialect != Dialect::Aws || !value.starts_with('\n') {
            findings.reject(format!("{section}.{}", entry.key), line, SEVERAL_LINES);
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

/// Returns the text in one pair of quotes, if at most a comment follows. Tools written in Go quote
/// a value with a comment's sign in backticks.
fn quoted(value: &str) -> Option<&str> {
    let quote = value.chars().next().filter(|c| "\"'`".contains(*c))?;
    let (inside, rest) = value[1..].split_once(quote)?;
    let rest = rest.trim_start();
    (rest.is_empty() || rest.starts_with(['#', ';'])).then_some(inside)
}

/// Returns the value without a comment, whose sign begins a word.
fn without_comment(value: &str) -> &str {
    let signs = value.match_indices(['#', ';']).map(|(at, _)| at);
    let mut begins = signs.filter(|at| *at == 0 || value[..*at].ends_with([' ', '\t']));
    begins.next().map_or(value, |at| value[..at].trim_end())
}

/// Returns the name of the profile that a section of the AWS file is, as it is spelled.
pub(super) fn profile_name(section: &Section) -> &str {
    let rest = section.name.strip_prefix("profile");
    let rest = rest.filter(|rest| rest.starts_with([' ', '\t']));
    rest.unwrap_or(&section.name).trim()
}
