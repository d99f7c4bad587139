//! As much YAML as a settings file needs: maps of maps of scalars, one key a line, and lists of such maps.
//!
//! Everything else that YAML is (anchors, tags, flow style, block scalars, several documents) is an error with its
//! line. A list's dash is read as indentation: which item a key is of does not matter here.

use std::borrow::Cow;

use super::entry::Entry;
use super::error::PeerError;

/// A scalar and the keys that lead to it; the entry's own key is the last.
pub(super) struct Leaf {
    pub(super) path: Vec<String>,
    pub(super) entry: Entry,
}

struct Open {
    key: String,
    indent: usize,
    /// Of its children, once one was seen.
    inside: Option<usize>,
}

pub(super) fn leaves(text: &str) -> Result<Vec<Leaf>, PeerError> {
    let mut leaves: Vec<Leaf> = Vec::new();
    let mut tables: Vec<Vec<String>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut top = None;
    for (line, number) in text.lines().zip(1..) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if content == "---" && leaves.is_empty() && tables.is_empty() {
            continue;
        }
        let blank = line.len() - line.trim_start().len();
        if line[..blank].contains('\t') {
            return Err(PeerError::Tab(number));
        }
        let (indent, content) = match content.strip_prefix("- ") {
            Some(rest) => (
                blank + 1 + line[blank + 1..].len() - line[blank + 1..].trim_start().len(),
                rest.trim_start(),
            ),
            None => (blank, content),
        };
        while open.last().is_some_and(|table| table.indent >= indent) {
            open.pop();
        }
        let inside = open.last_mut().map_or(&mut top, |table| &mut table.inside);
        if *inside.get_or_insert(indent) != indent {
            return Err(PeerError::Indentation(number));
        }
        let (key, rest) = key(content, number)?;
        let value = value(rest, number)?;
        let path: Vec<String> = open.iter().map(|table| table.key.clone()).collect();
        let whole: Vec<String> = path.iter().cloned().chain([key.to_string()]).collect();
        let again = |leaf: &Leaf| leaf.path == path && leaf.entry.key == *key;
        if tables.contains(&whole) || leaves.iter().any(again) {
            return Err(PeerError::Twice(number));
        }
        match value {
            Some(value) => leaves.push(Leaf {
                path,
                entry: Entry::new(&key, &value, number),
            }),
            None => {
                tables.push(whole);
                open.push(Open {
                    key: key.into_owned(),
                    indent,
                    inside: None,
                });
            }
        }
    }
    Ok(leaves)
}

/// The key, and what stands behind its colon.
fn key(content: &str, line: usize) -> Result<(Cow<'_, str>, &str), PeerError> {
    let wrong = |what| PeerError::Yaml(line, what);
    if content.starts_with(['"', '\'']) {
        let (key, rest) = quoted(content, line)?;
        let rest = rest.trim_start().strip_prefix(':');
        return Ok((key, rest.ok_or(wrong("other lines"))?));
    }
    if content.starts_with([
        '{', '[', '&', '*', '!', '|', '>', '%', '@', '`', '?', '-', ',',
    ]) {
        return Err(wrong("anchors, tags and flow style"));
    }
    let end = content
        .find(": ")
        .or_else(|| content.strip_suffix(':').map(str::len));
    let end = end.filter(|end| *end > 0).ok_or(wrong("other lines"))?;
    Ok((content[..end].trim_end().into(), &content[end + 1..]))
}

/// The scalar; `None` where a map begins or nothing is said.
fn value(rest: &str, line: usize) -> Result<Option<Cow<'_, str>>, PeerError> {
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    if rest.starts_with(['"', '\'']) {
        let (value, after) = quoted(rest, line)?;
        return match after.trim_start() {
            "" => Ok(Some(value)),
            after if after.starts_with('#') => Ok(Some(value)),
            _ => Err(PeerError::Yaml(line, "words behind a quoted value")),
        };
    }
    if rest.starts_with(['{', '[']) {
        return Err(PeerError::Yaml(line, "maps and lists in one line"));
    }
    if rest.starts_with(['|', '>']) {
        return Err(PeerError::Yaml(line, "values over several lines"));
    }
    if rest.starts_with(['&', '*', '!', '%', '@', '`']) {
        return Err(PeerError::Yaml(line, "anchors and tags"));
    }
    let end = rest.find(" #").unwrap_or(rest.len());
    let value = rest[..end].trim_end();
    if value.contains(": ") {
        return Err(PeerError::Yaml(line, "two keys in one line"));
    }
    Ok(Some(value.into()))
}

/// What is in quotes, and what stands behind them. Of the escapes, those that only spell a quote or a backslash.
fn quoted(text: &str, line: usize) -> Result<(Cow<'_, str>, &str), PeerError> {
    let wrong = |what| PeerError::Yaml(line, what);
    let quote = text.chars().next().unwrap_or('"');
    let mut inside = String::new();
    let mut rest = text[1..].chars();
    loop {
        match rest.next().ok_or(wrong("quotes that stay open"))? {
            '\\' if quote == '"' => match rest.next() {
                Some(c @ ('"' | '\\' | '/')) => inside.push(c),
                _ => return Err(wrong("escapes in quotes")),
            },
            c if c == quote => match rest.as_str().strip_prefix('\'') {
                Some(after) if quote == '\'' => {
                    inside.push('\'');
                    rest = after.chars();
                }
                _ => return Ok((inside.into(), rest.as_str())),
            },
            c => inside.push(c),
        }
    }
}
