//! Classic's first request: the password is sent once, whatever the answer.

use ob_sandbox::{Fault, FaultKind, Server};

use super::{broken, exec, exec_messages, failed, fails, refused, status, unreachable};
use crate::support::{TestEnv, counted};

const AUTHN: &str = "/api/v1/authn";

#[test]
fn password_is_sent_once_whatever_the_answer() {
    for (case, kind, expected) in counted::<17, _>([
        (
            "json that is html",
            FaultKind::HtmlInsteadOfJson,
            broken("okta.json.is_html", "web page"),
        ),
        (
            "wrong type",
            FaultKind::WrongContentType("text/html".into()),
            broken("okta.json.is_html", ""),
        ),
        (
            "cut short",
            FaultKind::CutAfter(20),
            unreachable("http.broken_off", "broke off"),
        ),
        (
            "closed",
            FaultKind::CloseBeforeAnswer,
            unreachable("http.broken_off", ""),
        ),
        (
            "500",
            status(500, "oops"),
            unreachable("okta.authn.server_error", "500"),
        ),
        (
            "502",
            status(502, "<html>bad gateway"),
            unreachable("okta.authn.server_error", "502"),
        ),
        (
            "503",
            status(503, ""),
            unreachable("okta.authn.server_error", "503"),
        ),
        (
            "limit",
            FaultKind::RateLimited { reset_in: Some(17) },
            unreachable("okta.rate_limited", "17 s"),
        ),
        (
            "limit without a time",
            FaultKind::RateLimited { reset_in: None },
            unreachable("okta.rate_limited", "1 min"),
        ),
        (
            "limit of the past",
            FaultKind::RateLimited { reset_in: Some(-5) },
            unreachable("okta.rate_limited", "1 s"),
        ),
        (
            "oversize",
            FaultKind::ReplaceBody {
                body: vec![b' '; 300_000],
                content_type: "application/json".into(),
            },
            refused("http.too_long", "262144"),
        ),
        (
            "a number",
            FaultKind::ReplaceBody {
                body: b"7".to_vec(),
                content_type: "application/json".into(),
            },
            broken("okta.authn.no_status", ""),
        ),
        (
            "deep",
            FaultKind::ReplaceBody {
                body: b"[".repeat(100_000),
                content_type: "application/json".into(),
            },
            broken("okta.json.not_json", ""),
        ),
        (
            "unknown status",
            FaultKind::ReplaceBody {
                body: br#"{"status":"SURPRISE"}"#.to_vec(),
                content_type: "application/json".into(),
            },
            refused("okta.unknown_status", "SURPRISE"),
        ),
        (
            "empty",
            FaultKind::ReplaceBody {
                body: vec![],
                content_type: "application/json".into(),
            },
            broken("okta.json.not_json", ""),
        ),
        (
            "garbage for HTTP",
            FaultKind::Raw(b"\x15\x03\x01 nonsense\r\n\r\n".to_vec()),
            unreachable("http.broken_off", ""),
        ),
        (
            "two thousand headers",
            FaultKind::ExtraHeaders(
                (0..2000)
                    .map(|n| (format!("X-Header-{n}"), "x".into()))
                    .collect(),
            ),
            unreachable("http.broken_off", ""),
        ),
    ]) {
        let env = fails(case, Fault::org(AUTHN, kind), &expected);
        assert_eq!(env.passwords_sent(), 1, "{case}");
    }
}

#[test]
fn redirect_of_the_sign_in_is_not_followed() {
    let env = TestEnv::of("carol").configured();
    let elsewhere = env.sandbox.other_url() + "/login";
    env.sandbox
        .fault(Fault::org(AUTHN, FaultKind::RedirectTo(elsewhere)));
    failed(
        &env,
        &exec(&env),
        &broken("okta.authn.http_status", "302"),
        "redirect",
    );
    assert_eq!(env.passwords_sent(), 1);
}

#[test]
fn wrong_password_is_sent_once_and_refused() {
    let env = TestEnv::of("carol").configured();
    let mut ob = env.ob(["exec", "--json", "--password-stdin", "--", "true"]);
    ob.stdin(std::process::Stdio::piped());
    let ended = crate::support::run(ob, "canary-wrong-password\n");
    failed(
        &env,
        &ended,
        &refused("okta.sign_in_refused", ""),
        "wrong password",
    );
    assert_eq!(env.passwords_sent(), 1);
    assert!(!ended.stderr.contains("canary-wrong-password"));
}

#[test]
fn slow_answer_is_waited_for() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::org(
        AUTHN,
        FaultKind::Drip(std::time::Duration::from_millis(1)),
    ));
    super::succeeded(&env, &exec(&env), "drip");
}

#[test]
fn push_continues_after_a_lost_poll() {
    let env = TestEnv::of("dave").configured();
    env.sandbox.fault(
        Fault::org("/api/v1/authn/factors/", FaultKind::CloseBeforeAnswer)
            .after(1)
            .times(1),
    );
    let ended = exec(&env);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(
        env.sandbox
            .requests(Server::Org, "/api/v1/authn/factors/")
            .len()
            >= 3
    );
}

#[test]
fn message_when_a_portal_answers() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org(AUTHN, FaultKind::HtmlInsteadOfJson));
    insta::assert_snapshot!(exec_messages(&env), @"
    ob: cannot sign carol@acme.com in at 127.0.0.1
      cause: the answer does not come from Okta's API
      cause: the answer is a web page, not data
      hint: check the org's address with `ob config check`, and whether a proxy or a sign-in \
        page of your network answers instead
    ");
}

#[test]
fn message_when_the_password_is_wrong() {
    let env = TestEnv::of("carol").configured();
    let ended = crate::support::run(env.ob(["login", "--password-stdin"]), "wrong\n");
    insta::assert_snapshot!(super::normalized_messages(&env, &ended), @"
    ob: cannot sign carol@acme.com in at 127.0.0.1
      cause: Okta did not accept the sign-in
      cause: Authentication failed (E0000004, error id ID)
      hint: check username and password; a policy or a lockout looks the same, so sign in once \
        in a browser before you run `ob login` again
    ");
}

#[test]
fn message_when_okta_limits_the_rate() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::org(
        AUTHN,
        FaultKind::RateLimited { reset_in: Some(17) },
    ));
    insta::assert_snapshot!(exec_messages(&env), @r"
    ob: cannot sign carol@acme.com in at 127.0.0.1
      cause: cannot sign in
      cause: too many requests (HTTP 429); Okta accepts the next one in 17 s
      hint: run the same command again in 17 s
    ");
}
