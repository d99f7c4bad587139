//! A step that needs no input: its form is posted as received and the sign-in goes on.
//!
//! Okta adds such steps over time: "keep me signed in" after the last factor, a warning that the
//! device misses a requirement, a pause in safe mode. The sign-in page shows one button for them.
//! Shapes: the responses that Okta's sign-in widget is tested with
//! (`playground/mocks/data/idp/idx`).

use std::time::Duration;

use serde_json::{Map, Value, json};
use url::Url;

use super::error::IdxError;
use super::remediation::Remediation;
use super::response::Response;
use crate::okta::json::text;
use crate::okta::post::Post;

/// Parts of a remediation's name or path, without `-` and `_`, that leave the step to the user: a
/// credential, a consent, an enrolment, another account or provider, the end of the sign-in.
const USER_DECIDES: [&str; 36] = [
    "accept",
    "activat",
    "agree",
    "allow",
    "answer",
    "approv",
    "authenticator",
    "authoriz",
    "cancel",
    "challenge",
    "consent",
    "credential",
    "delete",
    "enroll",
    "eula",
    "factor",
    "grant",
    "identify",
    "idp",
    "idverify",
    "launch",
    "logout",
    "password",
    "profile",
    "recover",
    "redirect",
    "register",
    "reset",
    "revoke",
    "select",
    "signout",
    "terms",
    "trustdevice",
    "trustthis",
    "unlock",
    "usercode",
];

/// Steps for programs on the device that a terminal does not have. Posting them as received leads
/// to the steps that a terminal can answer.
const DEVICE_STEPS: [&str; 3] = [
    "cancel-transaction",
    "device-apple-sso-extension",
    "launch-authenticator",
];

/// Parts of a field's name that leave the form to the user, required or not: an agreement, whatever
/// its default, or a credential.
const USER_FIELDS: [&str; 12] = [
    "accept",
    "agree",
    "allow",
    "answer",
    "consent",
    "credential",
    "enroll",
    "passcode",
    "password",
    "terms",
    "totp",
    "trust",
];

/// Fields that keep the user signed in on this device. `ob` has its own session and answers no.
const STAY_SIGNED_IN: [&str; 2] = ["keepMeSignedIn", "rememberMe"];

/// Limit of forms nested in forms.
const MAX_DEPTH: usize = 6;

/// A form without an open required field.
#[derive(Debug)]
pub struct Continuation {
    /// Okta's name of the step. Untrusted text.
    pub name: String,
    /// The wait before the form is posted, if Okta asks for one.
    pub delay: Option<Duration>,
    pub post: Post,
}

impl Continuation {
    /// Returns the only remediation of `response` that needs no input.
    ///
    /// `None` if there is none, or several: the user would have to choose.
    pub(super) fn find(response: &Response) -> Result<Option<Self>, IdxError> {
        let mut found = response
            .remediations
            .iter()
            .filter(|remediation| remediation.is_post() && !is_left_to_user(remediation))
            .filter_map(|remediation| Some((remediation, complete_form(&remediation.fields, 0)?)));
        let (Some((remediation, members)), None) = (found.next(), found.next()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: remediation.name.clone(),
            delay: remediation.refresh,
            post: response.post(remediation, Value::Object(members))?,
        }))
    }
}

fn is_left_to_user(remediation: &Remediation) -> bool {
    if DEVICE_STEPS.contains(&remediation.name.as_str()) {
        return false;
    }
    let path = Url::parse(&remediation.href)
        .map(|url| url.path().to_owned())
        .unwrap_or_default();
    let path = path.trim_start_matches("/idp/idx/");
    let has = |text: &str, words: &[&str]| {
        let text = text.to_ascii_lowercase().replace(['-', '_'], "");
        words.iter().any(|word| text.contains(word))
    };
    has(&remediation.name, &USER_DECIDES) || has(path, &USER_DECIDES)
}

