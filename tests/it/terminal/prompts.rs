//! From a hostile org through the real agent to the screen.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use ob::model::Timestamp;
use ob::okta::webauthn::encode_base64url;
use ob::report::{ErrorCode, Exit, Report};
use ob::secret::Secret;
use ob::wire::{
    Ask, FromAgent, IssuedCredentials, KeyChallenge, Notice, PinUse, Reply, RoleEntry, SecretText,
};
use ob_sandbox::{AwsApp, Fault, FaultKind, Plugged, Touch};

use super::fake_agent::FakeAgent;
use super::judge;
use crate::support::{Pty, TestEnv, run};

/// Mallory's phone, apps and name are hostile: everything shown while she signs in and asks for a
/// role.
/// for a role.
#[test]
fn a_hostile_org_is_inert_from_the_menu_to_the_error() {
    let env = TestEnv::of("mallory");
    let settings = env.minimal_settings().replace("factor = \"totp\"\n", "");
    env.write_settings(&settings);
    let mut pty = Pty::spawn(&env.ob(["login"]));
    let mut seen = pty.until("Password");
    pty.send(&format!("{}\n", env.user().password));
    seen += &pty.until("phone ");
    // Down to the push, and through it.
    pty.send("\u{1b}[B");
    pty.send("\r");
    seen += &pty.wait().1;
    judge("mallory signs in", &seen, false);
    assert!(
        seen.contains("sent a push") && seen.contains("signed in"),
        "{seen:?}"
    );

    // One of the roles has such a name too, which is no valid role name.
    for words in [
        &["roles"][..],
        &["roles", "--json"],
        &["exec", "--", "true"],
    ] {
        let refused = run(&mut env.ob(words), "");
        assert!(refused.stdout.is_empty() && !refused.status.success());
        let stderr = &refused.stderr;
        assert!(stderr.contains("cannot open AWS production"), "{stderr}");
        judge(&format!("mallory, {words:?}"), stderr, false);
    }
}

/// The code to confirm in a browser is the org's text.
#[test]
fn the_code_for_the_browser_is_inert() {
    let env = TestEnv::new();
    env.write_settings(&format!(
        "browser_command = [\"/bin/true\"]\n{}",
        env.minimal_settings()
    ));
    for (attack, _) in super::ATTACKS {
        let ask = FromAgent::Ask(Ask::OpenPage {
            page: env.sandbox.org_url() + "/activate",
            code: super::hostile(attack),
            minutes: 5,
        });
        let over = Report::new(ErrorCode::OktaSessionOver, "over").hint("`ob login`");
        let agent = FakeAgent::new(&env, vec![ask, FromAgent::Reply(Reply::Failed(over))]);
        let (_, seen) = Pty::spawn(&env.ob(["login"])).wait();
        drop(agent);
        judge(&format!("code × {attack}"), &seen, true);
    }
}

/// The client checks an address before it opens it.
#[test]
fn a_page_of_another_host_is_not_opened_whoever_names_it() {
    let env = TestEnv::new();
    let program = env.write("bin/browser", "#!/bin/sh\ntouch \"$0.ran\"\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    env.write_settings(&format!(
        "browser_command = [\"{}\"]\n{}",
        program.display(),
        env.minimal_settings()
    ));
    for page in ["https://evil.example/activate", "file:///etc/passwd"] {
        let ask = FromAgent::Ask(Ask::OpenPage {
            page: page.into(),
            code: "BCDFGHJK".into(),
            minutes: 10,
        });
        let agent = FakeAgent::new(&env, vec![ask]);
        let (status, seen) = Pty::spawn(&env.ob(["login"])).wait();
        drop(agent);
        assert_eq!(status.code(), Some(4), "{seen}");
        assert!(seen.contains("not the org's own"), "{seen}");
        assert!(!env.path("bin/browser.ran").exists());
    }
}

