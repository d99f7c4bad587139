use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;
use crate::model::{Org, Timestamp};
use crate::report::Report;
use crate::secret::Secret;

mod refusals;

fn org() -> Org {
    Org::parse("acme.okta.com").unwrap()
}

fn code(body: &Value) -> Result<DeviceCode, OauthError> {
    DeviceCode::parse(&org(), 200, "application/json", body.to_string().as_bytes())
}

fn refused(error: &str, description: &str) -> OauthError {
    let body = json!({ "error": error, "error_description": description }).to_string();
    Tokens::parse(400, "application/json", body.as_bytes()).unwrap_err()
}

#[test]
fn device_page_is_the_orgs_and_polls_wait_five_seconds() {
    let good = code(
        &json!({ "device_code": "dc", "user_code": "ABCD", "interval": 1, "expires_in": 600,
        "verification_uri": "https://acme.okta.com/activate",
        "verification_uri_complete": "https://acme.okta.com/activate?user_code=ABCD" }),
    )
    .unwrap();
    assert_eq!(good.interval, Duration::from_secs(5));
    assert_eq!(good.page.query(), Some("user_code=ABCD"));
    for page in [
        "https://evil.example/activate",
        "http://acme.okta.com/activate",
        "https://x@acme.okta.com/activate",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ] {
        let answer = json!({ "device_code": "dc", "user_code": "A", "verification_uri": page });
        assert!(code(&answer).is_err(), "{page}");
    }
}

#[test]
fn poll_outcomes_are_distinguished() {
    let poll = |error: &str| {
        let body = json!({ "error": error, "error_description": "x" }).to_string();
        PollOutcome::parse(400, "application/json", body.as_bytes())
    };
    assert!(matches!(
        poll("authorization_pending"),
        Ok(PollOutcome::Pending)
    ));
    assert!(matches!(poll("slow_down"), Ok(PollOutcome::SlowDown)));
    for (error, name) in [
        ("expired_token", "okta.oauth.code_expired"),
        ("access_denied", "okta.oauth.denied"),
        ("invalid_client", "okta.oauth.refused"),
        ("invalid_scope", "okta.oauth.scope"),
        ("use_dpop_nonce", "okta.oauth.dpop"),
    ] {
        assert_eq!(Report::from(poll(error).unwrap_err()).name(), name);
    }
}

#[test]
fn exchange_refusals_are_classified_by_message() {
    let assurance = refused(
        "invalid_grant",
        "The target app's assurance requirements are not met by the 'subject_token'.",
    );
    assert!(assurance.is_assurance() && !assurance.is_expired());
    let expired = refused(
        "invalid_grant",
        "The 'subject_token' either expired or the session associated with it was terminated.",
    );
    assert!(expired.is_expired());
    let setup = refused(
        "invalid_grant",
        "The target audience app must be configured to allow the client to request a \
         'web_sso_token'.",
    );
    assert_eq!(Report::from(setup).name(), "okta.oauth.web_sso_client");
}

#[test]
fn username_is_read_from_the_id_token() {
    let payload = URL_SAFE_NO_PAD.encode(r#"{"preferred_username":"alice@acme.com"}"#);
    for (token, name) in [
        (format!("x.{payload}.y"), Some("alice@acme.com")),
        ("x.%%%.y".into(), None),
        ("x".into(), None),
    ] {
        let body = json!({ "access_token": "a", "id_token": token }).to_string();
        let tokens = Tokens::parse(200, "application/json", body.as_bytes()).unwrap();
        assert_eq!(tokens.username().as_deref(), name);
    }
}

const RSA8: &str = include_str!("../../../tests/sandbox/keys/rsa_pkcs8.pem");
const RSA1: &str = include_str!("../../../tests/sandbox/keys/rsa_pkcs1.pem");
const EC8: &str = include_str!("../../../tests/sandbox/keys/ec_pkcs8.pem");

#[test]
fn keys_are_accepted_in_three_forms_and_on_one_line() {
    for (pem, algorithm) in [(RSA8, "RS256"), (RSA1, "RS256"), (EC8, "ES256")] {
        for text in [
            pem.to_owned(),
            pem.trim().replace('\n', "\\n"),
            pem.replace('\n', "\r\n"),
        ] {
            let key = SigningKey::parse(&Secret::new(text)).unwrap();
            let jwt = key
                .assertion("0oa1", "kid", "https://acme.okta.com/t", Timestamp(1000))
                .unwrap();
            let mut parts = jwt.expose().split('.');
            let part = |part: &str| -> Value {
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
            };
            let (header, claims) = (part(parts.next().unwrap()), part(parts.next().unwrap()));
            assert_eq!(
                header,
                json!({ "alg": algorithm, "kid": "kid", "typ": "JWT" })
            );
            assert_eq!(claims["exp"], 1300);
            assert_eq!(
                (&claims["iss"], &claims["sub"]),
                (&json!("0oa1"), &json!("0oa1"))
            );
            assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
        }
    }
}

#[test]
fn unusable_keys_are_refused() {
    let cut = RSA8.replace("MII", "AAA");
    for (pem, error) in [
        ("", KeyError::NotPem),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            KeyError::NotPrivate,
        ),
        (
            "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
            KeyError::Sec1,
        ),
        (
            "-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n\
             -----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----",
            KeyError::Sec1,
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
            KeyError::Encrypted,
        ),
        (&cut, KeyError::Unsupported),
    ] {
        let found = SigningKey::parse(&Secret::new(pem)).unwrap_err();
        assert_eq!(found, error);
    }
}
