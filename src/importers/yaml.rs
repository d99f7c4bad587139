//! As much YAML as a settings file needs: maps of maps of scalars, one key a line, and lists of such maps.
//!
//! A line that is anything else (anchors, tags, flow style, block scalars, several documents) is named and left out, with
//! what is indented below it. A list's dash is read as indentation: which item a key is of does not matter here.

use std::borrow::Cow;

use super::entry::{Entry, Findings};

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

/// Every scalar of `text`; what is no such line comes to `findings`.
pub(super) fn leaves(text: &str, findings: &mut Findings) -> Vec<Leaf> {
    let mut reader = Reader::default();
    // The indentation of a line that was left out.
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
            findings.lose("", number, "a tab indents it, which YAML forbids");
        } else if let Err(odd) = reader.line(line, blank, number) {
            findings.lose(odd.key, number, odd.why);
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
    /// The indentation of the whole.
    top: Option<usize>,
}

/// Why a line is left out; the key is empty where none could be read.
struct Odd {
    key: String,
    why: String,
}

impl Reader {
    fn line(&mut self, line: &str, blank: usize, number: usize) -> Result<(), Odd> {
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
            return Err(Odd { key, why });
        }
        let not_plain = |key: String| {
            move |what| Odd {
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
            let (key, why) = (whole.join("."), "this key stands there twice".to_owned());
            return Err(Odd { key, why });
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

/// The key, and what stands behind its colon.
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

/// The scalar; `None` where a map begins or nothing is said.
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

/// What is in quotes, and what stands behind them. Of the escapes, those that only spell a quote or a backslash.
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
