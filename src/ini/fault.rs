//! Faults of lines of an INI file. Messages never quote a value: it may be a secret.

use thiserror::Error;

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
    #[error("this section is there twice, first in line {0}")]
    DuplicateSection(usize),
    #[error("this key is there twice, first in line {0}")]
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
