//! Errors of another tool's file. No value of it is ever quoted.

use thiserror::Error;

use crate::report::{ErrorCode, Report};

/// Why a file cannot be read, with the line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    #[error("line {0}: it is not UTF-8 text")]
    NotUtf8(usize),
    #[error("line {0}: not TOML")]
    Toml(usize),
    #[error("line {0}: not JSON")]
    Json(usize),
    /// The file is another tool's.
    #[error("it has nothing of {0}")]
    Nothing(&'static str),
}

impl From<ImportError> for Report {
    fn from(error: ImportError) -> Self {
        let hint = match error {
            ImportError::Nothing(_) => "name its tool: `ob config import FILE --from saml2aws`",
            _ => {
                "edit that line, or leave this file out: \
                 `ob config init` makes settings without it"
            }
        };
        let code = match error {
            ImportError::NotUtf8(_) => ErrorCode::ImportNotUtf8,
            ImportError::Toml(_) => ErrorCode::ImportToml,
            ImportError::Json(_) => ErrorCode::ImportJson,
            ImportError::Nothing(_) => ErrorCode::ImportNothing,
        };
        Self::new(code, "cannot read the other tool's file")
            .cause(error)
            .hint(hint)
    }
}
