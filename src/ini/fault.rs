//! What is wrong with a line of an INI file. Messages never quote a value: it may be a secret.

use std::path::Path;

use thiserror::Error;

use super::Ini;
use crate::report::{Exit, Report};

/// A line that botocore stops at, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {kind}")]
pub struct Fault {
    pub line: usize,
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FaultKind {
    #[error("a byte order mark stands before the text")]
    ByteOrderMark,
    #[error("it is not UTF-8 text; if it is Latin-1, `iconv -f latin1 -t utf-8` converts the file")]
    NotUtf8,
    #[error("it stands before the first `[section]`")]
    NoSection,
    #[error("neither a section, a comment nor `key = value`")]
    NotAKey,
    #[error("there is no key before the `=` or `:`")]
    NoKey,
    #[error("this section stands there twice, first in line {0}")]
    DuplicateSection(usize),
    #[error("this key stands there twice, first in line {0}")]
    DuplicateKey(usize),
    #[error("indented below a key without a value, and not `key = value`")]
    NotNested,
}

impl FaultKind {
    /// Whether the line is still read.
    pub const fn is_harmless(self) -> bool {
        matches!(
            self,
            Self::ByteOrderMark | Self::NoSection | Self::DuplicateSection(_)
        )
    }
}

/// How many faults of one file are listed; the rest are counted.
const MAX_LISTED: usize = 4;

/// Reports that the aws CLI and boto3 cannot read the file at `path`. Returns `None` when they can.
pub fn unreadable(ini: &Ini, path: &Path) -> Option<Report> {
    let first = ini.faults.first()?;
    let place = path.display();
    let report = Report::new(
        Exit::Usage,
        "aws.file.unreadable",
        format!(
            "the aws CLI and boto3 cannot read {place}: they stop at line {}",
            first.line
        ),
    );
    let shown = ini.faults.iter().take(MAX_LISTED);
    let mut report = shown.fold(report, |report, fault| {
        report.cause(format!("{place}:{}: {}", fault.line, fault.kind))
    });
    if let Some(more) = ini
        .faults
        .len()
        .checked_sub(MAX_LISTED)
        .filter(|more| *more > 0)
    {
        report = report.cause(format!("and {more} more lines like these"));
    }
    let hint = match first.kind {
        FaultKind::ByteOrderMark => {
            format!("`sed -i '1s/^\\xEF\\xBB\\xBF//' {place}` takes it out")
        }
        FaultKind::NotUtf8 => format!(
            "`iconv -f latin1 -t utf-8 {place}` prints it as the tools read it, if it is Latin-1"
        ),
        _ => format!("mend line {} of {place}, then try again", first.line),
    };
    Some(report.hint(hint))
}
