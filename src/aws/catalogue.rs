//! The roles that a user was granted when they were last looked at: names, no secret. Kept in a file so that a
//! list or a menu need not wait for Okta, and read back as something that anybody could have written.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::model::{Millis, ProviderArn, RoleArn, SamlRole, Timestamp};

/// Far more than a SAML assertion carries (100 000 characters of it are all that STS takes).
const MAX_ROLES: usize = 5000;
/// The longest label or alias that is kept, in bytes.
const MAX_LABEL_BYTES: usize = 256;
/// Older than this, in seconds, and nobody remembers it: 30 days.
const MAX_AGE_SECONDS: i64 = 30 * 24 * 3600;
/// 2: uses in milliseconds.
const VERSION: u8 = 2;

/// Whose roles, and of which app where the settings name one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueKey {
    /// The org's origin.
    pub org: String,
    /// In lower case; none where the settings leave it open.
    pub username: Option<String>,
    pub app: Option<String>,
}

/// A role and what is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRole {
    pub pair: SamlRole,
    /// The app's label in Okta; foreign text.
    pub app: String,
    /// IAM's name for the account.
    pub alias: Option<String>,
    pub used: Option<Millis>,
}

/// All of them, as of a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    pub as_of: Timestamp,
    pub roles: Vec<KnownRole>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u8,
    of: CatalogueKey,
    as_of: Timestamp,
    roles: Vec<WrittenRole>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRole {
    role: String,
    provider: String,
    app: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<Millis>,
}

impl Catalogue {
    /// Reads what [`Self::written`] makes, if it is whole, of `key` and not too old at `now`. Anything else is none.
    pub fn read(text: &str, key: &CatalogueKey, now: Timestamp) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let age = now.seconds_since(written.as_of);
        if written.version != VERSION
            || written.of != *key
            || !(0..=MAX_AGE_SECONDS).contains(&age)
            || !(1..=MAX_ROLES).contains(&written.roles.len())
        {
            return None;
        }
        let role = |role: WrittenRole| {
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
        let roles = written.roles.into_iter().map(role);
        Some(Self {
            as_of: written.as_of,
            roles: roles.collect::<Option<_>>()?,
        })
    }

    /// The text of the file; none where there is nothing to keep, or too much.
    pub fn written(&self, key: &CatalogueKey) -> Option<String> {
        let short = |text: &str| {
            let end = text.floor_char_boundary(MAX_LABEL_BYTES);
            text[..end].to_owned()
        };
        let roles = self.roles.iter().map(|known| WrittenRole {
            role: known.pair.role.to_string(),
            provider: known.pair.provider.to_string(),
            app: short(&known.app),
            alias: known.alias.as_deref().map(short),
            used: known.used,
        });
        let written = Written {
            version: VERSION,
            of: key.clone(),
            as_of: self.as_of,
            roles: roles.collect(),
        };
        let fits = (1..=MAX_ROLES).contains(&written.roles.len());
        fits.then(|| serde_json::to_string(&written).ok()).flatten()
    }

    /// Takes over what an older one knew and this one does not: aliases and uses.
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

    /// Notes a use of `role`, and says whether that was news.
    pub fn record_use(&mut self, role: &str, at: Millis) -> bool {
        let mut news = false;
        for known in &mut self.roles {
            if known.pair.role.as_str() == role && known.used < Some(at) {
                known.used = Some(at);
                news = true;
            }
        }
        news
    }

    /// The last used first; what was never used by its name.
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
    fn what_is_written_is_read_back_and_the_last_used_comes_first() {
        let mut known = catalogue();
        let text = known.written(&key()).unwrap();
        assert_eq!(Catalogue::read(&text, &key(), NOW).as_ref(), Some(&known));
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
    fn what_is_broken_foreign_old_or_from_the_future_is_none() {
        let text = catalogue().written(&key()).unwrap();
        for (case, text, now) in [
            ("whole", text.clone(), NOW),
            ("a month", text.clone(), NOW.plus(MAX_AGE_SECONDS)),
        ] {
            assert!(Catalogue::read(&text, &key(), now).is_some(), "{case}");
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
            assert_eq!(Catalogue::read(&text, &key(), now), None, "{case}");
        }
        let future = swap("\"used\":9", "\"used\":99999999999999");
        let read = Catalogue::read(&future, &key(), NOW).unwrap();
        assert_eq!(read.roles[2].used, None);
        let mut none = catalogue();
        none.roles.clear();
        assert_eq!(none.written(&key()), None);
        none.roles = vec![role("A", None); MAX_ROLES + 1];
        assert_eq!(none.written(&key()), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[\\[\\]{}\":,a-z0-9_ ]{0,200}") {
            prop_assert_eq!(Catalogue::read(&text, &key(), NOW), None);
        }
    }
}
