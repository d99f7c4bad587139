use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::Org;
use crate::okta::Post;
use crate::report::Report;
use crate::secret::Secret;

const ION: &str = "application/ion+json; okta-version=1.0.0";

fn org() -> Org {
    Org::parse("acme.okta.com").unwrap()
}

fn parse(status: u16, body: &serde_json::Value) -> Result<Response, IdxError> {
    Response::parse(&org(), status, ION, body.to_string().as_bytes())
}

pub(super) fn with(remediations: serde_json::Value) -> serde_json::Value {
    json!({
        "version": "1.0.0", "stateHandle": "02.id.HANDLE",
        "expiresAt": "2026-11-22T03:05:00.000Z",
        "remediation": { "type": "array", "value": remediations },
        "cancel": {
            "name": "cancel", "href": "https://acme.okta.com/idp/idx/cancel", "method": "POST"
        }
    })
}

pub(super) fn form(name: &str, fields: serde_json::Value) -> serde_json::Value {
    let href = format!("https://acme.okta.com/idp/idx/{name}");
    json!({ "name": name, "method": "POST", "href": href, "value": fields })
}

pub(super) fn step(body: &serde_json::Value) -> Step {
    Step::next(parse(200, body).unwrap()).unwrap()
}

pub(super) fn sent(post: &Post) -> serde_json::Value {
    serde_json::from_str(post.body.expose()).unwrap()
}

#[test]
fn success_is_found_in_both_shapes() {
    let href = "https://acme.okta.com/login/token/redirect?stateToken=02.id.SHORT";
    let by_member = json!({ "version": "1.0.0", "stateHandle": "02.id.LONG",
        "success": { "name": "success-redirect", "href": href } });
    let by_remediation =
        with(json!([{ "name": "success-redirect", "method": "GET", "href": href }]));
    for body in [by_member, by_remediation] {
        let Step::Done(url) = step(&body) else {
            panic!()
        };
        assert_eq!(url.as_str(), href);
    }
    let foreign = with(json!([{ "name": "success-redirect", "href": "https://evil.example/x" }]));
    let error = Step::next(parse(200, &foreign).unwrap()).unwrap_err();
    assert_eq!(error, IdxError::ForeignLink("evil.example".into()));
}

#[test]
fn password_is_sent_where_the_form_takes_it() {
    let name_only = with(json!([form("identify", json!([{ "name": "identifier" }]))]));
    let Step::Identify(identify) = step(&name_only) else {
        panic!()
    };
    assert!(!identify.takes_password());
    let post = identify.send("alice@acme.com", None).unwrap();
    assert_eq!(
        sent(&post),
        json!({ "identifier": "alice@acme.com", "stateHandle": "02.id.HANDLE" })
    );

    let both = with(json!([
        form("launch-authenticator", json!([])),
        form(
            "identify",
            json!([{ "name": "identifier" }, { "name": "credentials", "form": { "value": [] } }])
        )
    ]));
    let Step::Identify(identify) = step(&both) else {
        panic!()
    };
    assert!(identify.takes_password());
    let post = identify
        .send("alice@acme.com", Some(&Secret::new("pw")))
        .unwrap();
    assert_eq!(sent(&post)["credentials"], json!({ "passcode": "pw" }));
}

#[test]
fn each_method_of_an_authenticator_is_an_option() {
    let methods = ["signed_nonce", "push", "totp"].map(|method| json!({ "value": method }));
    let okta_verify = json!([
        { "name": "id", "required": true, "value": "autOV" },
        { "name": "methodType", "options": methods }
    ]);
    let rsa = json!([
        { "name": "id", "value": "autRSA" },
        { "name": "methodType", "value": "otp" },
        { "name": "enrollmentId", "required": true, "value": "enr1" }
    ]);
    let unknown = json!([{ "name": "id", "value": "autM" }]);
    let options = json!([
        {
            "label": "Okta Verify", "relatesTo": "$.authenticatorEnrollments.value[0]",
            "value": { "form": { "value": okta_verify } }
        },
        {
            "label": "RSA", "relatesTo": "$.authenticatorEnrollments.value[1]",
            "value": { "form": { "value": rsa } }
        },
        {
            "label": "Mind", "relatesTo": "$.authenticatorEnrollments.value[9]",
            "form": { "value": unknown }
        }
    ]);
    let mut body = with(json!([form(
        "select-authenticator-authenticate",
        json!([{ "name": "authenticator", "options": options }])
    )]));
    body["authenticatorEnrollments"] = json!({ "value": [
        { "key": "okta_verify", "profile": { "deviceName": "phone" } }, { "key": "rsa_token" }
    ]});
    let Step::Select(select) = step(&body) else {
        panic!()
    };
    let methods: Vec<&str> = select
        .options
        .iter()
        .map(|choice| choice.kind.name())
        .collect();
    assert_eq!(methods, ["browser", "push", "totp", "token", ""]);
    assert_eq!(select.options[1].detail.as_deref(), Some("phone"));
    let ids: Vec<String> = select
        .options
        .iter()
        .map(AuthenticatorOption::enrolment)
        .collect();
    assert_eq!(ids, ["autOV", "autOV", "autOV", "autRSA/enr1", "autM"]);
    let body = sent(&select.choose(3).unwrap());
    assert_eq!(
        body["authenticator"],
        json!({ "id": "autRSA", "methodType": "otp", "enrollmentId": "enr1" })
    );
}

