//! Splits a profile into statements by OpenVPN's own rules, and refuses text that could be read in two ways.
//!
//! What openvpn calls a word, a comment, an inline block is decided here exactly as `parse_line` and
//! `check_inline_file` of its `options.c` decide it: a reader that differs in one blank misses the
//! directive hidden behind it. It knows no directive by name and judges none.

use super::ProfileError;

/// The most bytes of a profile; real ones are about 11 kB.
pub(super) const MAX_PROFILE_BYTES: usize = 512 * 1024;
/// The most lines of a profile.
pub(super) const MAX_LINES: usize = 4000;
/// The most bytes of one line. Openvpn reads 256 at a time, line feed and end mark included, and
/// would take the rest of a longer line for a line of its own.
pub(super) const MAX_LINE_BYTES: usize = 254;

/// One directive as it is written, unjudged.
pub(super) struct Statement {
    pub line: usize,
    /// Never empty; the first word is without its leading `--`, a block's without its brackets.
    pub words: Vec<String>,
    /// The lines between `<name>` and `</name>`.
    pub block: Option<Vec<Line>>,
}

/// One line of text and where it stands, counted from 1.
pub(super) struct Line {
    pub number: usize,
    pub text: String,
}

/// A profile as statements, and its comments of one line (`# NAME=value`) apart.
pub(super) struct Lexed {
    pub statements: Vec<Statement>,
    pub comments: Vec<String>,
}

