//! What a person reads when something goes wrong, and what the exit code is.
//!
//! Module errors are small `thiserror` enums; each becomes a [`Report`] beside its definition, because
//! that is where the remedy is known. A report crosses the agent's socket as it is: it never carries a
//! secret. The shape is fixed (`ob:` what failed, `cause:` why, `hint:` what to type next).

mod code;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sanitize::{escape, shell_word};

pub use code::ErrorCode;

/// Why `ob` ends; the one table of exit codes (the README shows it, a test compares them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exit {
    /// Anything that has no code of its own.
    Failed,
    /// What was typed, or what the settings say, cannot be used.
    Usage,
    /// A sign-in or an answer is needed and nobody is there to give it.
    SignIn,
    /// Okta, STS or the VPN said no.
    Refused,
    /// A server could not be reached, or did not answer in time.
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

    /// The code where a child's own 1 must stay recognisable (`exec`, `shell`, `vpn exec`).
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

/// One failure, told to a person and to a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub exit: Exit,
    /// The named error; its name is shown with `--json`.
    #[serde(rename = "name")]
    pub code: ErrorCode,
    /// What failed: lower case, no full stop.
    pub summary: String,
    /// Why, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// What to type next.
    pub hints: Vec<String>,
    /// A field that a script is told beside these; it stays in this process.
    #[serde(skip)]
    pub extra_field: Option<Box<(&'static str, Value)>>,
}

impl Report {
    /// Makes a report with the exit code of `code`, without causes and hints.
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

    /// Replaces the exit code, where an error ends this command otherwise than its code says.
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

    /// One more field of [`Self::as_json`].
    #[must_use]
    pub fn field(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.extra_field = Some(Box::new((field, value.into())));
        self
    }

    /// Offers the words that may have been meant in the place of one, each behind its flag; none is no hint.
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

    /// The same failure seen from one step further out: the old summary becomes the first cause.
    #[must_use]
    pub fn context(mut self, summary: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.summary, summary.into());
        self.causes.insert(0, inner);
        self
    }

    /// For a script.
    pub fn as_json(&self) -> Value {
        let mut told = serde_json::json!({
            "error": self.name(),
            "exit": self.exit.code(),
            "summary": self.summary,
            "causes": self.causes,
            "hints": self.hints,
        });
        if let Some((field, value)) = self.extra_field.as_deref() {
            told[field] = value.clone();
        }
        told
    }

    /// The text for a terminal, every foreign character in it inert.
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
             cause: AccessDenied: \\u{1b}[31mno\n  hint: `ob roles` shows the roles you were granted\n"
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
