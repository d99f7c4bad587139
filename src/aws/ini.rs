//! The text of the AWS tools' two files, line by line, as it is: for edits. [`crate::ini`] reads what it says.
//!
//! Only what is asked for changes: comments, odd spacing, line ends and other people's mistakes stay where they
//! are. The tools read these files differently (configparser, the SDKs' own readers), so a section counts as
//! found only where all of them agree, and what they would quarrel about is refused instead of guessed.

use std::fmt;
use std::ops::Range;

use thiserror::Error;

use crate::ini::header as read_header;
use crate::report::{ErrorCode, Report};

/// A file's lines, each with its own end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ini {
    lines: Vec<String>,
    end: &'static str,
}

impl Ini {
    pub(super) fn parse(text: &str) -> Self {
        let lines: Vec<String> = text.split_inclusive('\n').map(ToOwned::to_owned).collect();
        let crlf = lines.first().is_some_and(|line| line.ends_with("\r\n"));
        Self {
            lines,
            end: if crlf { "\r\n" } else { "\n" },
        }
    }

    pub(super) fn line(&self, at: usize) -> &str {
        let line = self.lines[at].trim_end_matches(['\r', '\n']);
        line.strip_prefix('\u{feff}').unwrap_or(line)
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn is_blank(&self, at: usize) -> bool {
        self.line(at).trim().is_empty()
    }

    /// A comment, or nothing: lines that belong to no key.
    pub(super) fn is_silent(&self, at: usize) -> bool {
        let line = self.line(at).trim_start();
        line.is_empty() || line.starts_with(['#', ';'])
    }

    /// The name in a section's header, if that line is one.
    pub(super) fn header(&self, at: usize) -> Option<&str> {
        header(self.line(at))
    }

    /// Where the one section called `name` is, its header first, up to the next header.
    ///
    /// # Errors
    /// When there are several, or the tools would not agree on whether a line is its header.
    pub(super) fn section(&self, name: &str) -> Result<Option<Range<usize>>, IniError> {
        let mut found = None;
        for at in 0..self.len() {
            match reading(self.line(at), name) {
                Reading::Other => {}
                Reading::Unclear => return Err(IniError::Unclear(name.to_owned(), at + 1)),
                Reading::Header if found.is_some() => {
                    return Err(IniError::Twice(name.to_owned(), at + 1));
                }
                Reading::Header => found = Some(at),
            }
        }
        Ok(found.map(|start| start..self.end_of_section(start)))
    }

    pub(super) fn end_of_section(&self, start: usize) -> usize {
        (start + 1..self.len())
            .find(|at| self.header(*at).is_some())
            .unwrap_or(self.len())
    }

    /// Puts `lines` at `range`, with this file's line ends.
    pub(super) fn replace(&mut self, range: Range<usize>, lines: &[String]) {
        let end = self.end;
        if range.start == self.len()
            && let Some(last) = self.lines.last_mut()
            && !last.ends_with('\n')
        {
            last.push_str(end);
        }
        let lines = lines.iter().map(|line| format!("{line}{end}"));
        self.lines.splice(range, lines);
    }

    /// Puts `lines` behind everything else, after a blank line.
    pub(super) fn append(&mut self, lines: &[String]) {
        let blank = (self.len() > 0).then(String::new);
        let lines: Vec<String> = blank.into_iter().chain(lines.iter().cloned()).collect();
        self.replace(self.len()..self.len(), &lines);
    }

    /// Takes out `range` and the one blank line before it, which [`Self::append`] has put there.
    pub(super) fn cut(&mut self, range: Range<usize>) {
        let start = match range.start.checked_sub(1) {
            Some(before) if self.is_blank(before) => before,
            _ => range.start,
        };
        self.lines.drain(start..range.end);
    }
}

impl fmt::Display for Ini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| f.write_str(line))
    }
}

enum Reading {
    Header,
    Unclear,
    Other,
}

fn header(line: &str) -> Option<&str> {
    let inside = line.strip_prefix('[')?;
    Some(inside.split_once(']')?.0.trim())
}

/// Python takes the last bracket of a line, the SDKs the first; an indented header is a header to the SDKs
/// and a continued value to Python.
fn reading(line: &str, name: &str) -> Reading {
    let trimmed = line.trim_start();
    let Some(first) = header(trimmed).map(plain) else {
        return Reading::Other;
    };
    let last = read_header(trimmed).map(|inside| plain(inside.trim()));
    let is = |read: &str| read == name;
    match (is(&first), last.is_some_and(|last| is(&last))) {
        (false, false) => Reading::Other,
        (true, true) if trimmed.len() == line.len() => Reading::Header,
        _ => Reading::Unclear,
    }
}

/// `profile "x"`, `profile  x` and `profile x` are the same section.
fn plain(header: &str) -> String {
    let words = header.split_whitespace();
    let words = words.map(|word| word.trim_matches(['"', '\'']));
    words.collect::<Vec<_>>().join(" ")
}

/// Why a file cannot be edited safely.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum IniError {
    #[error("[{0}] stands there twice, again in line {1}")]
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
        "a link cannot be called default: every tool takes [default] unasked, and they do not agree on its spelling"
    )]
    Default,
    #[error("the lines that mark ob's part are not one pair: see line {0}")]
    Markers(usize),
    #[error(
        "line {0} would fall into another section: it stands behind ob's part without a section of its own"
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
                "give that `[profile]` another name, or take it out by hand; nothing has been changed"
            }
            IniError::Default => {
                "name the link otherwise: another profile of the settings, or `--name-template`"
            }
            IniError::Foreign(_) => {
                "choose another name with `--name-template`, or let it go with `--replace`"
            }
            IniError::Name(_) | IniError::Value(_) => {
                "`ob write --name-template '{account}-{role}'` makes names of digits and plain letters"
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
