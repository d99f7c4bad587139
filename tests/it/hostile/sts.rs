//! STS: throttled calls are repeated, an expired assertion is replaced once, a long duration is
//! reduced.

use ob_sandbox::{AwsApp, Fault, FaultKind, Server};

use super::{exec, exec_messages, failed, fails, passes, refused, status, succeeded, unreachable};
use crate::support::{TestEnv, counted, run};

const SAML: &str = "AssumeRoleWithSAML";

fn sts_error(code: u16, error: &str, message: &str) -> FaultKind {
    FaultKind::Status {
        code,
        headers: vec![("Content-Type".into(), "text/xml".into())],
        body: format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
             <Type>Sender</Type><Code>{error}</Code><Message>{message}</Message></Error>\
             <RequestId>r</RequestId></ErrorResponse>"
        )
        .into(),
    }
}

#[test]
fn sts_refusal_is_named_with_a_hint() {
    for (case, kind, expected) in counted::<12, _>([
        (
            "denied",
            sts_error(
                403,
                "AccessDenied",
                "Not authorized to perform sts:AssumeRoleWithSAML",
            ),
            refused("sts.access_denied", "saml-provider/okta"),
        ),
        (
            "identity",
            sts_error(400, "InvalidIdentityToken", "Response signature invalid"),
            refused("sts.invalid_identity", ""),
        ),
        (
            "rejected",
            sts_error(403, "IDPRejectedClaim", "no"),
            refused("sts.invalid_identity", ""),
        ),
        (
            "policy",
            sts_error(400, "PackedPolicyTooLarge", "too big"),
            refused("sts.policy_too_large", "--policy-arn"),
        ),
        (
            "no such policy",
            sts_error(400, "MalformedPolicyDocument", "no"),
            refused("sts.policy_malformed", "policy_arns"),
        ),
        (
            "region",
            sts_error(403, "RegionDisabledException", "STS is not activated"),
            refused("sts.region_disabled", ""),
        ),
        (
            "html",
            FaultKind::HtmlInsteadOfJson,
            refused("sts.not_sts", ""),
        ),
        (
            "cut",
            FaultKind::CutAfter(100),
            unreachable("http.broken_off", ""),
        ),
        ("500", status(500, ""), unreachable("sts.server", "")),
        (
            "oversize",
            FaultKind::ReplaceBody {
                body: vec![b' '; 100_000],
                content_type: "text/xml".into(),
            },
            refused("http.too_long", "65536"),
        ),
        (
            "redirect",
            FaultKind::RedirectTo("https://127.0.0.1:1/".into()),
            refused("sts.not_sts", ""),
        ),
        (
            "expired credentials",
            FaultKind::ReplaceBody {
                body: b"<x/>".to_vec(),
                content_type: "text/xml".into(),
            },
            refused("sts.not_sts", ""),
        ),
    ]) {
        fails(case, Fault::sts(SAML, kind).always(), &expected);
    }
}

#[test]
fn throttled_call_is_repeated_and_then_named() {
    let env = passes(
        "twice",
        Fault::sts(SAML, FaultKind::RateLimited { reset_in: None }).times(2),
    );
    assert_eq!(env.sandbox.sts_calls(SAML).len(), 3);
    let env = fails(
        "for good",
        Fault::sts(SAML, FaultKind::RateLimited { reset_in: None }).always(),
        &unreachable("sts.throttled", ""),
    );
    assert_eq!(env.sandbox.sts_calls(SAML).len(), 3);
}

#[test]
fn expired_assertion_is_replaced_once() {
    let expired = || {
        sts_error(
            400,
            "ExpiredTokenException",
            "Token must be redeemed within 5 minutes of issuance",
        )
    };
    let env = passes("once", Fault::sts(SAML, expired()));
    let calls = env.sandbox.sts_calls(SAML);
    assert_eq!(calls.len(), 2);
    assert_ne!(
        calls[0].form("SAMLAssertion"),
        calls[1].form("SAMLAssertion")
    );
    let env = fails(
        "for good",
        Fault::sts(SAML, expired()).always(),
        &refused("sts.assertion_expired", ""),
    );
    assert_eq!(env.sandbox.sts_calls(SAML).len(), 2);
}

