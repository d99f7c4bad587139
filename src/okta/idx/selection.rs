//! The selection of an authenticator, one option for each of its methods.

use serde_json::{Map, Value, json};

use super::error::IdxError;
use super::remediation::filled_values;
use super::response::Response;
use crate::okta::factor_kind::FactorKind;
use crate::okta::json::{elements, text};
use crate::okta::post::Post;

/// The remediation that offers all authenticators.
pub(super) const SELECT: &str = "select-authenticator-authenticate";
/// The remediation that offers the methods of one authenticator, a phone for example.
pub(super) const SELECT_METHOD: &str = "authenticator-verification-data";

const MAX_OPTIONS: usize = 64;

/// An authenticator must be selected.
#[derive(Debug)]
pub struct Selection {
    response: Response,
    remediation: &'static str,
    pub options: Vec<AuthenticatorOption>,
}

impl Selection {
    pub(super) fn new(response: Response, remediation: &'static str) -> Self {
        let form = response.remediation(remediation);
        let field = form.and_then(|form| form.field("authenticator"));
        let field = field.unwrap_or(&Value::Null);
        let options = match &field["options"] {
            options @ Value::Array(_) => parse_options(&response.raw, elements(options)),
            _ => {
                let option = json!({
                    "label": text(field, "label").unwrap_or_default(),
                    "form": field["form"],
                    "relatesTo": { "value": response.current() },
                });
                parse_options(&response.raw, &[option])
            }
        };
        Self {
            remediation,
            options,
            response,
        }
    }

    /// Builds the request that selects the option at `index`.
    ///
    /// # Errors
    /// [`IdxError::NoSuchChoice`], [`IdxError::ForeignLink`].
    pub fn choose(self, index: usize) -> Result<Post, IdxError> {
        let option = self.options.get(index);
        let option = option.ok_or(IdxError::NoSuchChoice(index))?;
        let members = json!({ "authenticator": option.body });
        self.response.follow(self.remediation, members)
    }
}

/// One way to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorOption {
    pub kind: FactorKind,
    /// Okta's name of the authenticator. Untrusted text.
    pub label: String,
    /// A phone number, an address, a device, a question. Untrusted text.
    pub detail: Option<String>,
    /// The request's member `authenticator`.
    pub(super) body: Map<String, Value>,
}

impl AuthenticatorOption {
    /// Returns the id of the authenticator, and that of the enrolment if there are several.
    pub fn enrolment(&self) -> String {
        let ids = ["id", "enrollmentId"].map(|name| self.body.get(name).and_then(Value::as_str));
        ids.into_iter().flatten().collect::<Vec<_>>().join("/")
    }
}

/// Parses a field's `options`; `answer` is the response that `relatesTo` points into.
fn parse_options(answer: &Value, options: &[Value]) -> Vec<AuthenticatorOption> {
    let mut parsed = Vec::new();
    for option in options.iter().take(MAX_OPTIONS) {
        let form = option
            .pointer("/value/form/value")
            .or_else(|| option.pointer("/form/value"));
        let fields = form.map_or(&[][..], elements);
        let authenticator = related(answer, &option["relatesTo"]);
        for method in methods(fields) {
            let mut body = filled_values(fields);
            if let Some(method) = method {
                body.insert("methodType".to_owned(), method.into());
            }
            parsed.push(AuthenticatorOption {
                kind: kind_of(authenticator, method),
                label: text(option, "label").unwrap_or_default().to_owned(),
                detail: detail(authenticator),
                body,
            });
        }
    }
    parsed
}

/// Returns the methods to select from, else the one that is fixed or implied.
fn methods(fields: &[Value]) -> Vec<Option<&str>> {
    let Some(field) = fields.iter().find(|field| field["name"] == "methodType") else {
        return vec![None];
    };
    let options = elements(&field["options"]).iter();
    let methods: Vec<_> = options.filter_map(|option| text(option, "value")).collect();
    match methods[..] {
        [] => vec![text(field, "value")],
        _ => methods.into_iter().map(Some).collect(),
    }
}

/// Resolves `relatesTo`: a path (`$.authenticatorEnrollments.value[0]`), or the object itself.
fn related<'a>(answer: &'a Value, relation: &'a Value) -> &'a Value {
    let Some(path) = relation.as_str() else {
        return &relation["value"];
    };
    let mut found = answer;
    for part in path.trim_start_matches("$.").split('.') {
        let (name, index) = match part.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (part, None),
        };
        found = &found[name];
        if let Some(index) = index {
            found = &found[index];
        }
    }
    found
}

/// Returns an authenticator's kind; an authenticator has one or several methods.
pub(super) fn kind_of(authenticator: &Value, method: Option<&str>) -> FactorKind {
    let key = text(authenticator, "key").unwrap_or_default();
    FactorKind::from_identity_engine(key, method)
}

/// Returns what tells an authenticator from others of its kind.
pub(super) fn detail(authenticator: &Value) -> Option<String> {
    let members = ["phoneNumber", "email", "question", "deviceName"];
    let profile = &authenticator["profile"];
    let found = members.into_iter().find_map(|member| text(profile, member));
    found.map(str::to_owned)
}