/// Returns the members of a form that Okta has filled in, `None` if a field is left to the user.
fn complete_form(fields: &[Value], depth: usize) -> Option<Map<String, Value>> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut members = Map::new();
    for field in fields {
        let name = text(field, "name")?;
        // Every request carries the newest handle instead.
        if name == "stateHandle" {
            continue;
        }
        if STAY_SIGNED_IN.contains(&name) {
            members.insert(name.to_owned(), json!(false));
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let is_users = USER_FIELDS.iter().any(|word| lower.contains(word)) || lower == "otp";
        if field["secret"] == true || is_users {
            return None;
        }
        let is_required = field["required"] == true;
        if let Some(inner) = field.pointer("/form/value").and_then(Value::as_array) {
            let inner = complete_form(inner, depth + 1)?;
            if is_required && inner.is_empty() {
                return None;
            }
            if !inner.is_empty() {
                members.insert(name.to_owned(), Value::Object(inner));
            }
            continue;
        }
        match &field["value"] {
            Value::Null if is_required => return None,
            Value::Null => {}
            value => {
                members.insert(name.to_owned(), value.clone());
            }
        }
    }
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::super::Step;
    use super::super::tests::{form, sent, step, with};
    use super::*;

    fn continued(remediations: Value) -> Option<(String, Value)> {
        match step(&with(remediations)) {
            Step::Continue(Continuation { name, post, .. }) => Some((name, sent(&post))),
            _ => None,
        }
    }

    #[test]
    fn keep_me_signed_in_is_declined() {
        for value in [json!(false), json!(true), Value::Null] {
            let fields = json!([
                { "name": "keepMeSignedIn", "type": "boolean", "required": true, "value": value },
                { "name": "stateHandle", "required": true, "value": "02.id.OLD", "mutable": false }
            ]);
            let (name, body) = continued(json!([form("keep-me-signed-in", fields)])).unwrap();
            assert_eq!(name, "keep-me-signed-in");
            assert_eq!(
                body,
                json!({ "keepMeSignedIn": false, "stateHandle": "02.id.HANDLE" })
            );
        }
    }

    #[test]
    fn complete_forms_are_posted() {
        let handle = json!({ "name": "stateHandle", "required": true, "value": "02.id.OLD" });
        for (name, fields, expected) in [
            ("device-assurance-grace-period", json!([handle]), json!({})),
            ("poll", json!([handle]), json!({})),
            ("cancel-transaction", json!([handle]), json!({})),
            ("device-apple-sso-extension", json!([handle]), json!({})),
            ("launch-authenticator", json!([handle]), json!({})),
            ("remind-me-later", json!([]), json!({})),
            (
                "device-notice",
                json!([{ "name": "seen", "required": true, "value": true }, handle]),
                json!({ "seen": true }),
            ),
            (
                "survey",
                json!([
                    { "name": "score", "required": false },
                    { "name": "about", "required": true, "form": { "value": [
                        { "name": "id", "required": true, "value": "x1" }, { "name": "text" }
                    ] } }
                ]),
                json!({ "about": { "id": "x1" } }),
            ),
        ] {
            let (found, mut body) = continued(json!([form(name, fields)])).unwrap();
            body.as_object_mut().unwrap().remove("stateHandle").unwrap();
            assert_eq!((found.as_str(), body), (name, expected));
        }
    }

    #[test]
    fn decisions_of_the_user_are_not_posted() {
        let open = json!([{ "name": "answer", "required": true }]);
        let secret = json!([{ "name": "pin", "secret": true }]);
        let nested = json!([{ "name": "data", "required": true, "form": { "value": [
            { "name": "passcode", "required": true }
        ] } }]);
        for (name, fields) in [
            ("new-question", open),
            ("new-pin", secret),
            ("new-form", nested),
            (
                "new-choice",
                json!([{ "name": "way", "required": true, "options": [{ "value": 1 }] }]),
            ),
            (
                "notice",
                json!([{ "name": "acceptTerms", "required": true, "value": true }]),
            ),
            ("notice", json!([{ "name": "consent", "value": true }])),
            (
                "notice",
                json!([{
                    "name": "consent", "form": { "value": [{ "name": "all", "value": true }] }
                }]),
            ),
            (
                "notice",
                json!([{
                    "name": "credentials", "form": { "value": [{ "name": "passcode" }] }
                }]),
            ),
            ("notice", json!([{ "name": "otp" }])),
            ("unlock-account", json!([])),
            ("request-activation-email", json!([])),
            ("select-enroll-profile", json!([])),
            ("enroll-poll", json!([])),
            ("terms-of-service", json!([])),
            ("launch-webauthn-authenticator", json!([])),
            ("reset-authenticator", json!([])),
            ("trust-this-device", json!([])),
            ("allow-access", json!([])),
            ("approve-request", json!([])),
            ("authorize-device", json!([])),
            ("grant-scopes", json!([])),
            ("eula", json!([])),
            ("signOut", json!([])),
            ("log_out", json!([])),
            ("userCode", json!([])),
        ] {
            assert_eq!(continued(json!([form(name, fields)])), None, "{name}");
        }
        let mut elsewhere = form("notice", json!([]));
        elsewhere["href"] = json!("https://acme.okta.com/idp/idx/credential/enroll");
        assert_eq!(continued(json!([elsewhere])), None);
        let mut by_get = form("notice", json!([]));
        by_get["method"] = json!("GET");
        assert_eq!(continued(json!([by_get])), None);
        let two = json!([form("now", json!([])), form("later", json!([]))]);
        assert_eq!(continued(two), None);
    }
}
