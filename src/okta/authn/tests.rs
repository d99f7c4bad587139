//! Sign-ins against responses in Okta's words.

mod refusals;

use serde_json::{Value, json};

use super::*;
use crate::model::{Org, Timestamp};
use crate::okta::webauthn::CheckedAssertion;
use crate::okta::{JsonError, Post};
use crate::report::Report;
use crate::secret::Secret;

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

fn parse(body: &[u8]) -> Result<Transaction, AuthnError> {
    Transaction::parse(&org(), 200, "application/json;charset=UTF-8", body)
}

fn required() -> MfaRequired {
    match parse(MFA_REQUIRED).unwrap() {
        Transaction::MfaRequired(state) => state,
        other => panic!("{other:?}"),
    }
}

fn challenge(answer: &Value) -> MfaChallenge {
    match parse(answer.to_string().as_bytes()).unwrap() {
        Transaction::MfaChallenge(state) => *state,
        other => panic!("{other:?}"),
    }
}

/// Parses the push fixture after `change`.
fn push(change: impl FnOnce(&mut Value)) -> MfaChallenge {
    let mut answer: Value = serde_json::from_slice(PUSH).unwrap();
    change(&mut answer);
    challenge(&answer)
}

/// Returns path and body of a request.
fn request(post: &Post) -> (String, Value) {
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
fn start_sends_username_and_password() {
    let post = start(&org(), "alice@acme.com", &Secret::new("p\"w\n"));
    let (path, body) = request(&post);
    assert_eq!(path, "/api/v1/authn");
    assert_eq!(body["username"], "alice@acme.com");
    assert_eq!(body["password"], "p\"w\n");
    assert!(!format!("{post:?}").contains("p\\\"w"));
    let resumed = resume(&org(), &Secret::new(STATE));
    assert_eq!(request(&resumed).1, json!({ "stateToken": STATE }));
}

#[test]
fn factors_are_listed_with_kind_and_label() {
    let state = required();
    let listed: Vec<_> = state
        .factors
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
    let challenge = push(|_| {});
    assert_eq!(
        challenge.handle.expires_at,
        Timestamp::from_rfc3339("2026-11-22T01:07:55Z")
    );
}

#[test]
fn typed_input_is_sent_in_one_request() {
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
        let selected = required().select(index).unwrap();
        assert_eq!(selected.factor.input(), need);
        let (path, body) = request(&selected.answer(&answer).unwrap());
        assert!(path.ends_with("/verify?rememberDevice=true"), "{path}");
        assert_eq!(body, json!({ "stateToken": STATE, member: "123456" }));
    }
}

#[test]
fn push_and_sms_begin_without_input() {
    for index in [0, 3] {
        let selected = required().select(index).unwrap();
        assert_eq!(selected.factor.input(), FactorInput::Nothing);
        let (path, body) = request(&selected.begin().unwrap());
        assert!(path.ends_with("/verify?rememberDevice=true"), "{path}");
        assert_eq!(body, json!({ "stateToken": STATE }));
        let refused = required().select(index).unwrap().answer(&Secret::new("1"));
        assert_eq!(refused, Err(AuthnError::WrongAnswer));
    }
}

#[test]
fn unusable_factors_cannot_be_selected() {
    let refused = |index| required().select(index).unwrap_err();
    assert_eq!(
        refused(5),
        AuthnError::FactorUnusable("iris_scan".to_owned())
    );
    assert_eq!(refused(7), AuthnError::NoSuchFactor(7));
    let foreign = required().select(6).unwrap().answer(&Secret::new("otp"));
    assert_eq!(
        foreign,
        Err(AuthnError::ForeignLink(
            "acme.okta.com.example.net".to_owned()
        ))
    );
}

#[test]
fn push_is_polled_and_its_number_may_be_zero() {
    let state = push(|_| {});
    assert_eq!(
        (state.number.as_deref(), state.is_polling()),
        (Some("0"), true)
    );
    assert_eq!(state.result, Some(FactorResult::Waiting));
    assert_eq!(state.input(), FactorInput::Nothing);
    let cancel = state.handle.cancel().unwrap();
    assert_eq!(
        request(&cancel),
        (
            "/api/v1/authn/cancel".to_owned(),
            json!({ "stateToken": STATE })
        )
    );
    let (path, body) = request(&state.poll().unwrap());
    assert_eq!(
        path,
        "/api/v1/authn/factors/opfEXAMPLE/verify?rememberDevice=true"
    );
    let not_allowed = push(|answer| answer["_embedded"]["policy"] = json!(null));
    assert_eq!(not_allowed.poll().unwrap().url.query(), None);
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
        assert_eq!(state.number.as_deref(), expected);
    }
}

