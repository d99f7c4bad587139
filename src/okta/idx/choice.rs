//! The authenticators to choose from, one line for each way to use one.

use serde_json::{Map, Value};

use super::form::given;
use crate::okta::json::{text, text_at};

/// One way to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatorOption {
    pub method: Method,
    /// Okta's name for the authenticator, foreign text.
    pub label: String,
    /// What tells it from others of its kind; foreign text.
    pub detail: Option<String>,
    /// The member `authenticator` of the answer.
    pub(super) body: Map<String, Value>,
}

impl AuthenticatorOption {
    /// Okta's ids of the authenticator and, where there are several of one, of the enrolment.
    pub fn enrolment(&self) -> String {
        let id = |name: &str| self.body.get(name).and_then(Value::as_str);
        let ids = [id("id"), id("enrollmentId")];
        ids.into_iter().flatten().collect::<Vec<_>>().join("/")
    }
}

/// What a person does to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    Password,
    Push,
    Totp,
    Hotp,
    Token,
    Yubikey,
    Sms,
    Call,
    Email,
    Question,
    /// A security key; the browser's own fingerprint reader looks the same.
    WebAuthn,
    /// Only where the browser is: FastPass, Duo, another identity provider.
    Browser(&'static str),
    /// What Okta calls it.
    Unknown(String),
}

impl Method {
    /// By the authenticator's `key`, its `type` and the method within it.
    pub(super) fn of(authenticator: &Value, method: Option<&str>) -> Self {
        let key = text(authenticator, "key").unwrap_or_default();
        match (key, method) {
            ("okta_password", _) => Self::Password,
            ("okta_verify", Some("push")) => Self::Push,
            ("okta_verify", Some("signed_nonce")) => {
                Self::Browser("Okta FastPass: needs a browser")
            }
            ("okta_verify", _) | ("google_otp", _) => Self::Totp,
            ("phone_number", Some("voice")) => Self::Call,
            ("phone_number", _) => Self::Sms,
            ("okta_email", _) => Self::Email,
            ("security_question", _) => Self::Question,
            ("rsa_token" | "onprem_mfa" | "symantec_vip" | "del_oath", _) => Self::Token,
            ("yubikey_token", _) => Self::Yubikey,
            ("custom_otp", _) => Self::Hotp,
            ("webauthn", _) => Self::WebAuthn,
            ("duo" | "external_idp" | "smart_card_idp" | "custom_app", _) => {
                Self::Browser("needs a browser")
            }
            (other, _) => Self::Unknown(other.to_owned()),
        }
    }

    /// The word for settings and options (`factor = "push"`).
    pub fn name(&self) -> &str {
        match self {
            Self::Password => "password",
            Self::Push => "push",
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Token => "token",
            Self::Yubikey => "yubikey",
            Self::Sms => "sms",
            Self::Call => "call",
            Self::Email => "email",
            Self::Question => "question",
            Self::WebAuthn => "webauthn",
            Self::Browser(_) => "browser",
            Self::Unknown(name) => name,
        }
    }
}

/// The options of a field's `options`, each method of an authenticator by itself.
pub(super) fn list_options(answer: &Value, options: &Value) -> Vec<AuthenticatorOption> {
    let mut all = Vec::new();
    for option in options.as_array().into_iter().flatten().take(64) {
        let form = option
            .pointer("/value/form/value")
            .or_else(|| option.pointer("/form/value"));
        let fields = form.and_then(Value::as_array).cloned().unwrap_or_default();
        let authenticator = related(answer, &option["relatesTo"]);
        let label = text(option, "label").unwrap_or_default();
        let methods = fields.iter().find(|field| field["name"] == "methodType");
        let listed: Vec<&str> = methods
            .and_then(|field| field["options"].as_array())
            .into_iter()
            .flatten()
            .filter_map(|option| text(option, "value"))
            .collect();
        let fixed = methods.and_then(|field| text(field, "value"));
        let each: Vec<Option<&str>> = match listed[..] {
            [] => vec![fixed],
            _ => listed.into_iter().map(Some).collect(),
        };
        for method in each {
            let mut body = given(&fields);
            if let Some(method) = method {
                body.insert("methodType".to_owned(), method.into());
            }
            all.push(AuthenticatorOption {
                method: Method::of(authenticator, method),
                label: label.to_owned(),
                detail: detail(authenticator),
                body,
            });
        }
    }
    all
}

/// What `relatesTo` points at: `$.authenticatorEnrollments.value[0]`, or the object itself.
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

pub(super) fn detail(authenticator: &Value) -> Option<String> {
    ["phoneNumber", "email", "question", "deviceName"]
        .into_iter()
        .find_map(|member| text_at(authenticator, &format!("/profile/{member}")))
        .map(str::to_owned)
}
