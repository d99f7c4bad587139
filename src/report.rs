//! Errors as the user sees them, and exit codes.
//!
//! Each module's errors are `thiserror` enums, which become a [`Report`] beside their definition,
//! where the remedy is known. A report is sent over the agent's socket unchanged, so it holds no
//! secret. Its form is fixed: `ob:` what failed, `cause:` why, `hint:` what to type next.

mod code;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sanitize::{escape, shell_word};

pub use code::ErrorCode;

/// Kinds of failure with an exit code each. The README's table is generated from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// A failure without a code of its own.
    Failed,
    /// An invalid command line or setting.
    Usage,
    /// A sign-in or an answer is needed, and there is no terminal to ask at.
    SignIn,
    /// Okta, STS or the VPN refused.
    Refused,
    /// A server could not be reached or did not answer in time.
    Unreachable,
    /// The command exists but cannot be executed.
    NotExecutable,
    /// The command does not exist.
    NotFound,
}

impl Exit {
    pub const ALL: [Self; 7] = [
        Self::Failed,
        Self::Usage,
        Self::SignIn,
        Self::Refused,
        Self::Unreachable,
        Self::NotExecutable,
        Self::NotFound,
    ];

    pub const fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::SignIn => 3,
            Self::Refused => 4,
            Self::Unreachable => 5,
            Self::NotExecutable => 126,
            Self::NotFound => 127,
        }
    }

    /// Returns the exit code of a verb whose child may exit 1 (`exec`, `shell`, `vpn exec`).
    pub const fn wrapper_code(self) -> u8 {
        match self {
            Self::Failed => 125,
            other => other.code(),
        }
    }

    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage or settings",
            Self::SignIn => "sign-in or an answer needed",
            Self::Refused => "refused by Okta, STS or the VPN",
            Self::Unreachable => "unreachable",
            Self::NotExecutable => "command not executable",
            Self::NotFound => "command not found",
        }
    }
}

/// A failure, for the user and for scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub exit: Exit,
    /// The named error. `--json` shows its name.
    #[serde(rename = "name")]
    pub code: ErrorCode,
    /// What failed: lower case, no full stop.
    pub summary: String,
    /// The causes, outermost first.
    pub causes: Vec<String>,
    /// What the user can do or type next.
    pub hints: Vec<String>,
    /// An additional field for scripts. It is not sent over the socket.
    #[serde(skip)]
    pub extra_field: Option<Box<(&'static str, Value)>>,
}

impl Report {
    /// Returns a report with the exit code of `code`, without causes and hints.
    pub fn new(code: ErrorCode, summary: impl Into<String>) -> Self {
        Self {
            exit: code.exit(),
            code,
            summary: summary.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            extra_field: None,
        }
    }

    /// Replaces the exit code of the named error.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Returns the stable name of the error.
    pub fn name(&self) -> &str {
        self.code.name()
    }

    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        if !self.hints.contains(&hint) {
            self.hints.push(hint);
        }
        self
    }

    /// Adds a field to [`Self::as_json`].
    #[must_use]
    pub fn field(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.extra_field = Some(Box::new((field, value.into())));
        self
    }

    /// Adds a hint that offers `words`, each behind `flag`; no hint without words.
    #[must_use]
    pub fn did_you_mean<W: AsRef<str>>(
        self,
        flag: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        let offers = words
            .into_iter()
            .map(|word| format!("`{flag} {}`", shell_word(word.as_ref())));
        let offers: Vec<String> = offers.collect();
        match offers.as_slice() {
            [] => self,
            offers => self.hint(format!("did you mean {}?", offers.join(" or "))),
        }
    }

    /// Replaces the summary; the old one becomes the first cause.
    #[must_use]
    pub fn context(mut self, summary: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.summary, summary.into());
        self.causes.insert(0, inner);
        self
    }

    /// Returns the JSON form, for scripts.
    pub fn as_json(&self) -> Value {
        let mut json = serde_json::json!({
            "error": self.name(),
            "exit": self.exit.code(),
            "summary": self.summary,
            "causes": self.causes,
            "hints": self.hints,
        });
        if let Some((field, value)) = self.extra_field.as_deref() {
            json[field] = value.clone();
        }
        json
    }

    /// Returns the text form, escaped for a terminal.
    pub fn render(&self) -> String {
        let mut text = format!("ob: {}\n", escape(&self.summary));
        for cause in &self.causes {
            let _ = writeln!(text, "  cause: {}", escape(cause));
        }
        for hint in &self.hints {
            let _ = writeln!(text, "  hint: {}", escape(hint));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_what_why_and_what_to_type() {
        let report = Report::new(ErrorCode::StsOther, "cannot assume the role")
            .cause("AccessDenied: \x1b[31mno")
            .hint("`ob roles` shows the roles you were granted")
            .context("cannot run terraform");
        assert_eq!(
            report.render(),
            "ob: cannot run terraform\n  cause: cannot assume the role\n  \
             cause: AccessDenied: \\u{1b}[31mno\n  hint: `ob roles` shows the roles you were \
             granted\n"
        );
    }

    #[test]
    fn only_failed_changes_beside_a_child() {
        for exit in Exit::ALL {
            let expected = if exit == Exit::Failed {
                125
            } else {
                exit.code()
            };
            assert_eq!(exit.wrapper_code(), expected);
        }
    }
}
