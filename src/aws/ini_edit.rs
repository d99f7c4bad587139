//! The text of the AWS tools' two files, line by line, for edits. [`crate::ini`] parses the values.
//!
//! Only the requested lines change: comments, unusual spacing, line ends and other mistakes stay.
//! The tools read these files differently (configparser, the SDKs' own parsers), so a section
//! counts as found only if all of them agree. Ambiguous text is refused. Hand-written because no
//! crate preserves the text and detects these differences.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::ini::header as python_header;
use crate::report::{ErrorCode, Report};

const MAX_SECTION_NAME_BYTES: usize = 256;

/// The lines of a file, each with its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IniText {
    lines: Vec<String>,
    line_end: &'static str,
}

impl IniText {
    pub(super) fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.split_inclusive('\n').map(ToOwned::to_owned).collect();
        let is_crlf = lines.first().is_some_and(|line| line.ends_with("\r\n"));
        Self {
            lines,
            line_end: if is_crlf { "\r\n" } else { "\n" },
        }
    }

    /// Returns a line without its line end and without a byte order mark.
    pub(super) fn line(&self, at: usize) -> &str {
        let line = self.lines[at].trim_end_matches(['\r', '\n']);
        line.strip_prefix('\u{feff}').unwrap_or(line)
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether the line is blank or a comment.
    pub(super) fn is_comment(&self, at: usize) -> bool {
        let line = self.line(at).trim_start();
        line.is_empty() || line.starts_with(['#', ';'])
    }

    /// Returns the section's name if the line is a header.
    pub(super) fn header(&self, at: usize) -> Option<&str> {
        sdk_header(self.line(at))
    }

    /// Returns the lines of the section `name`, from its header up to the next one.
    ///
    /// # Errors
    /// [`IniError`] if there are several, or the tools disagree on whether a line is its header.
    pub(super) fn section(&self, name: &str) -> Result<Option<Range<usize>>, IniError> {
        let mut found = None;
        for at in 0..self.len() {
            match is_header(self.line(at), name) {
                Some(false) => {}
                None => return Err(IniError::Unclear(name.to_owned(), at + 1)),
                Some(true) if found.is_some() => {
                    return Err(IniError::Twice(name.to_owned(), at + 1));
                }
                Some(true) => found = Some(at),
            }
        }
        Ok(found.map(|start| start..self.end_of_section(start)))
    }

    pub(super) fn end_of_section(&self, start: usize) -> usize {
        (start + 1..self.len())
            .find(|at| self.header(*at).is_some())
            .unwrap_or(self.len())
    }

    /// Replaces the lines of `range` with `lines`, which get this file's line ends.
    pub(super) fn replace(&mut self, range: Range<usize>, lines: &[String]) {
        let end = self.line_end;
        if range.start == self.len()
            && let Some(last) = self.lines.last_mut()
            && !last.ends_with('\n')
        {
            last.push_str(end);
        }
        let lines = lines.iter().map(|line| format!("{line}{end}"));
        self.lines.splice(range, lines);
    }

    /// Appends `lines` after a blank line.
    pub(super) fn append(&mut self, lines: &[String]) {
        let blank = (self.len() > 0).then(String::new);
        let lines: Vec<String> = blank.into_iter().chain(lines.iter().cloned()).collect();
        self.replace(self.len()..self.len(), &lines);
    }

    /// Removes `range` and the one blank line before it, which [`Self::append`] has added.
    pub(super) fn remove(&mut self, range: Range<usize>) {
        let start = match range.start.checked_sub(1) {
            Some(before) if self.line(before).trim().is_empty() => before,
            _ => range.start,
        };
        self.lines.drain(start..range.end);
    }
}

impl fmt::Display for IniText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| f.write_str(line))
    }
}

