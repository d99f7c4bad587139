//! Classic's statuses that end a sign-in, and the device token that goes with its session.

use ob::report::Exit;
use ob::wire::SignInWay;
use ob_sandbox::{Fault, FaultKind, Sandbox, Server};

use super::Reply::Code;
use super::{Person, account, sign_in};

const WAY: SignInWay = SignInWay::Terminal;

#[test]
fn terminal_statuses_are_named_and_end_the_requests() {
    for (status, more, name) in [
        ("PASSWORD_RESET", "", "okta.password_expired"),
        ("RECOVERY", "", "okta.recovery"),
        ("RECOVERY_CHALLENGE", "", "okta.recovery"),
        ("MFA_ENROLL", ENROLL, "okta.mfa_enroll"),
        ("MFA_ENROLL_ACTIVATE", "", "okta.mfa_enroll"),
        ("FACTOR_ENROLL", "", "okta.mfa_enroll"),
        ("FACTOR_ENROLL_ACTIVATE", "", "okta.mfa_enroll"),
        ("DEVICE_ACTIVATE", "", "okta.unknown_status"),
        ("CONSENT_REQUIRED", "", "okta.unknown_status"),
        ("ADMIN_CONSENT_REQUIRED", "", "okta.unknown_status"),
        ("PROFILE_REQUIRED", "", "okta.unknown_status"),
        ("POLLING", "", "okta.unknown_status"),
        ("UNAUTHENTICATED_IDX", "", "okta.unknown_status"),
        ("UNAUTHENTICATED", "", "okta.unexpected_status"),
        ("SOMETHING_NEW", "", "okta.unknown_status"),
    ] {
        let sandbox = Sandbox::start();
        let body = format!(r#"{{"stateToken":"00x","status":"{status}"{more}}}"#);
        sandbox.fault(Fault::org(
            "/api/v1/authn",
            FaultKind::Status {
                code: 200,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: body.into_bytes(),
            },
        ));
        let person = Person::new(&sandbox, "bob", &[]);
        let report = sign_in(&account(&sandbox, "bob", WAY, None), &person).unwrap_err();
        assert_eq!(report.name(), name, "{status}: {report:?}");
        assert_eq!(report.exit, Exit::Refused);
        let log = sandbox.requests(Server::Org, "/api/v1/authn");
        assert_eq!(log.len(), 1, "{status}");
        if name == "okta.unknown_status" {
            assert!(report.causes.iter().any(|cause| cause.contains(status)));
        }
        if !more.is_empty() {
            let offers = "Okta offers: push (required), totp";
            assert!(report.causes.contains(&offers.to_owned()), "{report:?}");
        }
    }
}

const ENROLL: &str = r#","_embedded":{"factors":[
    {"factorType":"token:software:totp","provider":"OKTA","enrollment":"OPTIONAL"},
    {"factorType":"push","provider":"OKTA","enrollment":"REQUIRED"}]}"#;

#[test]
fn device_token_lives_as_long_as_its_session() {
    let sandbox = Sandbox::start();
    let bob = sandbox.user("bob");
    let user_account = account(&sandbox, "bob", WAY, None);
    let tokens = || -> Vec<Option<String>> {
        let log = sandbox.requests(Server::Org, "/");
        let token = |cookies: &str| {
            let mut pairs = cookies.split("; ");
            pairs.find_map(|pair| pair.strip_prefix("DT=").map(str::to_owned))
        };
        log.iter()
            .map(|request| request.header("cookie").and_then(token))
            .collect()
    };
    sign_in(
        &user_account,
        &Person::new(&sandbox, "bob", &[Code(bob.totp_now())]),
    )
    .unwrap();
    let first = tokens();
    assert!(first.len() > 2 && first[0].is_none(), "{first:?}");
    assert!(first[1].is_some() && first[1..].iter().all(|token| *token == first[1]));
    // The session was dropped, and its device token with it.
    sandbox.clear_log();
    sandbox.forget_used_codes();
    sign_in(
        &user_account,
        &Person::new(&sandbox, "bob", &[Code(bob.totp_now())]),
    )
    .unwrap();
    let second = tokens();
    assert!(second[0].is_none() && second[1].is_some() && second[1] != first[1]);
}
