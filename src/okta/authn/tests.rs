//! Transcripts of a sign-in against answers as Okta words them.

mod refusals;

use serde_json::{Value, json};

use super::*;
use crate::model::Timestamp;
use crate::okta::webauthn::CheckedAssertion;

const MFA_REQUIRED: &[u8] = include_bytes!("../../../tests/fixtures/okta/mfa_required.json");
const PUSH: &[u8] = include_bytes!("../../../tests/fixtures/okta/mfa_challenge_push.json");
const WEBAUTHN: &[u8] = include_bytes!("../../../tests/fixtures/okta/mfa_challenge_webauthn.json");
const SUCCESS: &[u8] = include_bytes!("../../../tests/fixtures/okta/success.json");
const STEP_UP: &[u8] = include_bytes!("../../../tests/fixtures/okta/success_step_up.json");
const WARN: &[u8] = include_bytes!("../../../tests/fixtures/okta/password_warn.json");
const STATE: &str = "00mEXAMPLEstate_token-1";

fn org() -> Org {
    Org::parse("acme.okta.com").unwrap()
}

fn received(body: &[u8]) -> Result<Transaction, AuthnError> {
    Transaction::parse(&org(), 200, "application/json;charset=UTF-8", body)
}

fn required() -> MfaRequired {
    match received(MFA_REQUIRED).unwrap() {
        Transaction::MfaRequired(state) => state,
        other => panic!("{other:?}"),
    }
}

fn challenge(answer: &Value) -> MfaChallenge {
    match received(answer.to_string().as_bytes()).unwrap() {
        Transaction::MfaChallenge(state) => *state,
        other => panic!("{other:?}"),
    }
}

/// The push fixture with a change.
fn push(change: impl FnOnce(&mut Value)) -> MfaChallenge {
    let mut answer: Value = serde_json::from_slice(PUSH).unwrap();
    change(&mut answer);
    challenge(&answer)
}

/// Path and body of what would be sent.
fn told(post: &Post) -> (String, Value) {
    assert_eq!(
        post.url.origin().ascii_serialization(),
        "https://acme.okta.com"
    );
    let path = match post.url.query() {
        Some(query) => format!("{}?{query}", post.url.path()),
        None => post.url.path().to_owned(),
    };
    (path, serde_json::from_str(post.body.expose()).unwrap())
}

#[test]
fn it_starts_with_name_and_password() {
    let post = start(&org(), "alice@acme.com", &Secret::new("p\"w\n")).unwrap();
    let (path, body) = told(&post);
    assert_eq!(path, "/api/v1/authn");
    assert_eq!(body["username"], "alice@acme.com");
    assert_eq!(body["password"], "p\"w\n");
    assert!(!format!("{post:?}").contains("p\\\"w"));
    let resumed = resume(&org(), &Secret::new(STATE)).unwrap();
    assert_eq!(told(&resumed).1, json!({ "stateToken": STATE }));
}

