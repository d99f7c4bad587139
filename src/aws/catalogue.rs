//! The roles that a user was granted at the last look-up, without secrets. They are kept in a file,
//! so that a list or a menu need not wait for Okta. The file is untrusted when it is read.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::model::{Millis, ProviderArn, RoleArn, SamlRole, Timestamp};

/// Maximum of roles when reading and writing. An assertion of the 100 000 characters that STS
/// accepts holds far fewer.
const MAX_ROLES: usize = 5000;
/// Upper limit of a label or alias.
const MAX_LABEL_BYTES: usize = 256;
/// An older catalogue is not used: 30 days.
const MAX_AGE_SECONDS: i64 = 30 * 24 * 3600;
/// The version of the file format. Version 2 has the times of last use in milliseconds.
const VERSION: u8 = 2;

/// Whom a catalogue belongs to: org, user, and the app if the settings name one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueKey {
    /// The origin of the org.
    pub org: String,
    /// In lower case. `None` if the settings do not set it.
    pub username: Option<String>,
    pub app: Option<String>,
}

/// A role and its known names and use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRole {
    pub pair: SamlRole,
    /// The app's label in Okta. Untrusted text.
    pub app: String,
    /// IAM's alias of the account.
    pub alias: Option<String>,
    pub used: Option<Millis>,
}

