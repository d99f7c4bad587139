//! `_links`: by relation one link, or a list of named ones.

use std::fmt;

use serde_json::Value;

use crate::okta::json::text;
use crate::okta::link::host_of;

/// A link as received: not checked yet.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: Option<String>,
    pub(super) href: String,
}

/// Shows name and host only: the query may carry the state token.
impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {}", self.name, host_of(&self.href))
    }
}

impl Link {
    fn parse(value: &Value) -> Option<Self> {
        Some(Self {
            name: text(value, "name").map(str::to_owned),
            href: text(value, "href")?.to_owned(),
        })
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }
}

/// All links of an object, each with its relation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links(Vec<(String, Link)>);

impl Links {
    /// Parses `_links` of `holder`. Okta sends one link either as an object or as a list.
    pub(super) fn parse(holder: &Value) -> Self {
        let mut links = Vec::new();
        for (relation, value) in holder["_links"].as_object().into_iter().flatten() {
            let values = match value {
                Value::Array(values) => values.as_slice(),
                value => std::slice::from_ref(value),
            };
            let parsed = values.iter().filter_map(Link::parse);
            links.extend(parsed.map(|link| (relation.clone(), link)));
        }
        Self(links)
    }

    pub(super) fn with_one(relation: &str, href: String) -> Self {
        Self(vec![(relation.to_owned(), Link { name: None, href })])
    }

    /// Returns the first link of a relation.
    pub(super) fn get(&self, relation: &str) -> Option<&Link> {
        let mut links = self.0.iter();
        let found = links.find(|(known, _)| known == relation);
        found.map(|(_, link)| link)
    }
}
