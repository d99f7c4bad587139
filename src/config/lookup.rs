//! Finding a key by its path, and what was meant by one that is not there.

use super::keys::{KEYS, Key};

/// The key at `path`, with the names the user chose in place.
pub(super) fn find(path: &[&str]) -> Option<&'static Key> {
    KEYS.iter().find(|key| {
        let pattern: Vec<&str> = key.path.split('.').collect();
        pattern.len() == path.len() && begins(&pattern, path)
    })
}

/// Whether `path` is a table of settings, or of named ones.
pub(super) fn is_table(path: &[&str]) -> bool {
    KEYS.iter().any(|key| {
        let pattern: Vec<&str> = key.path.split('.').collect();
        pattern.len() > path.len() && begins(&pattern, path)
    })
}

fn begins(pattern: &[&str], path: &[&str]) -> bool {
    pattern
        .iter()
        .zip(path)
        .all(|(expected, found)| *expected == "*" || expected == found)
}

/// The known key or table that `path` was most likely meant to be.
pub(super) fn nearest(path: &[&str]) -> Option<String> {
    let mut candidates: Vec<String> = Vec::new();
    for key in KEYS {
        let pattern: Vec<&str> = key.path.split('.').collect();
        for length in 1..=pattern.len() {
            let named = pattern[..length].iter().enumerate().map(|(at, part)| {
                // The last part is the one that may be misspelled: it names nothing.
                match path.get(at) {
                    Some(name) if *part == "*" && at + 1 < path.len() => *name,
                    _ => *part,
                }
            });
            let named = named.collect::<Vec<_>>().join(".");
            if !named.contains('*') {
                candidates.push(named);
            }
        }
    }
    let leaf = path.last().copied().unwrap_or_default();
    most_like(&path.join("."), candidates.iter().map(String::as_str))
        // A key in the wrong table: `region` at the top is `aws.region`.
        .or_else(|| {
            KEYS.iter()
                .map(|key| key.path)
                .find(|known| known.rsplit('.').next() == Some(leaf))
        })
        .map(ToOwned::to_owned)
}

/// The variable that `name` was most likely meant to be.
pub(super) fn nearest_variable(name: &str) -> Option<&'static str> {
    most_like(name, KEYS.iter().filter_map(|key| key.variable))
}

/// The word closest to `word`, if one is close.
pub(super) fn most_like<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(word, candidate),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.65)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_are_near_or_none() {
        let of = |path: &[&str]| nearest(path);
        assert_eq!(of(&["profile"]).as_deref(), Some("profiles"));
        assert_eq!(
            of(&["profiles", "prod", "rol"]).as_deref(),
            Some("profiles.prod.role")
        );
        assert_eq!(of(&["org", "user_name"]).as_deref(), Some("org.username"));
        assert_eq!(of(&["region"]).as_deref(), Some("aws.region"));
        assert_eq!(of(&["xyzzy"]), None);
        assert_eq!(nearest_variable("OB_ORG_ULR"), Some("OB_ORG_URL"));
    }
}
