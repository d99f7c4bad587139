//! One remediation: its name, where it goes, and the fields of its form.

use serde_json::{Map, Value, json};
use url::Url;

use super::IdxError;
use crate::model::Org;
use crate::okta::Post;
use crate::okta::json::{host_of, text};
use crate::secret::Secret;

/// What may be done next, as Okta wrote it; `value` is kept for its forms.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Remediation {
    pub(super) name: String,
    href: String,
    /// The HTTP method; POST where Okta names none.
    method: Option<String>,
    /// Milliseconds between polls.
    pub(super) refresh: Option<u64>,
    fields: Vec<Value>,
}

/// Without the fields: one of them is the state handle.
impl std::fmt::Debug for Remediation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.name, host_of(&self.href))
    }
}

impl Remediation {
    pub(super) fn parse(value: &Value) -> Option<Self> {
        Some(Self {
            name: text(value, "name")
                .or_else(|| text(value, "href").map(|_| "unnamed"))?
                .to_owned(),
            href: text(value, "href")?.to_owned(),
            method: text(value, "method").map(str::to_owned),
            refresh: value["refresh"].as_u64(),
            fields: value["value"].as_array().cloned().unwrap_or_default(),
        })
    }

    pub(super) fn href(&self) -> &str {
        &self.href
    }

    pub(super) fn is_post(&self) -> bool {
        self.method.as_deref().is_none_or(|method| method == "POST")
    }

    pub(super) fn fields(&self) -> &[Value] {
        &self.fields
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field["name"] == name)
    }

    /// The names of the form inside the field `name`, with what Okta has filled in already.
    pub(super) fn inner(&self, name: &str) -> Vec<Value> {
        let field = self.field(name);
        let form = field.and_then(|field| field.pointer("/form/value"));
        form.and_then(Value::as_array).cloned().unwrap_or_default()
    }

    pub(super) fn url(&self, org: &Org) -> Result<Url, IdxError> {
        at_org(org, &self.href)
    }

    /// The POST of `members` and the newest handle.
    pub(super) fn post(
        &self,
        org: &Org,
        handle: &Secret,
        members: Value,
    ) -> Result<Post, IdxError> {
        let mut body = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        body.insert("stateHandle".to_owned(), handle.expose().into());
        Ok(Post::new(self.url(org)?, &Value::Object(body)))
    }
}

/// Every field that Okta has filled in and that is not a choice: an id, a method, a question's key.
pub(super) fn given(fields: &[Value]) -> Map<String, Value> {
    let mut given = Map::new();
    for field in fields {
        if let (Some(name), Some(value)) = (text(field, "name"), field["value"].as_str()) {
            given.insert(name.to_owned(), json!(value));
        }
    }
    given
}

pub(super) fn at_org(org: &Org, href: &str) -> Result<Url, IdxError> {
    Url::parse(href)
        .ok()
        .filter(|url| org.owns(url) && url.username().is_empty() && url.password().is_none())
        .ok_or_else(|| IdxError::ForeignLink(host_of(href)))
}