#[test]
fn long_duration_is_reduced_reported_and_remembered() {
    let env = TestEnv::of("alice").configured();
    env.sign_in();
    let role = "arn:aws:iam::123456789012:role/Deploy";
    let exec = |region| {
        run(
            env.ob([
                "exec",
                "-r",
                role,
                "--duration",
                "12h",
                "--region",
                region,
                "--",
                "true",
            ]),
            "",
        )
    };
    let first = exec("eu-west-1");
    assert_eq!(first.code(), Some(0), "{}", first.stderr);
    assert!(
        first.stderr.contains("grants 1h at most"),
        "{}",
        first.stderr
    );
    let tried = env.sandbox.sts_calls(SAML).len();
    assert!(tried > 1);
    let second = exec("us-east-1");
    assert_eq!((second.code(), &*second.messages()), (Some(0), ""));
    assert_eq!(env.sandbox.sts_calls(SAML).len(), tried + 1);
}

#[test]
fn refused_connection_names_the_host() {
    let env = TestEnv::of("carol").configured();
    let settings = env
        .full_settings()
        .replace(&env.sandbox.sts_url(), "https://127.0.0.1:1");
    env.write_settings(&settings);
    failed(
        &env,
        &exec(&env),
        &unreachable("http.connect", "127.0.0.1"),
        "no STS",
    );
    assert_eq!(env.passwords_sent(), 1);
}

#[test]
fn ungranted_role_is_refused_without_asking_sts() {
    let env = TestEnv::of("carol").configured();
    let ended = env.answered(&[
        "exec",
        "--json",
        "-r",
        "arn:aws:iam::123456789012:role/Admin",
        "--",
        "true",
    ]);
    failed(
        &env,
        &ended,
        &refused("saml.no_such_role", "ReadOnly"),
        "not granted",
    );
    assert!(
        env.sandbox
            .requests(Server::Sts, "/")
            .iter()
            .all(|call| call.method == "HEAD")
    );
}

#[test]
fn message_when_sts_refuses() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.grant(
        "carol",
        AwsApp::Production,
        "arn:aws:iam::123456789012:saml-provider/okta",
        "arn:aws:iam::123456789012:role/Gone",
    );
    let settings = env.full_settings().replace("role/Engineer", "role/Gone");
    env.write_settings(&settings);
    insta::assert_snapshot!(exec_messages(&env), @"
    ob: cannot assume arn:aws:iam::123456789012:role/Gone
      cause: STS answered AccessDenied: Not authorized to perform sts:AssumeRoleWithSAML
      hint: the role's trust policy must allow arn:aws:iam::123456789012:saml-provider/okta (names \
        are case-sensitive)
      hint: `ob roles` shows the roles you were granted
    ");
}

#[test]
fn message_when_sts_throttles() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::sts(SAML, FaultKind::RateLimited { reset_in: None }).always());
    insta::assert_snapshot!(exec_messages(&env), @r"
    ob: cannot assume arn:aws:iam::123456789012:role/Engineer
      cause: STS answered Throttling: Rate exceeded
      hint: wait a moment, then run the same command again
    ");
}

#[test]
fn session_outlives_a_refusal_by_sts() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::sts(SAML, sts_error(403, "AccessDenied", "no")));
    assert_eq!(exec(&env).error(), "sts.access_denied");
    env.sandbox
        .fault(Fault::sts(SAML, sts_error(403, "AccessDenied", "no")));
    run(env.ob(["config", "aws"]), "");
    let switched = run(env.ob(["use", "--shell", "bash", "dev"]), "");
    assert_eq!(switched.code(), Some(0), "{}", switched.stderr);
    assert!(
        switched
            .stderr
            .contains("no credentials for it: cannot assume")
            && switched.stderr.contains("`ob exec dev -- true` says more"),
        "{}",
        switched.stderr
    );
    let mut words = vec!["exec", "--json"];
    words.extend(super::COMMAND);
    succeeded(&env, &run(env.ob(&words), ""), "again");
}
