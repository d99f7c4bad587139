//! Problems in the contents of settings, which are reported all at once.

use std::fmt;

use super::source::Source;
use super::value_error::ValueError;
use crate::report::{ErrorCode, Report};

/// One problem with one key.
#[derive(Debug)]
pub(super) struct Problem {
    source: Source,
    key: String,
    kind: ProblemKind,
}

/// The kind of a problem.
#[derive(Debug)]
pub(super) enum ProblemKind {
    Syntax(String),
    /// With the known key that is most similar.
    UnknownKey(Option<String>),
    Value(ValueError),
    /// It contradicts the setting at another place.
    Conflict(&'static str, Source),
    Missing(&'static str),
    /// The administrator's file locks the key, at this line.
    Locked(Source),
    /// A list of locked keys in another file than the administrator's.
    UsersLock,
    /// It names a profile or an org that is not there; with the most similar one.
    NoSuch(&'static str, String, Option<String>),
}

/// Words in names of keys under which secrets are kept.
const SECRET_WORDS: [&str; 6] = [
    "password",
    "passcode",
    "secret",
    "token",
    "access_key",
    "private_key",
];

impl Problem {
    pub(super) fn new(source: Source, key: impl Into<String>, kind: ProblemKind) -> Self {
        Self {
            source,
            key: key.into(),
            kind,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        let leaf = self
            .key
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let is_unknown = matches!(self.kind, ProblemKind::UnknownKey(_));
        (is_unknown && SECRET_WORDS.iter().any(|word| leaf.contains(word)))
            .then_some("no setting holds a secret: remove it, `ob login` asks for what it needs")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, key, kind } = self;
        write!(f, "{source}: ")?;
        let suggestion = match kind {
            ProblemKind::Syntax(message) => return write!(f, "not TOML: {message}"),
            ProblemKind::Value(error) => return write!(f, "`{key}`: {error}"),
            ProblemKind::Conflict(sentence, other) => {
                return write!(f, "`{key}`: {sentence} ({other})");
            }
            ProblemKind::Locked(lock) => {
                return write!(f, "`{key}` cannot be changed: it is locked by {lock}");
            }
            ProblemKind::UsersLock => {
                return write!(f, "`{key}` is for /etc/ob/config.toml only");
            }
            ProblemKind::Missing(other) => return write!(f, "`{key}` lacks `{other}`"),
            ProblemKind::UnknownKey(similar) => {
                write!(f, "there is no setting `{key}`")?;
                similar
            }
            ProblemKind::NoSuch(kind, name, similar) => {
                write!(f, "`{key}`: there is no {kind} `{name}`")?;
                similar
            }
        };
        match suggestion {
            Some(similar) => write!(f, "; did you mean `{similar}`?"),
            None => Ok(()),
        }
    }
}

/// Returns the report of all `problems`, in their order.
///
/// # Errors
/// When there are any.
pub(super) fn check_none(problems: &[Problem]) -> Result<(), Report> {
    if problems.is_empty() {
        return Ok(());
    }
    let is_locked = |problem: &Problem| matches!(problem.kind, ProblemKind::Locked(_));
    let code = match problems.iter().all(is_locked) {
        true => ErrorCode::ConfigLocked,
        false => ErrorCode::ConfigInvalid,
    };
    let mut report = Report::new(code, "cannot use the settings");
    for problem in problems {
        report = report.cause(problem);
    }
    for hint in problems.iter().filter_map(Problem::hint) {
        report = report.hint(hint);
    }
    Err(report.hint("edit the place named, then `ob config check`"))
}
