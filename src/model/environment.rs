//! The environment that `ob` was started with.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// Variables by name. Values may be secrets (`AWS_SECRET_ACCESS_KEY`), so `Debug` prints names
/// only.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// Returns the variable. An empty one counts as unset.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.0
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns the variable as text. One that is empty or not UTF-8 counts as unset.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).and_then(OsStr::to_str)
    }

    /// Returns every variable, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Returns the environment without the variables for which `is_dropped` holds.
    #[must_use]
    pub fn without(&self, is_dropped: impl Fn(&OsStr) -> bool) -> Self {
        let kept = self.0.iter().filter(|(name, _)| !is_dropped(name));
        Self(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        )
    }
}

/// Whether `name` can be a variable of a shell: `[A-Za-z_][A-Za-z0-9_]*` (POSIX, 3.216).
///
/// An environment may hold other names. Printed for a shell to evaluate, they would be code.
pub fn is_variable_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    bytes.first().is_some_and(|first| !first.is_ascii_digit()) && bytes.iter().all(is_word)
}

impl IntoIterator for Environment {
    type Item = (OsString, OsString);
    type IntoIter = std::collections::btree_map::IntoIter<OsString, OsString>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_a_shell_would_run_is_no_variable() {
        for name in ["A", "_", "a1", "_9_", "AWS_PROFILE"] {
            assert!(is_variable_name(OsStr::new(name)), "{name}");
        }
        for name in [
            "", "1", "9A", "A B", "A;id", "A-B", "A.B", "$(id)", "`id`", "A\nB", "A=", "\u{e9}",
            "A\0",
        ] {
            assert!(!is_variable_name(OsStr::new(name)), "{name:?}");
        }
    }

    #[test]
    fn without_drops_by_name_only() {
        let environment: Environment = [("A", "B"), ("B", "A")].into_iter().collect();
        let left: Vec<_> = environment
            .without(|name| name == "A")
            .into_iter()
            .collect();
        assert_eq!(left, [("B".into(), "A".into())]);
    }

    #[test]
    fn empty_variable_is_unset_and_values_not_printed() {
        let environment: Environment = [("A", ""), ("B", "canary")].into_iter().collect();
        assert_eq!(
            (environment.raw("A"), environment.text("B")),
            (None, Some("canary"))
        );
        assert_eq!(format!("{environment:?}"), r#"{"A", "B"}"#);
    }
}
