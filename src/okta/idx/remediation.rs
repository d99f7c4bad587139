//! A remediation: one of the possible next requests, with its address and form.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::okta::json::{elements, text};
use crate::okta::link::host_of;

/// A remediation as received: its address is not checked yet.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Remediation {
    /// Okta's name. Untrusted text.
    pub(super) name: String,
    pub(super) href: String,
    /// The HTTP method. Okta omits it for POST.
    method: Option<String>,
    /// Time between polls, or before the form is posted.
    pub(super) refresh: Option<Duration>,
    pub(super) fields: Vec<Value>,
}

/// Hides the fields: one of them is the state handle.
impl fmt::Debug for Remediation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, host_of(&self.href))
    }
}

impl Remediation {
    pub(super) fn parse(value: &Value) -> Option<Self> {
        Some(Self {
            href: text(value, "href")?.to_owned(),
            name: text(value, "name").unwrap_or("unnamed").to_owned(),
            method: text(value, "method").map(str::to_owned),
            refresh: value["refresh"].as_u64().map(Duration::from_millis),
            fields: elements(&value["value"]).to_vec(),
        })
    }

    pub(super) fn is_post(&self) -> bool {
        self.method.as_deref().is_none_or(|method| method == "POST")
    }

    pub(super) fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|field| field["name"] == name)
    }

    /// Returns the fields of the form within the field `name`.
    pub(super) fn inner_fields(&self, name: &str) -> &[Value] {
        let field = self.field(name);
        let form = field.and_then(|field| field.pointer("/form/value"));
        form.map_or(&[], elements)
    }
}

/// Returns the values that Okta has filled in: an id, a method, a question's key.
pub(super) fn filled_values(fields: &[Value]) -> Map<String, Value> {
    let filled = fields.iter().filter_map(|field| {
        let value = field["value"].as_str()?;
        Some((text(field, "name")?.to_owned(), value.into()))
    });
    filled.collect()
}
