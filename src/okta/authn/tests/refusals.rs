//! Refusals, foreign responses and arbitrary bytes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn other_statuses_are_values() {
    let of = |status: &str| {
        let body =
            json!({ "status": status, "stateToken": STATE, "_links": {}, "_embedded": null });
        parse(body.to_string().as_bytes()).unwrap()
    };
    assert_eq!(of("LOCKED_OUT"), Transaction::LockedOut);
    assert_eq!(of("RECOVERY_CHALLENGE"), Transaction::Recovery);
    assert!(matches!(
        of("MFA_ENROLL_ACTIVATE"),
        Transaction::MfaEnroll(_)
    ));
    assert_eq!(of("UNAUTHENTICATED"), Transaction::Unauthenticated);
    assert!(matches!(of("FACTOR_REQUIRED"), Transaction::MfaRequired(_)));
    assert!(matches!(
        of("FACTOR_CHALLENGE"),
        Transaction::MfaChallenge(_)
    ));
    for status in ["POLLING", "DEVICE_ACTIVATE", "CONSENT_REQUIRED", "MFA_2030"] {
        assert_eq!(of(status), Transaction::Other(status.to_owned()));
    }
}

#[test]
fn foreign_responses_are_refused() {
    let error =
        |status, kind, body: &[u8]| Transaction::parse(&org(), status, kind, body).unwrap_err();
    let html = b"<html><body>Please accept the terms</body></html>";
    assert_eq!(
        error(200, "text/html", html),
        AuthnError::Json(JsonError::IsHtml)
    );
    assert_eq!(error(503, "text/html", html), AuthnError::HttpStatus(503));
    assert_eq!(
        error(200, "application/json", b"{"),
        AuthnError::Json(JsonError::NotJson)
    );
    assert_eq!(error(200, "application/json", b"{}"), AuthnError::NoStatus);
    assert_eq!(
        error(429, "application/json", b"{}"),
        AuthnError::HttpStatus(429)
    );
    let no_token = br#"{"status":"MFA_REQUIRED"}"#;
    assert_eq!(
        error(200, "application/json", no_token),
        AuthnError::NoStateToken
    );
    let refusal = br#"{"errorCode":"E0000004","errorSummary":"Authentication failed"}"#;
    // Some proxies turn every status into 200.
    for status in [200, 401] {
        let error = error(status, "application/json", refusal);
        let AuthnError::Refused(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(Report::from(error).name(), "okta.sign_in_refused");
    }
}

#[test]
fn reports_and_debug_hide_tokens() {
    let state = push(|answer| {
        answer["_links"]["next"]["href"] = json!("https://evil.example/?stateToken=canary");
    });
    let debug = format!("{state:?}");
    assert!(
        !debug.contains(STATE) && !debug.contains("canary"),
        "{debug}"
    );
    let finished = format!("{:?} {:?}", parse(STEP_UP), parse(SUCCESS));
    assert!(!finished.contains("EXAMPLE"), "{finished}");
    let error = state.poll().unwrap_err();
    let report = Report::from(error).render();
    assert!(
        !report.contains("canary") && report.contains("evil.example"),
        "{report}"
    );
}

proptest! {
    #[test]
    fn truncated_response_is_refused(fixture in 0..5_usize, cut in 0.0..1.0_f64) {
        let body = [MFA_REQUIRED, PUSH, WEBAUTHN, SUCCESS, WARN][fixture].trim_ascii_end();
        let cut = (body.len() as f64 * cut) as usize;
        prop_assert!(parse(&body[..cut]).is_err());
    }

    #[test]
    fn arbitrary_bytes_do_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), status in 100..600_u16
    ) {
        let _ = Transaction::parse(&org(), status, "application/json", &bytes);
    }

    #[test]
    fn unexpected_member_types_do_not_panic(member in 0..8_usize, odd in 0..6_usize) {
        let odd = [
            json!(null), json!(7), json!("x"), json!([1]), json!({}), json!({"href": []})
        ][odd].clone();
        let mut answer: Value = serde_json::from_slice(PUSH).unwrap();
        let paths = [
            "/_embedded", "/_embedded/factor", "/_embedded/factor/profile", "/_links",
            "/_links/next", "/_links/resend", "/expiresAt", "/factorResult",
        ];
        *answer.pointer_mut(paths[member]).unwrap() = odd;
        if let Ok(Transaction::MfaChallenge(state)) = parse(answer.to_string().as_bytes()) {
            let _ = (state.input(), state.can_resend(), state.handle.cancel(), state.poll());
        }
    }
}