#[test]
fn factors_are_listed_with_what_tells_them_apart() {
    let state = required();
    let listed: Vec<_> = state
        .factors()
        .iter()
        .map(|factor| {
            (
                factor.kind.name(),
                factor.label.as_deref(),
                factor.is_usable(),
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("push", Some("Alice's phone"), true),
            ("totp", Some("alice@acme.com"), true),
            (
                "question",
                Some("What is the food you least liked as a child?"),
                true
            ),
            ("sms", Some("+1 XXX-XXX-1337"), true),
            ("password", None, true),
            ("iris_scan", None, false),
            ("yubikey", None, true),
        ]
    );
    assert_eq!(
        state.expires_at(),
        Timestamp::from_rfc3339("2026-11-22T01:07:55Z")
    );
    assert!(state.policy.allow_remember_device);
    assert_eq!(state.policy.remember_device_lifetime, Some(15));
}

#[test]
fn a_typed_factor_is_answered_in_one_request() {
    let answer = Secret::new("123456");
    for (index, need, member) in [
        (1, FactorInput::Passcode, "passCode"),
        (
            2,
            FactorInput::Answer {
                question: "What is the food you least liked as a child?".to_owned(),
            },
            "answer",
        ),
        (4, FactorInput::Password, "password"),
    ] {
        let selected = required().select(index).unwrap().remember_device(true);
        assert_eq!(selected.input(), need);
        let (path, body) = told(&selected.answer(&answer).unwrap());
        assert!(path.ends_with("/verify?rememberDevice=true"), "{path}");
        assert_eq!(body, json!({ "stateToken": STATE, member: "123456" }));
    }
}

#[test]
fn a_push_or_a_message_is_begun_first() {
    for index in [0, 3] {
        let selected = required().select(index).unwrap();
        assert_eq!(selected.input(), FactorInput::Nothing);
        let (path, body) = told(&selected.begin().unwrap());
        assert!(path.ends_with("/verify?rememberDevice=false"), "{path}");
        assert_eq!(body, json!({ "stateToken": STATE }));
        let refused = required().select(index).unwrap().answer(&Secret::new("1"));
        assert_eq!(refused, Err(AuthnError::WrongAnswer));
    }
}

#[test]
fn what_cannot_be_chosen_is_named() {
    let refused = |index| required().select(index).unwrap_err();
    assert_eq!(
        refused(5),
        AuthnError::FactorUnusable("iris_scan".to_owned())
    );
    assert_eq!(refused(7), AuthnError::NoSuchFactor(7));
    let elsewhere = required().select(6).unwrap().answer(&Secret::new("otp"));
    assert_eq!(
        elsewhere,
        Err(AuthnError::ForeignLink(
            "acme.okta.com.example.net".to_owned()
        ))
    );
}

#[test]
fn a_push_is_polled_and_its_number_may_be_zero() {
    let state = push(|_| {});
    assert_eq!((state.number(), state.is_polling()), (Some("0"), true));
    assert_eq!(state.factor_result(), Some(&FactorResult::Waiting));
    assert_eq!(state.input(), FactorInput::Nothing);
    let cancel = state.cancel().unwrap();
    assert_eq!(
        told(&cancel),
        (
            "/api/v1/authn/cancel".to_owned(),
            json!({ "stateToken": STATE })
        )
    );
    let (path, body) = told(&state.poll().unwrap());
    assert_eq!(path, "/api/v1/authn/factors/opfEXAMPLE/verify");
    assert_eq!(body, json!({ "stateToken": STATE }));
    for (answer, expected) in [
        (json!(92), Some("92")),
        (json!("07"), Some("07")),
        (json!(null), None),
        (json!(""), None),
        (json!({"x": 1}), None),
    ] {
        let state =
            push(|a| a["_embedded"]["factor"]["_embedded"]["challenge"]["correctAnswer"] = answer);
        assert_eq!(state.number(), expected);
    }
}

#[test]
fn a_rejected_push_is_not_polled_but_may_be_sent_anew() {
    let rejected = |name: &str| {
        push(|answer| {
            answer["factorResult"] = json!(name);
            answer["_links"]["next"]["name"] = json!("verify");
        })
    };
    assert_eq!(
        rejected("REJECTED").factor_result(),
        Some(&FactorResult::Rejected)
    );
    assert_eq!(
        rejected("TIMEOUT").poll(),
        Err(AuthnError::MissingLink("poll"))
    );
    assert!(rejected("TIMEOUT").restart().is_ok());
    let unknown = rejected("MELTED");
    let expected = FactorResult::Unknown("MELTED".to_owned());
    assert_eq!(unknown.factor_result(), Some(&expected));
}

#[test]
fn one_may_go_back_or_have_it_sent_again() {
    assert_eq!(
        told(&push(|_| {}).previous().unwrap()).0,
        "/api/v1/authn/previous"
    );
    let state = push(|_| {});
    assert_eq!(
        state.deliveries(),
        [Delivery {
            name: "push".to_owned()
        }]
    );
    assert!(told(&state.resend(0).unwrap()).0.ends_with("/resend"));
    assert_eq!(
        push(|_| {}).resend(1),
        Err(AuthnError::MissingLink("resend"))
    );
    // Not every link that may be a list is one.
    let one = push(|answer| answer["_links"]["resend"] = answer["_links"]["resend"][0].clone());
    assert_eq!(one.deliveries().len(), 1);
}

#[test]
fn a_state_token_goes_nowhere_but_to_the_org() {
    for href in [
        "https://evil.example/api/v1/authn",
        "http://acme.okta.com/api/v1/authn",
        "https://acme.okta.com:8443/api/v1/authn",
        "https://x@acme.okta.com/api/v1/authn",
        "/api/v1/authn",
        "javascript:alert(1)",
        "",
    ] {
        for relation in ["next", "prev", "cancel"] {
            let state = push(|answer| answer["_links"][relation]["href"] = json!(href));
            let post = match relation {
                "next" => state.poll().ok(),
                "prev" => state.previous().ok(),
                _ => state.cancel(),
            };
            assert_eq!(post, None, "{relation} {href}");
        }
    }
}

#[test]
fn several_security_keys_are_one_question() {
    let answer: Value = serde_json::from_slice(WEBAUTHN).unwrap();
    let state = challenge(&answer);
    let FactorInput::WebAuthn(asked) = state.input() else {
        panic!("{:?}", state.input());
    };
    assert_eq!(asked.credential_ids, ["a2V5LTE", "a2V5LTI"]);
    assert_eq!(asked.challenge, "Y2hhbGxlbmdl");
    assert_eq!(asked.app_id.as_deref(), Some("https://acme.okta.com"));
    let signed = CheckedAssertion {
        client_data: b"{}".to_vec(),
        authenticator_data: vec![0xfb, 0xff],
        signature: vec![1],
    };
    let (_, body) = told(&state.sign(&signed).unwrap());
    assert_eq!(
        body,
        json!({ "stateToken": STATE, "clientData": "e30=", "authenticatorData": "+/8=", "signatureData": "AQ==" })
    );
    assert_eq!(push(|_| {}).sign(&signed), Err(AuthnError::WrongAnswer));
}

#[test]
fn another_identity_provider_is_a_page_to_open() {
    let state = push(|answer| {
        answer["_embedded"]["factor"]["factorType"] = json!("claims_provider");
        answer["_links"]["next"] =
            json!({"name": "redirect", "href": "https://acme.okta.com/sso/idps/x"});
    });
    let url = "https://acme.okta.com/sso/idps/x".to_owned();
    assert_eq!(state.input(), FactorInput::External { url });
}

#[test]
fn success_has_a_session_token_or_a_way_back_or_neither() {
    let success = |body: &[u8]| match received(body) {
        Ok(Transaction::Success(success)) => success,
        other => panic!("{other:?}"),
    };
    let signed_in = success(SUCCESS);
    let token = signed_in.session_token.unwrap();
    assert_eq!(token.expose(), "20111EXAMPLEsession_token");
    assert!(signed_in.expires_at.is_some() && signed_in.return_url.is_none());

    let stepped_up = success(STEP_UP);
    assert!(stepped_up.session_token.is_none());
    let original = stepped_up.return_url.unwrap();
    assert_eq!(original.0.path(), "/login/step-up/redirect");
    assert_eq!(format!("{original:?}"), "ReturnUrl");

    let foreign =
        String::from_utf8_lossy(STEP_UP).replace("acme.okta.com/login", "evil.example/login");
    let refused = received(foreign.as_bytes()).unwrap_err();
    assert_eq!(refused, AuthnError::ForeignLink("evil.example".to_owned()));
    assert_eq!(success(br#"{"status":"SUCCESS"}"#), Success::default());
}

#[test]
fn a_password_that_ends_soon_may_be_kept_for_now() {
    let Transaction::PasswordWarn(state) = received(WARN).unwrap() else {
        panic!();
    };
    assert_eq!((state.days_left, &state.elsewhere), (Some(0), &None));
    assert_eq!(told(&state.skip().unwrap()).0, "/api/v1/authn/skip");
    let custom = String::from_utf8_lossy(WARN)
        .replace("PASSWORD_WARN", "PASSWORD_EXPIRED")
        .replace(
            "https://acme.okta.com/api/v1/authn/credentials/change_password",
            "https://pw.acme.com/",
        );
    let Transaction::PasswordExpired(state) = received(custom.as_bytes()).unwrap() else {
        panic!();
    };
    assert_eq!(state.elsewhere.as_deref(), Some("https://pw.acme.com/"));
}
