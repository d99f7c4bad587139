//! POST requests to the org.

use serde_json::{Map, Value};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::model::Org;
use crate::secret::Secret;

/// A POST request to the org.
#[derive(Debug, PartialEq, Eq)]
pub struct Post {
    /// Always an address of the org.
    pub url: Url,
    /// JSON or form fields. Carries a password, a passcode or a token.
    pub body: Secret,
}

impl Post {
    /// Builds a request with a JSON body to `path`, which starts with a slash.
    pub(super) fn json(org: &Org, path: &str, body: &Value) -> Self {
        Self {
            url: url_of(org, path),
            body: Secret::new(body.to_string()),
        }
    }

    /// Builds a request with form fields to `path`, which starts with a slash.
    pub(super) fn form(org: &Org, path: &str, fields: &[(&str, &str)]) -> Self {
        Self::form_to(url_of(org, path), fields)
    }

    /// Builds a request with form fields to `url`.
    pub(super) fn form_to(url: Url, fields: &[(&str, &str)]) -> Self {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        Self {
            url,
            body: Secret::new(body),
        }
    }

    /// Builds a request with the JSON object `members` and the transaction's token in it.
    pub(super) fn with_token(url: Url, members: Value, name: &str, token: &Secret) -> Self {
        let mut body = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        body.insert(name.to_owned(), token.expose().into());
        Self {
            url,
            body: Secret::new(Value::Object(body).to_string()),
        }
    }

    /// Returns a copy, for requests that may be sent twice (a poll, an order for a code).
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self {
            url: self.url.clone(),
            body: self.body.duplicate(),
        }
    }
}

fn url_of(org: &Org, path: &str) -> Url {
    let mut url = org.url().clone();
    url.set_path(path);
    url
}