/// Returns the name in a header by the rules of the SDKs, which take the first closing bracket.
fn sdk_header(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[')?;
    Some(inside.split_once(']')?.0.trim())
}

/// Whether the line is the header of `name`, or `None` if the tools disagree.
///
/// Python takes the last bracket of a line, the SDKs the first. An indented header is a header to
/// the SDKs and a continued value to Python.
fn is_header(line: &str, name: &str) -> Option<bool> {
    let trimmed = line.trim_start();
    let Some(first) = sdk_header(trimmed) else {
        return Some(false);
    };
    let is_name = |header: &str| normalize(header) == name;
    match (is_name(first), python_header(trimmed).is_some_and(is_name)) {
        (false, false) => Some(false),
        (true, true) if trimmed.len() == line.len() => Some(true),
        _ => None,
    }
}

/// Returns the one spelling of `profile "x"`, `profile  x` and `profile x`.
fn normalize(header: &str) -> String {
    let words = header.split_whitespace();
    let words = words.map(|word| word.trim_matches(['"', '\'']));
    words.collect::<Vec<_>>().join(" ")
}

/// Whether every SDK accepts the character in a section's name: `[A-Za-z0-9_.@/%:+-]`, as in the
/// parser of the JavaScript SDK.
pub(super) fn is_section_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.@/%:+-".contains(&byte)
}

/// Checks that every tool accepts `name` as a section's name.
pub(super) fn check_section_name(name: &str) -> Result<(), IniError> {
    let is_valid =
        (1..=MAX_SECTION_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_section_byte);
    if is_valid {
        Ok(())
    } else {
        Err(IniError::Name(name.chars().take(64).collect()))
    }
}

/// The reason why a file cannot be edited safely.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IniError {
    #[error("[{0}] is there twice, again in line {1}")]
    Twice(String, usize),
    #[error("line {1} is [{0}] to some AWS tools and not to others")]
    Unclear(String, usize),
    #[error("[{0}] is there, and ob has not written it")]
    Foreign(String),
    #[error("the value of {0} has a character that no AWS tool reads back")]
    Value(&'static str),
    #[error("{0:?} cannot be a section's name")]
    Name(String),
    #[error(
        "a link cannot be called default: AWS tools use [default] when no profile is named, \
         and they do not agree on its spelling"
    )]
    Default,
    #[error("the lines that mark ob's part do not form one pair: see line {0}")]
    Markers(usize),
    #[error(
        "line {0} would fall into another section: \
         it stands behind ob's part without a section of its own"
    )]
    Stranded(usize),
}

impl IniError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Twice(..) => ErrorCode::AwsFileDuplicateSection,
            Self::Unclear(..) => ErrorCode::AwsFileUnclearSection,
            Self::Foreign(_) => ErrorCode::AwsFileForeignSection,
            Self::Value(_) => ErrorCode::AwsFileValue,
            Self::Name(_) => ErrorCode::AwsFileSectionName,
            Self::Default => ErrorCode::AwsFileDefaultLink,
            Self::Markers(_) => ErrorCode::AwsFileMarkers,
            Self::Stranded(_) => ErrorCode::AwsFileStrandedKey,
        }
    }
}

impl From<IniError> for Report {
    fn from(error: IniError) -> Self {
        let hint = match &error {
            IniError::Foreign(section) if section.starts_with("profile ") => {
                "give that `[profile]` another name, or take it out by hand; \
                 nothing has been changed"
            }
            IniError::Default => {
                "name the link otherwise: another profile of the settings, or `--name-template`"
            }
            IniError::Foreign(_) => {
                "choose another name with `--name-template`, or let it go with `--replace`"
            }
            IniError::Name(_) | IniError::Value(_) => {
                "`ob write --name-template '{account}-{role}'` makes names of digits \
                 and plain letters"
            }
            IniError::Twice(..) | IniError::Unclear(..) => {
                "make it one plain `[name]` line by hand; nothing has been changed"
            }
            IniError::Markers(_) => {
                "take the lines `# >>> ob…` and `# <<< ob…` out by hand, then try again"
            }
            IniError::Stranded(_) => {
                "move that line above ob's part, or give it a `[section]`; nothing has been changed"
            }
        };
        Self::new(error.code(), "cannot edit the AWS file")
            .cause(&error)
            .hint(hint)
    }
}