/// The client checks what a key is to sign before it uses one.
#[test]
fn a_key_signs_for_no_other_site_whoever_asks_for_it() {
    let env = TestEnv::of("wendy");
    let keys = Plugged::at(&env.path("keys"), env.user().keys()).unwrap();
    let org = env.sandbox.org_url();
    for (rp_id, app_id, origin) in [
        ("evil.example", None, org.as_str()),
        ("127.0.0.1", Some("https://evil.example"), &org),
        ("127.0.0.1", None, "https://evil.example"),
        ("127.0.0.1", None, "https://127.0.0.1"),
    ] {
        let ids = env.user().keys();
        let ids = ids.iter().map(|key| encode_base64url(key.credential_id()));
        let challenge = KeyChallenge {
            rp_id: rp_id.into(),
            app_id: app_id.map(str::to_owned),
            client_data: format!(r#"{{"type":"webauthn.get","origin":"{origin}"}}"#),
            credential_ids: ids.collect(),
            pin: PinUse::Preferred,
            seconds: 60,
        };
        let ask = FromAgent::Ask(Ask::SecurityKey {
            challenge,
            can_change: true,
        });
        let agent = FakeAgent::new(&env, vec![ask]);
        let mut login = env.ob(["login"]);
        login.env("OB_SECURITY_KEY", env.path("keys"));
        let (status, seen) = Pty::spawn(&login).wait();
        drop(agent);
        assert_eq!(status.code(), Some(4), "{seen}");
        assert!(seen.contains("the challenge is not for this org"), "{seen}");
    }
    assert_eq!(keys.asked(), 0);
}

/// A key that waits for a touch, and an agent that got its answer from another client.
#[test]
fn a_key_is_let_go_when_nobody_wants_its_answer_any_more() {
    let env = TestEnv::of("wendy");
    let keys = Plugged::at(&env.path("keys"), env.user().keys()).unwrap();
    keys.touch(Touch::Never);
    let origin = env.sandbox.org_url();
    let ids = env.user().keys();
    let ids = ids.iter().map(|key| encode_base64url(key.credential_id()));
    let challenge = KeyChallenge {
        rp_id: "127.0.0.1".into(),
        app_id: None,
        client_data: format!(r#"{{"type":"webauthn.get","origin":"{origin}"}}"#),
        credential_ids: ids.collect(),
        pin: PinUse::Discouraged,
        seconds: 60,
    };
    let over = Report::new(ErrorCode::OktaSessionOver, "over")
        .exit(Exit::Refused)
        .hint("`ob login`");
    let _liar = FakeAgent::new(
        &env,
        vec![
            FromAgent::Ask(Ask::SecurityKey {
                challenge,
                can_change: true,
            }),
            FromAgent::Notice(Notice::NoAnswerWanted { too_late: false }),
            FromAgent::Reply(Reply::Failed(over)),
        ],
    );
    let mut login = env.ob(["login"]);
    login.env("OB_SECURITY_KEY", env.path("keys"));
    let begun = Instant::now();
    let mut pty = Pty::spawn(&login);
    pty.until("touch the security key");
    pty.until("answered in another terminal");
    let took = begun.elapsed();
    // The challenge is valid for one minute.
    assert!(took < Duration::from_secs(40), "{took:?}");
    assert_eq!(pty.wait().0.code(), Some(4));
    assert_eq!(keys.asked(), 1);
}

/// A role that was chosen too late, or at another terminal, is not used.
#[test]
fn no_command_runs_as_a_role_of_another_terminal() {
    for term in ["xterm", "dumb"] {
        let env = TestEnv::new();
        let choice = |role: &str| RoleEntry {
            role: role.into(),
            provider: "arn:aws:iam::123456789012:saml-provider/okta".into(),
            account_name: None,
            label: None,
            app: "AWS".into(),
            alias: None,
            used: None,
        };
        let deploy = "arn:aws:iam::123456789012:role/Deploy";
        let choices = vec![
            choice("arn:aws:iam::123456789012:role/ReadOnly"),
            choice(deploy),
        ];
        let secret = || SecretText(Secret::new("x".to_owned()));
        let issued = IssuedCredentials {
            access_key_id: "ASIAX".into(),
            secret_access_key: secret(),
            session_token: secret(),
            expires_at: Timestamp(4_000_000_000),
            role: deploy.into(),
            provider: None,
            chosen: None,
        };
        let _liar = FakeAgent::new(
            &env,
            vec![
                FromAgent::Ask(Ask::Role { choices }),
                FromAgent::Notice(Notice::NoAnswerWanted { too_late: true }),
                FromAgent::Reply(Reply::Credentials(issued)),
            ],
        );
        let mut exec = env.ob(["exec", "--", "echo", "it", "ran"]);
        exec.env("TERM", term);
        let mut pty = Pty::spawn(&exec);
        pty.until("role/Deploy");
        pty.send("\r");
        let (status, seen) = pty.wait();
        assert_eq!(status.code(), Some(3), "{term}: {seen}");
        assert!(
            seen.contains("ob: a role was chosen at another terminal") && seen.contains("-r ROLE"),
            "{term}: {seen}"
        );
        assert!(!seen.contains("it ran"), "{term}: {seen}");
    }
}

/// Refusals of Okta, its pages and STS.
#[test]
fn a_refusal_in_hostile_words_is_inert() {
    let hostile = super::ATTACKS
        .map(|(name, _)| super::hostile(name))
        .concat();
    let printable: String = hostile
        .chars()
        .filter(|c| *c >= ' ' && *c != '\u{7f}')
        .collect();
    let json = serde_json::json!({
        "errorCode": "E0000004", "errorSummary": hostile, "errorId": hostile,
        "errorCauses": [{ "errorSummary": hostile }],
    });
    let status = serde_json::json!({ "status": hostile, "stateToken": "00x" });
    let page =
        format!("<html><title>acme - Error</title><h1>{hostile}</h1><p>{hostile}</p></html>");
    let xml = format!(
        "<ErrorResponse \
         xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>AccessDenied</Code><Message>{printable}</Message></Error></ErrorResponse>"
    );
    let answer = |code, kind: &str, body: String| FaultKind::Status {
        code,
        headers: vec![("Content-Type".to_owned(), kind.to_owned())],
        body: body.into_bytes(),
    };
    let json_answer = |code, body: &serde_json::Value| {
        Fault::org(
            "/api/v1/authn",
            answer(code, "application/json", body.to_string()),
        )
    };
    let led_away = FaultKind::RedirectTo("https://evil.example/\u{9b}31m".to_owned());
    let faults = [
        ("error summary", json_answer(401, &json)),
        ("status", json_answer(200, &status)),
        (
            "error page",
            Fault::org("/home/", answer(200, "text/html", page)),
        ),
        ("redirect", Fault::org("/home/", led_away)),
        (
            "STS message",
            Fault::sts("AssumeRoleWithSAML", answer(403, "text/xml", xml)),
        ),
    ];
    for (what, fault) in faults {
        let env = TestEnv::new();
        let app = env.sandbox.app_url(AwsApp::Production);
        env.write_settings(
            &env.minimal_settings()
                .replace("[aws]\n", &format!("[aws]\napp = \"{app}\"\n")),
        );
        env.sandbox.fault(fault.always());
        for json in [false, true] {
            env.sandbox.forget_used_codes();
            let mut command = env.ob(["exec"]);
            command.args(env.answer_flags());
            if json {
                command.arg("--json");
            }
            command.args(["--", "true"]);
            let ended = run(&mut command, env.answers());
            assert!(ended.stdout.is_empty(), "{what}");
            judge(what, &ended.stderr, false);
            assert!(!ended.status.success(), "{what} did no harm");
            assert!(!ended.stderr.is_empty(), "{what} was not reported");
        }
    }
}