/// The roles that a user had at `as_of`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    pub as_of: Timestamp,
    pub roles: Vec<KnownRole>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCatalogue {
    version: u8,
    of: CatalogueKey,
    as_of: Timestamp,
    roles: Vec<StoredRole>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRole {
    role: String,
    provider: String,
    app: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<Millis>,
}

impl Catalogue {
    /// Parses the text of [`Self::to_json`]. Returns `None` if it is damaged, not of `key`, or too
    /// old at `now`.
    pub fn from_json(text: &str, key: &CatalogueKey, now: Timestamp) -> Option<Self> {
        let stored: StoredCatalogue = serde_json::from_str(text).ok()?;
        let age = now.seconds_since(stored.as_of);
        if stored.version != VERSION
            || stored.of != *key
            || !(0..=MAX_AGE_SECONDS).contains(&age)
            || !(1..=MAX_ROLES).contains(&stored.roles.len())
        {
            return None;
        }
        let role = |role: StoredRole| {
            let short = |text: &String| text.len() <= MAX_LABEL_BYTES;
            let fits = short(&role.app) && role.alias.as_ref().is_none_or(short);
            fits.then_some(KnownRole {
                pair: SamlRole {
                    role: RoleArn::parse(&role.role).ok()?,
                    provider: ProviderArn::parse(&role.provider).ok()?,
                },
                app: role.app,
                alias: role.alias,
                used: role.used.filter(|used| used.second() <= now),
            })
        };
        let roles = stored.roles.into_iter().map(role);
        Some(Self {
            as_of: stored.as_of,
            roles: roles.collect::<Option<_>>()?,
        })
    }

    /// Returns the text of the file, or `None` if there are no roles or too many.
    pub fn to_json(&self, key: &CatalogueKey) -> Option<String> {
        let short = |text: &str| {
            let end = text.floor_char_boundary(MAX_LABEL_BYTES);
            text[..end].to_owned()
        };
        let roles = self.roles.iter().map(|known| StoredRole {
            role: known.pair.role.to_string(),
            provider: known.pair.provider.to_string(),
            app: short(&known.app),
            alias: known.alias.as_deref().map(short),
            used: known.used,
        });
        let stored = StoredCatalogue {
            version: VERSION,
            of: key.clone(),
            as_of: self.as_of,
            roles: roles.collect(),
        };
        let fits = (1..=MAX_ROLES).contains(&stored.roles.len());
        fits.then(|| serde_json::to_string(&stored).ok()).flatten()
    }

    /// Takes aliases and uses from an older catalogue.
    pub fn inherit(&mut self, older: &Self) {
        let uses: HashMap<&RoleArn, Millis> = older
            .roles
            .iter()
            .filter_map(|known| Some((&known.pair.role, known.used?)))
            .collect();
        let aliases: HashMap<&str, &str> = older
            .roles
            .iter()
            .filter_map(|known| Some((known.pair.role.account(), known.alias.as_deref()?)))
            .collect();
        for known in &mut self.roles {
            let role = &known.pair.role;
            known.used = known.used.max(uses.get(role).copied());
            if known.alias.is_none() {
                let alias = aliases.get(role.account());
                known.alias = alias.map(|alias| (*alias).to_owned());
            }
        }
    }

    /// Records that `role` (an ARN) was used, unless a later use is known. Returns whether the
    /// catalogue has changed.
    pub fn record_use(&mut self, role: &str, at: Millis) -> bool {
        let mut has_changed = false;
        for known in &mut self.roles {
            if known.pair.role.as_str() == role && known.used < Some(at) {
                known.used = Some(at);
                has_changed = true;
            }
        }
        has_changed
    }

    /// Sorts by last use, the latest first; then the unused ones by ARN.
    pub fn sort(&mut self) {
        self.roles.sort_by(|a, b| {
            let by = |known: &KnownRole| (Reverse(known.used), known.pair.clone());
            by(a).cmp(&by(b))
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_309_375);

    fn key() -> CatalogueKey {
        CatalogueKey {
            org: "https://acme.okta.com".into(),
            username: Some("alice@acme.com".into()),
            app: None,
        }
    }

    fn role(name: &str, used: Option<i64>) -> KnownRole {
        let account = "arn:aws:iam::123456789012";
        let pair = format!("{account}:role/{name},{account}:saml-provider/okta");
        KnownRole {
            pair: SamlRole::parse(&pair).unwrap(),
            app: "AWS \u{1b}[2J".into(),
            alias: None,
            used: used.map(Millis),
        }
    }

    fn catalogue() -> Catalogue {
        Catalogue {
            as_of: NOW,
            roles: vec![role("A", None), role("B", Some(5)), role("C", Some(9))],
        }
    }

    #[test]
    fn stored_catalogue_is_read_back_and_sorted_by_use() {
        let mut known = catalogue();
        let text = known.to_json(&key()).unwrap();
        assert_eq!(
            Catalogue::from_json(&text, &key(), NOW).as_ref(),
            Some(&known)
        );
        known.sort();
        let names = known.roles.iter().map(|known| known.pair.role.name());
        assert_eq!(names.collect::<String>(), "CBA");
        let arn = known.roles[2].pair.role.to_string();
        let now = Millis(NOW.0 * 1000);
        assert!(known.record_use(&arn, now) && !known.record_use(&arn, now));
        assert!(!known.record_use("arn:aws:iam::123456789012:role/D", now));
        let mut new = catalogue();
        new.roles.truncate(1);
        known.roles[2].alias = Some("acme".into());
        new.inherit(&known);
        assert_eq!(
            (new.roles[0].used, new.roles[0].alias.as_deref()),
            (Some(now), Some("acme"))
        );
    }

    #[test]
    fn damaged_foreign_and_old_catalogues_are_not_used() {
        let text = catalogue().to_json(&key()).unwrap();
        for (case, text, now) in [
            ("whole", text.clone(), NOW),
            ("a month", text.clone(), NOW.plus(MAX_AGE_SECONDS)),
        ] {
            assert!(Catalogue::from_json(&text, &key(), now).is_some(), "{case}");
        }
        let swap = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        };
        for (case, text, now) in [
            ("empty", String::new(), NOW),
            ("cut", text[..text.len() - 3].to_owned(), NOW),
            ("longer", text.clone() + "x", NOW),
            ("too old", text.clone(), NOW.plus(MAX_AGE_SECONDS + 1)),
            ("from the future", text.clone(), NOW.plus(-1)),
            (
                "another version",
                swap("\"version\":2", "\"version\":1"),
                NOW,
            ),
            ("another org", swap("acme.okta", "evil.okta"), NOW),
            ("another user", swap("alice", "mallory"), NOW),
            (
                "an unknown field",
                swap("{\"version\"", "{\"x\":1,\"version\""),
                NOW,
            ),
            ("no role", swap(":role/A", ":user/A"), NOW),
            ("a hostile role", swap(":role/A", ":role/$(id)"), NOW),
            ("a long label", swap("AWS ", &"x".repeat(300)), NOW),
            (
                "no roles",
                format!("{}[]}}", &text[..text.find("[{").unwrap()]),
                NOW,
            ),
        ] {
            assert_eq!(Catalogue::from_json(&text, &key(), now), None, "{case}");
        }
        let future = swap("\"used\":9", "\"used\":99999999999999");
        let read = Catalogue::from_json(&future, &key(), NOW).unwrap();
        assert_eq!(read.roles[2].used, None);
        let mut none = catalogue();
        none.roles.clear();
        assert_eq!(none.to_json(&key()), None);
        none.roles = vec![role("A", None); MAX_ROLES + 1];
        assert_eq!(none.to_json(&key()), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\":,a-z0-9_ ]{0,200}") {
            prop_assert_eq!(Catalogue::from_json(&text, &key(), NOW), None);
        }
    }
}