#[test]
fn rejected_push_is_not_polled_but_can_restart() {
    let rejected = |name: &str| {
        push(|answer| {
            answer["factorResult"] = json!(name);
            answer["_links"]["next"]["name"] = json!("verify");
        })
    };
    assert_eq!(rejected("REJECTED").result, Some(FactorResult::Rejected));
    assert_eq!(
        rejected("TIMEOUT").poll(),
        Err(AuthnError::MissingLink("poll"))
    );
    assert!(rejected("TIMEOUT").restart().is_ok());
    let unknown = rejected("MELTED");
    let expected = FactorResult::Unknown("MELTED".to_owned());
    assert_eq!(unknown.result, Some(expected));
}

#[test]
fn challenge_offers_previous_and_resend() {
    assert_eq!(
        request(&push(|_| {}).previous().unwrap()).0,
        "/api/v1/authn/previous"
    );
    let state = push(|_| {});
    assert!(state.can_resend());
    assert!(request(&state.resend().unwrap()).0.ends_with("/resend"));
    let none = push(|answer| answer["_links"]["resend"] = json!([]));
    assert!(!none.can_resend());
    assert_eq!(none.resend(), Err(AuthnError::MissingLink("resend")));
    // A relation with one link may be no list.
    let one = push(|answer| answer["_links"]["resend"] = answer["_links"]["resend"][0].clone());
    assert!(one.can_resend());
}

#[test]
fn state_token_is_sent_to_the_org_only() {
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
                _ => state.handle.cancel(),
            };
            assert_eq!(post, None, "{relation} {href}");
        }
    }
}

#[test]
fn several_security_keys_share_one_challenge() {
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
    let (_, body) = request(&state.sign(&signed).unwrap());
    assert_eq!(
        body,
        json!({
            "stateToken": STATE, "clientData": "e30=", "authenticatorData": "+/8=",
            "signatureData": "AQ=="
        })
    );
    assert_eq!(push(|_| {}).sign(&signed), Err(AuthnError::WrongAnswer));
}

#[test]
fn other_identity_provider_is_a_page_to_open() {
    let state = push(|answer| {
        answer["_embedded"]["factor"]["factorType"] = json!("claims_provider");
        answer["_links"]["next"] =
            json!({"name": "redirect", "href": "https://acme.okta.com/sso/idps/x"});
    });
    let url = "https://acme.okta.com/sso/idps/x".to_owned();
    assert_eq!(state.input(), FactorInput::External { url });
}

#[test]
fn success_has_session_token_or_return_url_or_neither() {
    let success = |body: &[u8]| match parse(body) {
        Ok(Transaction::Success(success)) => success,
        other => panic!("{other:?}"),
    };
    let signed_in = success(SUCCESS);
    let token = signed_in.session_token.unwrap();
    assert_eq!(token.expose(), "20111EXAMPLEsession_token");
    assert!(signed_in.expires_at.is_some() && signed_in.return_url.is_none());

    let stepped_up = success(STEP_UP);
    assert!(stepped_up.session_token.is_none());
    let return_url = stepped_up.return_url.unwrap();
    assert_eq!(return_url.0.path(), "/login/step-up/redirect");
    assert_eq!(format!("{return_url:?}"), "ReturnUrl");

    let foreign =
        String::from_utf8_lossy(STEP_UP).replace("acme.okta.com/login", "evil.example/login");
    let refused = parse(foreign.as_bytes()).unwrap_err();
    assert_eq!(refused, AuthnError::ForeignLink("evil.example".to_owned()));
    assert_eq!(success(br#"{"status":"SUCCESS"}"#), Success::default());
}

#[test]
fn expiring_password_may_be_kept() {
    let Transaction::PasswordWarn(state) = parse(WARN).unwrap() else {
        panic!();
    };
    assert_eq!((state.days_left, &state.custom_url), (Some(0), &None));
    assert_eq!(request(&state.skip().unwrap()).0, "/api/v1/authn/skip");
    let custom = String::from_utf8_lossy(WARN)
        .replace("PASSWORD_WARN", "PASSWORD_EXPIRED")
        .replace(
            "https://acme.okta.com/api/v1/authn/credentials/change_password",
            "https://pw.acme.com/",
        );
    let Transaction::PasswordExpired(state) = parse(custom.as_bytes()).unwrap() else {
        panic!();
    };
    assert_eq!(state.custom_url.as_deref(), Some("https://pw.acme.com/"));
}
