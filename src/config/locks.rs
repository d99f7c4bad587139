//! Keys that the administrator's file locks: the user's file, a variable and a flag cannot change
//! them. This guards against mistakes. A user who can run another program is not held by it.

use super::keys::{KEYS, suggest_key};
use super::problem::{Problem, ProblemKind};
use super::settings::{KeyId, Settings};
use super::source::Source;
use super::value::Value;
use crate::report::{ErrorCode, Report};

/// The key of the list.
pub(super) const LOCKED: &str = "locked";

/// Keys that a profile or one of several orgs can have in place of a general one: a lock of the
/// general one holds for them too.
const ALSO: [(&str, &str); 2] = [("profiles.*.", "aws."), ("orgs.*.", "org.")];

impl Settings {
    /// Returns the line of the administrator's file that locks the key at `path`, if one does.
    pub fn lock_of(&self, path: &str) -> Option<&Source> {
        let (locked, source) = self.get(LOCKED, None)?;
        let Value::Keys(patterns) = locked else {
            return None;
        };
        let general = ALSO
            .iter()
            .find_map(|(own, general)| Some(format!("{general}{}", path.strip_prefix(own)?)))
            .filter(|general| KEYS.iter().any(|key| key.path == general));
        let is_locked = |path: &str| patterns.iter().any(|pattern| covers(pattern, path));
        (is_locked(path) || general.is_some_and(|general| is_locked(&general))).then_some(source)
    }

    /// Checks that `flag`, which changes the key at `path`, may be used.
    ///
    /// # Errors
    /// When the key is locked.
    pub fn check_flag(&self, flag: &str, path: &str) -> Result<(), Report> {
        let Some(source) = self.lock_of(path) else {
            return Ok(());
        };
        Err(Report::new(
            ErrorCode::ConfigLocked,
            format!("`{flag}` cannot be used here"),
        )
        .cause(format!("`{path}` is locked by {source}"))
        .hint("leave the flag out; your administrator can change the lock"))
    }

    /// Returns a problem for each entry of the list that is no key.
    pub(super) fn unknown_locks(&self) -> Vec<Problem> {
        let Some((Value::Keys(patterns), source)) = self.get(LOCKED, None) else {
            return Vec::new();
        };
        let is_unknown = |pattern: &&String| {
            *pattern == LOCKED || !KEYS.iter().any(|key| covers(pattern, key.path))
        };
        let problem = |pattern: &String| {
            let similar = suggest_key(&pattern.split('.').collect::<Vec<_>>());
            let kind = ProblemKind::UnknownKey(similar.filter(|similar| similar != pattern));
            Problem::new(source.clone(), pattern, kind)
        };
        patterns.iter().filter(is_unknown).map(problem).collect()
    }

    /// Returns a problem for each of `values`, of the user's file, that changes a locked key.
    pub(super) fn locked_changes(&self, values: &[(KeyId, Value, Source)]) -> Vec<Problem> {
        let problem = |(id, value, source): &(KeyId, Value, Source)| {
            if id.0 == LOCKED {
                return Some(Problem::new(source.clone(), LOCKED, ProblemKind::UsersLock));
            }
            self.changed(id, value, source, self.lock_of(id.0)?)
        };
        values.iter().filter_map(problem).collect()
    }

    /// Returns the problem of a value of the locked key `id`, unless it is the administrator's own.
    pub(super) fn changed(
        &self,
        id: &KeyId,
        value: &Value,
        source: &Source,
        lock: &Source,
    ) -> Option<Problem> {
        let is_own = self.values.get(id).is_some_and(|(own, _)| own == value);
        let key = super::settings::format_key(id);
        (!is_own).then(|| Problem::new(source.clone(), key, ProblemKind::Locked(lock.clone())))
    }
}

/// Whether `pattern`, a key or a table with `.*`, covers the key at `path`.
fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix(".*") {
        _ if pattern == path => true,
        Some(table) => path
            .strip_prefix(table)
            .is_some_and(|rest| rest.starts_with('.')),
        None => false,
    }
}
