//! The device grant: a code confirmed at a browser, tokens exchanged for the app's page.

use ob::report::Exit;
use ob::wire::SignInWay;
use ob_sandbox::{AwsApp, DeviceOutcome, DeviceScript, Fault, FaultKind, Options, Sandbox, Server};

use super::{Forgetful, Person, account, credentials, sign_in, target};

const WAY: SignInWay = SignInWay::Browser;
const USER_INFO: &str = "/oauth2/v1/userinfo";

#[test]
fn browser_sign_in_opens_every_app() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Labs).remove(0);
    let target = target(&sandbox, account(&sandbox, "alice", WAY, None), Some(&role));
    credentials(&sandbox, &target, &person, 2).unwrap();
    assert_eq!(person.times_asked("the password"), 0);
    // Both apps are searched for the role, then the app that has it is opened.
    assert_eq!(sandbox.requests(Server::Org, "/login/token/sso").len(), 3);
    assert!(
        sandbox
            .requests(Server::Org, "/login/token/sso")
            .iter()
            .all(|r| r.query.is_empty())
    );
    assert_eq!(sandbox.requests(Server::Org, "/oauth2/v1/revoke").len(), 1);
}

#[test]
fn known_app_takes_no_request_beyond_the_exchange() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let mut target = target(&sandbox, account(&sandbox, "alice", WAY, None), Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    credentials(&sandbox, &target, &person, 1).unwrap();
    let log = sandbox.requests(Server::Org, "/");
    let paths: Vec<&str> = log.iter().map(|request| request.path.as_str()).collect();
    let token = "/oauth2/v1/token";
    assert_eq!(
        paths,
        [
            "/oauth2/v1/device/authorize",
            token,
            token,
            token,
            "/login/token/sso",
            "/oauth2/v1/revoke"
        ]
    );
}

#[test]
fn polls_keep_the_interval_and_slow_down_on_request() {
    let sandbox = Sandbox::start();
    sandbox.device(DeviceScript {
        slow_down: true,
        waits: 3,
        ..DeviceScript::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap();
    // Five seconds once, then ten: a poll too early would have made it fifteen.
    assert_eq!(person.waited.get().as_secs(), 5 + 3 * 10);
}

#[test]
fn each_end_without_tokens_is_named() {
    for (outcome, name, exit) in [
        (DeviceOutcome::Deny, "okta.oauth.denied", Exit::Refused),
        (
            DeviceOutcome::Expire,
            "okta.oauth.code_expired",
            Exit::SignIn,
        ),
        (
            DeviceOutcome::WhenVisited,
            "okta.oauth.code_expired",
            Exit::SignIn,
        ),
    ] {
        let sandbox = Sandbox::start();
        sandbox.device(DeviceScript {
            outcome,
            ..DeviceScript::default()
        });
        let person = Person::new(&sandbox, "alice", &[]);
        let report = sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap_err();
        assert_eq!((report.name(), report.exit), (name, exit));
        assert!(person.waited.get().as_secs() <= 600);
    }
    let sandbox = Sandbox::start();
    let mut user_account = account(&sandbox, "alice", WAY, None);
    user_account.client_id = Some("0oa1nobody".into());
    let report = sign_in(&user_account, &Person::new(&sandbox, "alice", &[])).unwrap_err();
    assert_eq!(report.name(), "okta.oauth.refused");
    assert!(report.hints[0].contains("client_id"));
}

#[test]
fn without_a_browser_it_ends_at_once_by_name() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]).without_browser();
    let report = sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap_err();
    assert_eq!(report.exit, Exit::SignIn);
    assert!(
        report
            .causes
            .iter()
            .any(|cause| cause.contains("a person at a browser"))
    );
    assert!(sandbox.requests(Server::Org, "/oauth2/v1/token").is_empty());
}

#[test]
fn another_user_at_the_browser_is_refused() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "bob", &[]);
    let report = sign_in(&account(&sandbox, "bob", WAY, None), &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.another_user");
    assert_eq!(sandbox.live(), (0, 0), "its tokens are revoked");
}

#[test]
fn token_without_a_user_is_refused_and_revoked() {
    for user in [Some("alice"), Some("bob"), None] {
        let sandbox = Sandbox::with(Options {
            id_token_has_username: false,
            user_info_names_the_user: false,
            ..Options::default()
        });
        let person = Person::new(&sandbox, "alice", &[]);
        let mut user_account = account(&sandbox, user.unwrap_or("alice"), WAY, None);
        user_account.username = user_account.username.filter(|_| user.is_some());
        let report = sign_in(&user_account, &person).unwrap_err();
        assert_eq!(report.name(), "sign_in.nameless", "{user:?}");
        assert_eq!(report.exit, Exit::Refused);
        assert!(report.hints[0].contains("profile"), "{report:?}");
        assert_eq!(sandbox.live(), (0, 0), "{user:?}");
    }
}

