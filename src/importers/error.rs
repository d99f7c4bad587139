//! Why another tool's file cannot be read. No value of it is ever quoted.

use thiserror::Error;

use crate::report::{Exit, Report};

/// What stops the reader, with the line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    #[error("line {0}: it is not UTF-8 text")]
    NotUtf8(usize),
    #[error("line {0}: not TOML")]
    Toml(usize),
    #[error("line {0}: not JSON")]
    Json(usize),
    #[error("it has nothing of {0}")]
    Nothing(&'static str),
}

impl ImportError {
    fn name(&self) -> &'static str {
        match self {
            Self::NotUtf8(_) => "import.not_utf8",
            Self::Toml(_) => "import.toml",
            Self::Json(_) => "import.json",
            Self::Nothing(_) => "import.nothing",
        }
    }
}

impl From<ImportError> for Report {
    fn from(error: ImportError) -> Self {
        let hint = match error {
            ImportError::Nothing(_) => "name its tool: `ob config import FILE --from saml2aws`",
            _ => {
                "edit that line, or leave this file out: `ob config init` makes settings without it"
            }
        };
        Self::new(
            Exit::Usage,
            error.name(),
            "cannot read the other tool's file",
        )
        .cause(error)
        .hint(hint)
    }
}
