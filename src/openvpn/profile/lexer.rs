//! Splits a profile into statements by OpenVPN's own rules, and refuses ambiguous text.
//!
//! Words, comments and inline blocks are recognised exactly as `parse_line` and `check_inline_file`
//! of OpenVPN's `options.c` do it: a parser that differs in one blank misses the directive that is
//! hidden behind it. Hand-written for that reason. The lexer knows no directive by name.

use super::ProfileError;

/// Upper limit of a profile. Usual ones have about 11 kB.
pub(super) const MAX_PROFILE_BYTES: usize = 512 * 1024;
pub(super) const MAX_LINES: usize = 4000;
/// Upper limit of a line. openvpn reads 256 bytes at a time, with line feed and final NUL, and
/// would take the rest of a longer line for another line.
pub(super) const MAX_LINE_BYTES: usize = 254;

/// A directive as it is written, before validation.
pub(super) struct Statement {
    pub line: usize,
    /// Never empty. The first word has no leading `--`, and no brackets if it names a block.
    pub words: Vec<String>,
    /// The lines between `<name>` and `</name>`.
    pub block: Option<Vec<Line>>,
}

/// A line of text and its number, counted from 1.
pub(super) struct Line {
    pub number: usize,
    pub text: String,
}

impl Statement {
    pub(super) fn name_and_args(&self) -> (&str, Vec<&str>) {
        let args = self.words[1..].iter().map(String::as_str).collect();
        (&self.words[0], args)
    }
}

/// The statements of a profile and its comment lines (`# NAME=value`).
pub(super) struct Lexed {
    pub statements: Vec<Statement>,
    pub comments: Vec<String>,
}

/// Splits the text of a profile.
///
/// # Errors
/// If the text is too large or not UTF-8, or its blocks and quotes do not close.
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
        // Includes the vertical tab, which `trim_ascii_start` does not trim.
        let indent = raw.iter().take_while(|byte| is_blank(char::from(**byte)));
        let start = &raw[indent.count()..];
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

/// Splits the lines of a `<connection>` block, which openvpn reads by the same rules.
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

/// Whether openvpn takes the line for the opening tag of a block: its only word begins with
/// `<` and ends with `>`.
fn is_opener(words: &[String]) -> bool {
    matches!(words, [only] if only.len() > 1 && only.starts_with('<') && only.ends_with('>'))
}

/// Removes the leading `--`, which openvpn accepts on a line as well.
fn strip_dashes(words: &mut [String]) {
    if let Some(rest) = words[0].strip_prefix("--")
        && !rest.is_empty()
    {
        words[0] = rest.to_owned();
    }
}

/// Reads up to the closing tag. openvpn ends a block at any line that, after blanks, *begins* with
/// the tag. Here the tag must be alone at the start of its line, so that all parsers agree.
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

/// Splits a line into words. Returns `None` for a blank line or a comment.
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
    // The end of the line, here NUL, is a blank that cannot be escaped.
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

/// Whether `c` is a blank by `isspace` of C.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// The lines of a text with their numbers. A carriage return is accepted only before a line feed.
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
    fn block_opens_in_any_spelling_and_closes_in_one() {
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
    fn line_length_is_what_openvpn_reads_at_once() {
        assert!(lex(format!("client {}\n", "x".repeat(247)).as_bytes()).is_ok());
        assert!(lex(format!("client {}\n", "x".repeat(248)).as_bytes()).is_err());
        assert!(lex(format!("# {}\nclient\n", "x".repeat(9000)).as_bytes()).is_ok());
        let hidden = format!("<ca>\n{}</ca>\nup x\n</ca>\n", "x".repeat(255));
        assert!(lex(hidden.as_bytes()).is_err());
    }

    #[test]
    fn bytes_that_are_not_text_are_refused() {
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