#[test]
fn typed_input_fills_the_open_field() {
    for (fields, expected) in [
        (json!([{ "name": "passcode" }]), json!({ "passcode": "42" })),
        (json!([{ "name": "totp" }]), json!({ "totp": "42" })),
        (json!([{ "name": "otp" }]), json!({ "otp": "42" })),
        (
            json!([{ "name": "questionKey", "value": "food" }, { "name": "answer" }]),
            json!({ "questionKey": "food", "answer": "42" }),
        ),
    ] {
        let body = with(json!([form(
            "challenge-authenticator",
            json!([{ "name": "credentials", "form": { "value": fields } }])
        )]));
        let Step::Answer(answering) = step(&body) else {
            panic!()
        };
        assert!(answering.can_be_typed());
        let post = answering.answer(&Secret::new("42")).unwrap();
        assert_eq!(sent(&post)["credentials"], expected);
    }
}

#[test]
fn number_may_be_zero() {
    let mut body = with(json!([{ "name": "challenge-poll", "refresh": 4000,
        "href": "https://acme.okta.com/idp/idx/authenticators/poll", "value": [] }]));
    body["currentAuthenticator"] =
        json!({ "value": { "contextualData": { "correctAnswer": "0" } } });
    let Step::Wait(waiting) = step(&body) else {
        panic!()
    };
    assert_eq!(
        (waiting.number(), waiting.poll_interval()),
        (Some("0"), Some(Duration::from_secs(4)))
    );
    assert!(waiting.is_polling() && !waiting.can_resend());
}

#[test]
fn messages_are_found_above_forms_and_beside_fields() {
    let messages = |text: &str, key: &str| {
        let message = json!({ "message": text, "i18n": { "key": key }, "class": "ERROR" });
        json!({ "value": [message] })
    };
    let mut body = with(json!([form(
        "challenge-authenticator",
        json!([{ "name": "credentials", "form": { "value": [
        {
            "name": "passcode",
            "messages": messages("Invalid code", "api.authn.error.PASSCODE_INVALID")
        }
    ] } }])
    )]));
    let response = parse(400, &body).unwrap();
    let error = response.messages.iter().find(|message| message.is_error());
    let error = error.unwrap();
    assert_eq!(error.report().name(), "okta.wrong_answer");
    let chosen = json!([{ "name": "text", "messages": messages("Too short", "x.short") }]);
    let options = json!([{ "label": "Own", "value": { "form": { "value": chosen } } }]);
    let mut in_option = with(json!([form(
        "x",
        json!([{ "name": "way", "options": options }])
    )]));
    in_option["messages"] =
        json!({ "value": [{ "i18n": { "key": "x.only.key" }, "class": "INFO" }] });
    let texts: Vec<String> = (parse(200, &in_option).unwrap().messages.into_iter())
        .map(|message| message.text)
        .collect();
    assert_eq!(texts, ["x.only.key", "Too short"]);
    body["messages"] = messages("Denied", "security.access_denied");
    body["remediation"] = json!(null);
    let over = parse(403, &body).unwrap_err();
    assert_eq!(Report::from(over).name(), "okta.denied_by_policy");
}

#[test]
fn device_probe_is_cancelled() {
    let mut body = with(json!([form("device-challenge-poll", json!([]))]));
    body["authenticatorChallenge"] = json!({ "value": { "cancel": {
        "name": "cancel-polling",
        "href": "https://acme.okta.com/idp/idx/authenticators/poll/cancel"
    } } });
    let Step::DeviceProbe(post) = step(&body) else {
        panic!()
    };
    assert_eq!(post.url.path(), "/idp/idx/authenticators/poll/cancel");
    assert!(sent(&post)["reason"].is_string());
}

#[test]
fn html_and_empty_403_require_a_browser() {
    let bare = Response::parse(&org(), 403, "", b"").unwrap_err();
    let page = Response::parse(&org(), 200, "text/html", b"<html>").unwrap_err();
    for error in [bare, page] {
        assert_eq!(Report::from(error).name(), "okta.idx.wants_browser");
    }
    let other = Response::parse(&org(), 200, ION, b"{}").unwrap_err();
    assert_eq!(other, IdxError::Shape);
}