#[test]
fn userinfo_is_asked_only_if_the_id_token_names_no_user() {
    for named in [true, false] {
        let sandbox = Sandbox::with(Options {
            id_token_has_username: named,
            ..Options::default()
        });
        let person = Person::new(&sandbox, "alice", &[]);
        let mut user_account = account(&sandbox, "alice", WAY, None);
        user_account.username = None;
        let session = sign_in(&user_account, &person).unwrap();
        assert_eq!(session.username(), sandbox.user("alice").login);
        let asked = sandbox.requests(Server::Org, USER_INFO).len();
        assert_eq!(asked, usize::from(!named));
        // The userinfo answer must name the configured user, as the token must.
        let user_account = account(&sandbox, "bob", WAY, None);
        let report = sign_in(&user_account, &Person::new(&sandbox, "bob", &[])).unwrap_err();
        assert_eq!(report.name(), "sign_in.another_user");
    }
}

#[test]
fn invalid_userinfo_answer_names_no_user() {
    let body = |body: &str| FaultKind::ReplaceBody {
        body: body.into(),
        content_type: "application/json".into(),
    };
    for kind in [
        body(r#"{"sub":"00u2","preferred_username":"alice@acme.com"}"#),
        body(r#"{"preferred_username":"alice@acme.com"}"#),
        body("<html>"),
        FaultKind::Status {
            code: 403,
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: br#"{"sub":"00u1","preferred_username":"alice@acme.com"}"#.to_vec(),
        },
    ] {
        let sandbox = Sandbox::with(Options {
            id_token_has_username: false,
            ..Options::default()
        });
        sandbox.fault(Fault::org(USER_INFO, kind).always());
        let user_account = account(&sandbox, "alice", WAY, None);
        let report = sign_in(&user_account, &Person::new(&sandbox, "alice", &[])).unwrap_err();
        assert_eq!(report.name(), "sign_in.nameless", "{report:?}");
        assert_eq!(sandbox.live(), (0, 0), "its tokens are revoked");
    }
}

#[test]
fn without_a_username_the_browser_user_is_taken() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let mut user_account = account(&sandbox, "alice", WAY, None);
    user_account.username = None;
    let session = sign_in(&user_account, &person).unwrap();
    assert_eq!(session.username(), sandbox.user("alice").login);
}

#[test]
fn assurance_error_names_the_policy_or_asks_for_sign_in() {
    let sandbox = Sandbox::with(Options {
        web_sso_assurance: 1,
        ..Options::default()
    });
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let mut target = target(&sandbox, account(&sandbox, "alice", WAY, None), Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    let person = Person::new(&sandbox, "alice", &[]);
    let report = credentials(&sandbox, &target, &person, 1).unwrap_err();
    assert_eq!(report.name(), "okta.oauth.assurance");
    assert!(report.hints[0].contains("policy"));

    let outcome = super::run(async {
        use ob::flow;
        let session = flow::sign_in(&target.account, super::start(), &person)
            .await
            .unwrap();
        sandbox.advance_clock(300);
        let memory = Forgetful(&sandbox);
        flow::obtain_credentials(&session, &target, None, &memory, &person)
            .await
            .unwrap_err()
    });
    assert!(
        matches!(outcome, ob::flow::Failure::NewerSignIn(_)),
        "{outcome:?}"
    );
}

#[test]
fn expired_tokens_ask_for_a_new_sign_in() {
    let sandbox = Sandbox::start();
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let mut target = target(&sandbox, account(&sandbox, "alice", WAY, None), Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    let person = Person::new(&sandbox, "alice", &[]);
    let outcome = super::run(async {
        use ob::flow;
        let session = flow::sign_in(&target.account, super::start(), &person)
            .await
            .unwrap();
        sandbox.end_sessions();
        let memory = Forgetful(&sandbox);
        flow::obtain_credentials(&session, &target, None, &memory, &person)
            .await
            .unwrap_err()
    });
    assert!(
        matches!(outcome, ob::flow::Failure::SessionEnded),
        "{outcome:?}"
    );
}

#[test]
fn program_opens_the_page_with_the_browser_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::start();
    sandbox.device(DeviceScript {
        waits: 0,
        ..DeviceScript::default()
    });
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("ca.pem"), sandbox.ca_pem()).unwrap();
    let opened = path("opened").display().to_string();
    std::fs::write(
        path("browser"),
        format!("#!/bin/sh\nprintf '%s|' \"$@\" > {opened}\n"),
    )
    .unwrap();
    std::fs::set_permissions(path("browser"), std::fs::Permissions::from_mode(0o700)).unwrap();
    let settings = format!(
        "browser_command = [\"{}\", \"--private-window\"]\n[org]\nurl = \"{}\"\n\
         sign_in = \"browser\"\nclient_id = \"{}\"\nca_bundle = \"{}\"\n\
         [aws]\nregion = \"eu-west-1\"\nsts_endpoint = \"{}\"\n",
        path("browser").display(),
        sandbox.org_url(),
        sandbox.clients().0,
        path("ca.pem").display(),
        sandbox.sts_url(),
    );
    std::fs::write(path("config.toml"), settings).unwrap();
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ob"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .arg("--config")
        .arg(path("config.toml"))
        .args(["--no-agent", "exec", "-r", &role, "--", "/bin/echo", "done"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "done\n",
        "{stderr}"
    );
    let opened = std::fs::read_to_string(path("opened")).unwrap();
    let expected = format!("--private-window|{}/activate?user_code=", sandbox.org_url());
    assert!(opened.starts_with(&expected), "{opened}");
    assert!(stderr.contains("/activate?user_code="), "{stderr}");
}
