//! The subset of YAML that a settings file needs: maps of maps of scalars, one key a line, and
//! lists of such maps. Hand-written because a YAML crate's errors end at the first line it cannot
//! read.
//!
//! Any other line (anchors, tags, flow style, block scalars, several documents) is reported and
//! left out, with the lines indented below it. A list's dash counts as indentation: the item of a
//! key does not matter here.

use std::borrow::Cow;

use super::entry::Entry;
use super::findings::Findings;

/// A scalar and the keys above it.
pub(super) struct Leaf {
    pub(super) path: Vec<String>,
    pub(super) entry: Entry,
}

/// A table whose lines are being read.
struct Open {
    key: String,
    indent: usize,
    /// The indentation of its children, once there is one.
    inside: Option<usize>,
}

/// Returns every scalar of `text`. Other lines are added to `findings`.
pub(super) fn leaves(text: &str, findings: &mut Findings) -> Vec<Leaf> {
    let mut reader = Reader::default();
    // The indentation of the last line that was left out.
    let mut left_out = None;
    for (line, number) in text.lines().zip(1..) {
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if content == "---" && reader.leaves.is_empty() && reader.tables.is_empty() {
            continue;
        }
        let blank = line.len() - line.trim_start().len();
        if left_out.is_some_and(|indent| blank > indent) {
            continue;
        }
        left_out = None;
        if line[..blank].contains('\t') {
            findings.reject("", number, "a tab indents it, which YAML forbids");
        } else if let Err(unread) = reader.line(line, blank, number) {
            findings.reject(unread.key, number, unread.why);
            left_out = Some(blank);
        }
    }
    reader.leaves
}

#[derive(Default)]
struct Reader {
    leaves: Vec<Leaf>,
    tables: Vec<Vec<String>>,
    open: Vec<Open>,
    /// The indentation of the outermost keys.
    top: Option<usize>,
}

/// A line that is left out; the key is empty where none could be parsed.
struct Unread {
    key: String,
    why: String,
}

impl Reader {
    fn line(&mut self, line: &str, blank: usize, number: usize) -> Result<(), Unread> {
        let content = line.trim();
        let (indent, content) = match content.strip_prefix("- ") {
            Some(rest) => (
                blank + 1 + line[blank + 1..].len() - line[blank + 1..].trim_start().len(),
                rest.trim_start(),
            ),
            None => (blank, content),
        };
        while self.open.last().is_some_and(|table| table.indent >= indent) {
            self.open.pop();
        }
        let last = self.open.last_mut();
        let inside = last.map_or(&mut self.top, |table| &mut table.inside);
        if *inside.get_or_insert(indent) != indent {
            let (key, why) = (
                String::new(),
                "its indentation fits no line above".to_owned(),
            );
            return Err(Unread { key, why });
        }
        let not_plain = |key: String| {
            move |what| Unread {
                key,
                why: format!("not a plain `key: value`: {what} are not read"),
            }
        };
        let (key, rest) = key(content).map_err(not_plain(String::new()))?;
        let path: Vec<String> = self.open.iter().map(|table| table.key.clone()).collect();
        let whole: Vec<String> = path.iter().cloned().chain([key.to_string()]).collect();
        let value = value(rest).map_err(not_plain(whole.join(".")))?;
        let again = |leaf: &Leaf| leaf.path == path && leaf.entry.key == *key;
        if self.tables.contains(&whole) || self.leaves.iter().any(again) {
            let (key, why) = (whole.join("."), "this key is there twice".to_owned());
            return Err(Unread { key, why });
        }
        match value {
            Some(value) => self.leaves.push(Leaf {
                path,
                entry: Entry::new(&key, &value, number),
            }),
            None => {
                self.tables.push(whole);
                self.open.push(Open {
                    key: key.into_owned(),
                    indent,
                    inside: None,
                });
            }
        }
        Ok(())
    }
}

/// Returns the key and the text behind its colon.
fn key(content: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    if content.starts_with(['"', '\'']) {
        let (key, rest) = quoted(content)?;
        let rest = rest.trim_start().strip_prefix(':');
        return Ok((key, rest.ok_or("other lines")?));
    }
    if content.starts_with([
        '{', '[', '&', '*', '!', '|', '>', '%', '@', '`', '?', '-', ',',
    ]) {
        return Err("anchors, tags and flow style");
    }
    let end = content
        .find(": ")
        .or_else(|| content.strip_suffix(':').map(str::len));
    let end = end.filter(|end| *end > 0).ok_or("other lines")?;
    Ok((content[..end].trim_end().into(), &content[end + 1..]))
}

/// Returns the scalar, or `None` without one.
fn value(rest: &str) -> Result<Option<Cow<'_, str>>, &'static str> {
    let rest = rest.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    if rest.starts_with(['"', '\'']) {
        let (value, after) = quoted(rest)?;
        return match after.trim_start() {
            "" => Ok(Some(value)),
            after if after.starts_with('#') => Ok(Some(value)),
            _ => Err("words behind a quoted value"),
        };
    }
    if rest.starts_with(['{', '[']) {
        return Err("maps and lists in one line");
    }
    if rest.starts_with(['|', '>']) {
        return Err("values over several lines");
    }
    if rest.starts_with(['&', '*', '!', '%', '@', '`']) {
        return Err("anchors and tags");
    }
    let end = rest.find(" #").unwrap_or(rest.len());
    let value = rest[..end].trim_end();
    if value.contains(": ") {
        return Err("two keys in one line");
    }
    Ok(Some(value.into()))
}

/// Returns the text in quotes and the text behind them. Only escapes of a quote, a backslash or a
/// slash are read.
fn quoted(text: &str) -> Result<(Cow<'_, str>, &str), &'static str> {
    let quote = text.chars().next().unwrap_or('"');
    let mut inside = String::new();
    let mut rest = text[1..].chars();
    loop {
        match rest.next().ok_or("quotes that stay open")? {
            '\\' if quote == '"' => match rest.next() {
                Some(c @ ('"' | '\\' | '/')) => inside.push(c),
                _ => return Err("escapes in quotes"),
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
