//! `_links`: one object or a list of named ones, and the token that may only travel home.

use std::fmt;

use serde_json::{Map, Value, json};
use url::Url;

use super::{AuthnError, Post};
use crate::model::{Org, Timestamp};
use crate::okta::json::{host_of, text};
use crate::secret::Secret;

/// A link as Okta wrote it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: Option<String>,
    pub(super) href: String,
}

/// Name and host: the query of an address may carry the state token.
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
}

/// All links of an object by relation; an object in the place of a list is a list of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links(Vec<(String, Link)>);

impl Links {
    pub(super) fn parse(holder: &Value) -> Self {
        let mut links = Vec::new();
        for (relation, value) in holder["_links"].as_object().into_iter().flatten() {
            let one_or_many = match value {
                Value::Array(many) => many.as_slice(),
                one => std::slice::from_ref(one),
            };
            let read = one_or_many.iter().filter_map(Link::parse);
            links.extend(read.map(|link| (relation.clone(), link)));
        }
        Self(links)
    }

    /// A single link.
    pub(super) fn to(relation: &str, href: String) -> Self {
        Self(vec![(relation.to_owned(), Link { name: None, href })])
    }

    pub(super) fn one(&self, relation: &str) -> Option<&Link> {
        self.all(relation).next()
    }

    pub(super) fn all(&self, relation: &str) -> impl Iterator<Item = &Link> {
        self.0
            .iter()
            .filter_map(move |(name, link)| (name == relation).then_some(link))
    }
}

/// What every unfinished state holds: the token, where it may go, and where it leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) org: Org,
    pub(super) state_token: Secret,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) links: Links,
}

impl Handle {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let state_token = text(answer, "stateToken").ok_or(AuthnError::NoStateToken)?;
        Ok(Self {
            org: org.clone(),
            state_token: Secret::new(state_token),
            expires_at: text(answer, "expiresAt").and_then(Timestamp::from_rfc3339),
            links: Links::parse(answer),
        })
    }

    /// The POST along a relation's first link.
    pub(super) fn follow(&self, relation: &'static str) -> Result<Post, AuthnError> {
        let link = self
            .links
            .one(relation)
            .ok_or(AuthnError::MissingLink(relation))?;
        self.post(&link.href, json!({}))
    }

    /// The POST to `href` of the state token and `members`.
    pub(super) fn post(&self, href: &str, members: Value) -> Result<Post, AuthnError> {
        let url = at_org(&self.org, href)?;
        Ok(Post::new(url, &self.body(members)))
    }

    pub(super) fn body(&self, members: Value) -> Value {
        let mut body = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        body.insert("stateToken".to_owned(), self.state_token.expose().into());
        Value::Object(body)
    }

    /// Asks for the current state once more.
    pub(super) fn resume(&self) -> Result<Post, AuthnError> {
        super::resume(&self.org, &self.state_token)
    }

    pub(super) fn cancel(&self) -> Option<Post> {
        self.follow("cancel").ok()
    }
}

/// `href` as an address of the org, or a refusal that names the other host.
pub(super) fn at_org(org: &Org, href: &str) -> Result<Url, AuthnError> {
    Url::parse(href)
        .ok()
        .filter(|url| org.owns(url) && url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| AuthnError::ForeignLink(host_of(href)))
}
