//! The state token of a transaction, and the links that it may be sent to (`_links`).

use std::fmt;

use serde_json::{Value, json};

use super::error::AuthnError;
use crate::model::{Org, Timestamp};
use crate::okta::json::text;
use crate::okta::link::{self, host_of};
use crate::okta::post::Post;
use crate::secret::Secret;

const PATH: &str = "/api/v1/authn";

/// Builds the first request of a sign-in.
pub fn start(org: &Org, username: &str, password: &Secret) -> Post {
    let body = json!({
        "username": username,
        "password": password.expose(),
        "options": { "multiOptionalFactorEnroll": false, "warnBeforePasswordExpired": true },
    });
    Post::json(org, PATH, &body)
}

/// Builds a request for the current state of a transaction. A step-up that a page asks for starts
/// with it.
pub fn resume(org: &Org, state_token: &Secret) -> Post {
    let body = json!({ "stateToken": state_token.expose() });
    Post::json(org, PATH, &body)
}

/// What every unfinished state holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Handle {
    org: Org,
    state_token: Secret,
    /// When Okta ends the transaction.
    pub expires_at: Option<Timestamp>,
    pub(super) links: Links,
}

impl Handle {
    pub(super) fn parse(org: &Org, answer: &Value) -> Result<Self, AuthnError> {
        let state_token = text(answer, "stateToken").ok_or(AuthnError::NoStateToken)?;
        Ok(Self {
            org: org.clone(),
            state_token: Secret::new(state_token),
            expires_at: expires_at(answer),
            links: Links::parse(answer),
        })
    }

    /// Builds the POST along the first link of a relation.
    pub(super) fn follow(&self, relation: &'static str) -> Result<Post, AuthnError> {
        let link = self.links.get(relation);
        self.post(link.ok_or(AuthnError::MissingLink(relation))?, json!({}))
    }

    /// Builds the POST of the state token and `members` along `link`.
    pub(super) fn post(&self, link: &Link, members: Value) -> Result<Post, AuthnError> {
        let url = link::parse(&self.org, &link.href)?;
        Ok(Post::with_token(
            url,
            members,
            "stateToken",
            &self.state_token,
        ))
    }

    /// Builds a request for the current state: Okta answers a wrong passcode without one.
    pub fn resume(&self) -> Post {
        resume(&self.org, &self.state_token)
    }

    /// Builds the request that ends the transaction, so that a phone stops asking. `None` if Okta
    /// does not offer it.
    pub fn cancel(&self) -> Option<Post> {
        self.follow("cancel").ok()
    }
}

/// Asks Okta to skip the factor on this device for a while, if the policy allows it.
pub(super) fn remember_device(mut post: Post, is_allowed: bool) -> Post {
    if is_allowed {
        let mut query = post.url.query_pairs_mut();
        query.append_pair("rememberDevice", "true");
    }
    post
}

pub(super) fn expires_at(answer: &Value) -> Option<Timestamp> {
    text(answer, "expiresAt").and_then(Timestamp::from_rfc3339)
}

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