#[test]
fn final_steps_are_distinguished_and_unknown_ones_named() {
    let one = |name: &str| step(&with(json!([form(name, json!([]))])));
    let open = form("dance", json!([{ "name": "steps", "required": true }]));
    assert!(matches!(step(&with(json!([open]))), Step::Unknown(names) if names == ["dance"]));
    assert!(matches!(
        one("reenroll-authenticator"),
        Step::Password(change) if !change.can_change()
    ));
    assert!(matches!(one("select-authenticator-enroll"), Step::Enroll));
    assert!(matches!(one("skip"), Step::Skip(_)));
    assert!(matches!(one("redirect-idp"), Step::IdentityProvider(host) if host == "acme.okta.com"));
    for name in ["consent", "admin-consent"] {
        assert!(matches!(one(name), Step::Consent));
    }
    let mut named = form("redirect-idp", json!([]));
    named["idp"] = json!({ "id": "0oa1", "name": "Acme ADFS" });
    assert!(
        matches!(step(&with(json!([named]))), Step::IdentityProvider(name) if name == "Acme ADFS")
    );
}

#[test]
fn password_is_changed_by_its_own_form_only() {
    let new = json!([{ "name": "credentials", "form": { "value": [
        { "name": "passcode", "secret": true }, { "name": "revokeSessions", "type": "boolean" }
    ] } }]);
    for name in ["reenroll-authenticator", "reenroll-authenticator-warning"] {
        let mut body = with(json!([form(name, new.clone()), form("skip", json!([]))]));
        body["currentAuthenticator"] = json!({ "value": {
            "type": "password", "key": "okta_password", "settings": { "daysToExpiry": 4 }
        } });
        let Step::Password(change) = step(&body) else {
            panic!()
        };
        assert_eq!((change.days_left(), change.custom_url()), (Some(4), None));
        assert!(change.can_change() && change.can_skip());
        assert_eq!(change.skip().unwrap().url.path(), "/idp/idx/skip");
        let post = change.change(&Secret::new("new")).unwrap();
        assert_eq!(sent(&post)["credentials"], json!({ "passcode": "new" }));
    }
    let mut page = form("reenroll-custom-password-expiry", new.clone());
    page["customExpiredPasswordURL"] = "https://password.acme.com/".into();
    let Step::Password(change) = step(&with(json!([page]))) else {
        panic!()
    };
    assert!(!change.can_change() && !change.can_skip());
    assert_eq!(
        change.custom_url().as_deref(),
        Some("https://password.acme.com/")
    );
    let mut other = with(json!([form("reenroll-authenticator", new)]));
    other["currentAuthenticator"] = json!({ "value": { "type": "phone" } });
    assert!(matches!(step(&other), Step::Unknown(_)));
}

#[test]
fn debug_hides_the_state_handle() {
    let response = parse(200, &with(json!([form("identify", json!([]))]))).unwrap();
    assert!(!format!("{response:?}").contains("HANDLE"));
}

/// Arbitrary JSON made of the words of real responses.
fn any_answer() -> impl Strategy<Value = serde_json::Value> {
    let words = [
        "remediation",
        "value",
        "name",
        "href",
        "form",
        "options",
        "relatesTo",
        "messages",
        "success",
        "currentAuthenticator",
        "authenticator",
        "methodType",
        "stateHandle",
        "challenge-authenticator",
        "select-authenticator-authenticate",
        "challenge-poll",
        "identify",
        "credentials",
        "passcode",
        "$.authenticatorEnrollments.value[0]",
        "$.a[x].b[99999999999999999999]",
        "",
        "i18n",
        "https://acme.okta.com/idp/idx/x",
    ];
    let word = proptest::sample::select(words.to_vec());
    let leaf = prop_oneof![
        word.clone().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(6, 96, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::vec((word.clone(), inner), 0..6).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                serde_json::Value::Object(members.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_responses_do_not_panic(
        remediations in proptest::collection::vec(any_answer(), 0..4), other in any_answer()
    ) {
        let mut body = with(json!(remediations));
        body["currentAuthenticator"] = other.clone();
        body["authenticatorEnrollments"] = other;
        if let Ok(response) = parse(200, &body) {
            match Step::next(response) {
                Ok(Step::Answer(answering)) => drop(answering.answer(&Secret::new("1"))),
                Ok(Step::Select(select)) => drop(select.choose(0)),
                Ok(Step::Wait(waiting)) => drop(waiting.poll()),
                _ => {}
            }
        }
    }
}