/// # Errors
/// When the text is too large, not text, or its blocks and quotes do not close.
pub(super) fn lex(bytes: &[u8]) -> Result<Lexed, ProfileError> {
    if bytes.len() > MAX_PROFILE_BYTES {
        return Err(ProfileError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut rows = Rows::new(bytes);
    let mut lexed = Lexed {
        statements: Vec::new(),
        comments: Vec::new(),
    };
    while let Some(row) = rows.next() {
        let (number, raw) = row?;
        let start = raw.trim_ascii_start_as_c();
        if let [b'#' | b';', comment @ ..] = start {
            if let Ok(comment) = std::str::from_utf8(comment) {
                lexed.comments.push(comment.to_owned());
            }
            continue;
        }
        if let Some(statement) = statement(number, text(number, raw)?, &mut rows)? {
            lexed.statements.push(statement);
        }
    }
    Ok(lexed)
}

/// The statements inside a `<connection>` block, which openvpn reads by the same rules.
pub(super) fn lex_nested(lines: &[Line]) -> Result<Vec<Statement>, ProfileError> {
    let mut statements = Vec::new();
    for line in lines {
        if let Some(mut words) = split(line.number, &line.text)? {
            if is_opener(&words) || words[0].starts_with("</") {
                return Err(ProfileError::NestedBlock { line: line.number });
            }
            strip_dashes(&mut words);
            statements.push(Statement {
                line: line.number,
                words,
                block: None,
            });
        }
    }
    Ok(statements)
}

fn statement(
    number: usize,
    line: &str,
    rows: &mut Rows<'_>,
) -> Result<Option<Statement>, ProfileError> {
    let Some(mut words) = split(number, line)? else {
        return Ok(None);
    };
    strip_dashes(&mut words);
    if words[0].starts_with("</") {
        return Err(ProfileError::StrayClosingTag { line: number });
    }
    let block = if is_opener(&words) {
        let name = words[0][1..words[0].len() - 1].to_owned();
        let block = block(number, &name, rows)?;
        words[0] = name;
        Some(block)
    } else {
        None
    };
    Ok(Some(Statement {
        line: number,
        words,
        block,
    }))
}

/// Openvpn takes a line for the opening of a block when its only word begins with `<` and ends with `>`.
fn is_opener(words: &[String]) -> bool {
    matches!(words, [only] if only.len() > 1 && only.starts_with('<') && only.ends_with('>'))
}

/// Openvpn accepts on a line what it accepts as an argument: `--up` is `up`.
fn strip_dashes(words: &mut [String]) {
    if let Some(rest) = words[0].strip_prefix("--")
        && !rest.is_empty()
    {
        words[0] = rest.to_owned();
    }
}

/// Reads up to the closing tag. Openvpn ends a block at any line that, after blanks, *begins* with
/// the tag; only a tag alone at the start of its line is accepted here, so nobody can disagree.
fn block(opened: usize, name: &str, rows: &mut Rows<'_>) -> Result<Vec<Line>, ProfileError> {
    let closing = format!("</{name}>");
    let mut lines = Vec::new();
    while let Some(row) = rows.next() {
        let (number, raw) = row?;
        let line = text(number, raw)?;
        if line.trim_start_matches(is_blank).starts_with("</") {
            if line.trim_end_matches(is_blank) == closing {
                return Ok(lines);
            }
            return Err(ProfileError::ClosingTag { line: number });
        }
        lines.push(Line {
            number,
            text: line.to_owned(),
        });
    }
    Err(ProfileError::UnclosedBlock { line: opened })
}

fn text(number: usize, raw: &[u8]) -> Result<&str, ProfileError> {
    if raw.len() > MAX_LINE_BYTES {
        return Err(ProfileError::LineTooLong { line: number });
    }
    std::str::from_utf8(raw).map_err(|_| ProfileError::NotText { line: number })
}

/// The words of one line, or `None` where it holds none.
pub(super) fn split(number: usize, line: &str) -> Result<Option<Vec<String>>, ProfileError> {
    enum Reading {
        Nothing,
        Plain,
        Double,
        Single,
    }
    let mut words = Vec::new();
    let mut word = String::new();
    let mut reading = Reading::Nothing;
    let mut backslash = false;
    // The end of a line is a blank like any other, and one that a backslash cannot take back.
    for c in line.chars().chain(['\0']) {
        if c == '\\' && !backslash && !matches!(reading, Reading::Single) {
            backslash = true;
            continue;
        }
        let escaped = std::mem::take(&mut backslash);
        let blank = is_blank(c) || c == '\0';
        let mut done = false;
        let mut taken = false;
        match reading {
            Reading::Nothing if blank => {}
            Reading::Nothing if matches!(c, '#' | ';') => break,
            Reading::Nothing if c == '"' && !escaped => reading = Reading::Double,
            Reading::Nothing if c == '\'' && !escaped => reading = Reading::Single,
            Reading::Nothing => {
                reading = Reading::Plain;
                taken = true;
            }
            Reading::Plain => {
                done = blank && !escaped;
                taken = !done;
            }
            Reading::Double => {
                done = c == '"' && !escaped;
                taken = !done;
            }
            Reading::Single => {
                done = c == '\'';
                taken = !done;
            }
        }
        if taken && c != '\0' {
            if escaped && !matches!(c, '\\' | '"') && !is_blank(c) {
                return Err(ProfileError::Backslash { line: number });
            }
            word.push(c);
        }
        if done {
            words.push(std::mem::take(&mut word));
            reading = Reading::Nothing;
        }
    }
    if !matches!(reading, Reading::Nothing) {
        return Err(ProfileError::UnclosedQuote { line: number });
    }
    match words.first() {
        None => Ok(None),
        Some(first) if first.is_empty() => Err(ProfileError::UnclosedQuote { line: number }),
        Some(_) => Ok(Some(words)),
    }
}

/// What C's `isspace` calls a blank.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

trait TrimAsC {
    fn trim_ascii_start_as_c(&self) -> &Self;
}

impl TrimAsC for [u8] {
    /// Like `trim_ascii_start`, the vertical tab included, which Rust does not call a blank.
    fn trim_ascii_start_as_c(&self) -> &Self {
        let start = self.iter().position(|byte| !is_blank(char::from(*byte)));
        &self[start.unwrap_or(self.len())..]
    }
}

/// The lines of a text with their numbers; a carriage return is accepted before a line feed only.
struct Rows<'a> {
    rest: Option<&'a [u8]>,
    number: usize,
}

impl<'a> Rows<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: Some(bytes),
            number: 0,
        }
    }

    fn next(&mut self) -> Option<Result<(usize, &'a [u8]), ProfileError>> {
        let rest = self.rest.take()?;
        let row = match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                &rest[..end]
            }
            None if rest.is_empty() => return None,
            None => rest,
        };
        self.number += 1;
        let line = self.number;
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        Some(if line > MAX_LINES {
            Err(ProfileError::TooManyLines)
        } else if row.iter().any(|byte| matches!(byte, 0 | b'\r')) {
            Err(ProfileError::NotText { line })
        } else {
            Ok((line, row))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        split(1, line).unwrap().unwrap_or_default()
    }

    #[test]
    fn words_are_split_as_openvpn_splits_them() {
        for (line, expected) in [
            ("up x", &["up", "x"][..]),
            ("\t \x0b\x0cup x", &["up", "x"]),
            ("\"up\" 'x y'", &["up", "x y"]),
            ("\"up\"x", &["up", "x"]),
            ("up a\\ b", &["up", "a b"]),
            ("up \"a\\\"b\\\\c\"", &["up", "a\"b\\c"]),
            ("up 'a\\b'", &["up", "a\\b"]),
            ("up a\"b", &["up", "a\"b"]),
            ("up x # c", &["up", "x"]),
            ("up x;c", &["up", "x;c"]),
            ("\\# up", &[]),
            ("up \\", &["up"]),
            ("up \"\"", &["up", ""]),
            ("  ", &[]),
            ("; up x", &[]),
        ] {
            assert_eq!(words(line), expected, "{line:?}");
        }
    }

    #[test]
    fn what_openvpn_cannot_split_is_an_error() {
        for line in ["u\\p x", "up \"x", "up 'x", "up x\\"] {
            assert!(split(1, line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_block_opens_in_every_spelling_and_closes_in_one() {
        for opener in [
            "<ca>",
            "  <ca>",
            "\"<ca>\"",
            "--<ca>",
            "<ca> # c",
            "\t'<ca>' ; c",
        ] {
            let lexed = lex(format!("{opener}\nx\n</ca>\nup y\n").as_bytes()).unwrap();
            let names: Vec<_> = lexed
                .statements
                .iter()
                .map(|s| s.words[0].as_str())
                .collect();
            assert_eq!(names, ["ca", "up"], "{opener}");
        }
        for closer in ["</ca>junk", "  </ca>", "</cert>", "</ca", "</CA>"] {
            let text = format!("<ca>\nx\n{closer}\nup y\n</ca>\n");
            assert!(
                matches!(
                    lex(text.as_bytes()),
                    Err(ProfileError::ClosingTag { line: 3 })
                ),
                "{closer}"
            );
        }
    }

    #[test]
    fn a_line_is_as_long_as_openvpn_reads_at_once() {
        assert!(lex(format!("client {}\n", "x".repeat(247)).as_bytes()).is_ok());
        assert!(lex(format!("client {}\n", "x".repeat(248)).as_bytes()).is_err());
        assert!(lex(format!("# {}\nclient\n", "x".repeat(9000)).as_bytes()).is_ok());
        let hidden = format!("<ca>\n{}</ca>\nup x\n</ca>\n", "x".repeat(255));
        assert!(lex(hidden.as_bytes()).is_err());
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for bytes in [
            &b"client\0\nup x"[..],
            b"client\rup x\n",
            b"client \xff\n",
            b"</ca>\n",
            b"<ca>\nx\n",
            b"\"\" x\n",
        ] {
            assert!(lex(bytes).is_err(), "{bytes:?}");
        }
        assert!(lex("client\n".repeat(MAX_LINES + 1).as_bytes()).is_err());
        assert!(lex(&vec![b'#'; MAX_PROFILE_BYTES + 1]).is_err());
    }
}
