//! Browser sign-in through the program and its agent: what one session serves, how long it lasts,
//! and what is reported when it is over.

use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Pipeline, Server};

use crate::agent::{sign_in_at_a_browser, start_agent};
use crate::support::{Finished, Pty, SOON, TestEnv, holds_within, run};

fn with_trust(options: Options) -> Options {
    Options {
        pipeline: Pipeline::Idx,
        interclient_trust: true,
        ..options
    }
}

/// An environment whose user signs in at a browser; every app is found by its tile and the VPN by
/// its address.
fn browser_env(user: &str, options: Options) -> TestEnv {
    let env = TestEnv::with(user, with_trust(options)).configured();
    let settings = env.browser_settings() + &env.vpn_table();
    let app = settings.lines().find(|line| line.starts_with("app ="));
    let app = app.unwrap().to_owned();
    env.write_settings(&settings.replacen(&app, "", 1));
    env
}

fn succeeded(ended: Finished) -> Finished {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    ended
}

fn device_grants(env: &TestEnv) -> usize {
    let asked = env
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    asked.len()
}

/// Counts the answers to a factor.
fn factor_answers(env: &TestEnv) -> usize {
    let sandbox = &env.sandbox;
    sandbox
        .requests(Server::Org, "/idp/idx/challenge/answer")
        .len()
}

#[test]
fn browser_sign_in_serves_two_aws_apps_and_the_vpn() {
    let env = browser_env("alice", Options::default());
    for app in [AwsApp::Production, AwsApp::Labs] {
        let role = env.sandbox.roles("alice", app).remove(0);
        succeeded(run(env.ob(["exec", "-r", &role, "--", "true"]), ""));
    }
    succeeded(run(env.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!((device_grants(&env), factor_answers(&env)), (1, 0));
    // One token for each page that was opened, none of them twice.
    let mut tokens: Vec<_> = env
        .sandbox
        .requests(Server::Org, "/login/token/sso")
        .iter()
        .map(|request| request.form("token").unwrap())
        .collect();
    let opened = tokens.len();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), opened);
    succeeded(run(env.ob(["logout"]), ""));
    assert_eq!(env.sandbox.live(), (0, 0));
}

#[test]
fn browser_sign_in_serves_a_vpn_that_needs_a_factor() {
    let env = browser_env(
        "bob",
        Options {
            vpn_step_up: true,
            ..Options::default()
        },
    );
    succeeded(run(env.ob(["exec", "--", "true"]), ""));
    let alone = run(env.ob(["vpn", "profile", "--explain", "--json"]), "");
    assert_eq!(alone.code(), Some(3), "{}", alone.stderr);
    assert_eq!(alone.error(), "sign_in.unanswered");
    let code = env.user().totp_now() + "\n";
    let mut words = vec!["vpn", "profile", "--explain", "--passcode-stdin"];
    succeeded(run(env.ob(&words), &code));
    words.pop();
    succeeded(run(env.ob(&words), ""));
    assert_eq!((device_grants(&env), factor_answers(&env)), (1, 1));
}

#[test]
fn unrenewable_sign_in_without_a_user_is_exit_3() {
    let env = browser_env("alice", Options::default());
    succeeded(run(env.ob(["exec", "--", "true"]), ""));
    // From now on there is no browser.
    let settings = env.browser_settings() + &env.vpn_table();
    env.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    env.sandbox.end_sessions();
    let other_duration = ["exec", "--duration", "30m", "--json", "--", "true"];
    let ended = run(env.ob(other_duration), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Okta does not renew this sign-in"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.error(), "sign_in.unanswered");
    assert_eq!(device_grants(&env), 2, "a new one was begun");
}

#[test]
fn sign_in_too_old_for_an_app_is_replaced_and_revoked() {
    let env = browser_env(
        "alice",
        Options {
            sign_in_good_for: Some(7200),
            ..Options::default()
        },
    );
    succeeded(run(env.ob(["exec", "--", "true"]), ""));
    env.sandbox.advance_clock(7300);
    succeeded(run(env.ob(["exec", "--duration", "30m", "--", "true"]), ""));
    assert_eq!(device_grants(&env), 2);
    let only_the_new = || env.sandbox.live() == (2, 0);
    assert!(holds_within(SOON, only_the_new));
}

/// One sign-in that stays valid for the VPN and is, after `after` seconds, too old for the AWS
/// apps.
fn too_old_for_aws(good_for: u64, after: i64) -> TestEnv {
    let env = browser_env(
        "alice",
        Options {
            sign_in_good_for: Some(good_for),
            ..Options::default()
        },
    );
    succeeded(run(env.ob(["exec", "-p", "dev", "--", "true"]), ""));
    env.sandbox.advance_clock(after);
    env
}

/// Asserts that the session opens the VPN and that none of its tokens was revoked.
fn session_is_unchanged(env: &TestEnv) {
    let grants_before = device_grants(env);
    succeeded(run(env.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!(device_grants(env), grants_before, "without a sign-in");
    let revoked = env.sandbox.requests(Server::Org, "/oauth2/v1/revoke");
    assert!(revoked.is_empty(), "{revoked:?}");
}

#[test]
fn credential_keeps_a_session_too_old_for_one_app() {
    let env = too_old_for_aws(7200, 7300);
    let other_duration = ["credential", "-p", "dev", "--duration", "30m"];
    let ended = run(env.ob(other_duration), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("wants a newer sign-in"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("ob login --again"),
        "{}",
        ended.stderr
    );
    session_is_unchanged(&env);
    assert_eq!(device_grants(&env), 1);
}

#[test]
fn background_renewal_keeps_a_session_too_old_for_one_app() {
    let env = too_old_for_aws(1800, 2700);
    let opened = || {
        let asked = env.sandbox.requests(Server::Org, "/oauth2/v1/token");
        let exchanges = asked.iter().filter(|request| {
            let grant = request.form("grant_type").unwrap_or_default();
            grant.ends_with("token-exchange")
        });
        exchanges.count()
    };
    // The agent learns the current time.
    session_is_unchanged(&env);
    let before = opened();
    // The cached credentials are still valid and are renewed in the background.
    succeeded(run(env.ob(["credential", "-p", "dev"]), ""));
    assert!(holds_within(SOON, || opened() > before));
    session_is_unchanged(&env);
    assert_eq!(device_grants(&env), 1);
}

#[test]
fn failed_newer_sign_in_keeps_the_old_session() {
    let env = too_old_for_aws(7200, 7300);
    let settings = env.browser_settings() + &env.vpn_table();
    env.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    let other_duration = ["exec", "--duration", "30m", "--", "true"];
    let ended = run(env.ob(other_duration), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    assert_eq!(device_grants(&env), 2, "it was begun");
    session_is_unchanged(&env);
}

#[test]
fn unused_session_is_ended_at_okta_too() {
    let env = TestEnv::of("carol").configured();
    env.browser_settings();
    start_agent(&env);
    sign_in_at_a_browser(&env, 2, 7200);
    assert_eq!(env.sandbox.live(), (2, 0));
    let none_is_live = || env.sandbox.live() == (0, 0);
    assert!(holds_within(SOON * 2, none_is_live));
    assert!(holds_within(SOON, || { env.agents().is_empty() }));
}

#[test]
fn private_agent_asks_for_no_refresh_token() {
    let env = browser_env("alice", Options::default());
    succeeded(run(env.ob(["--no-agent", "exec", "--", "true"]), ""));
    let asked = env
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    let scope = asked[0].form("scope").unwrap();
    assert!(!scope.contains("offline_access"), "{scope}");
}

#[test]
fn refused_scope_is_asked_again_after_a_sign_out() {
    let env = browser_env(
        "alice",
        Options {
            refresh_tokens: false,
            ..Options::default()
        },
    );
    succeeded(run(env.ob(["login"]), ""));
    assert_eq!(device_grants(&env), 2, "once with and once without");
    succeeded(run(env.ob(["login", "--again"]), ""));
    assert_eq!(device_grants(&env), 3, "it was learnt");
    succeeded(run(env.ob(["logout"]), ""));
    succeeded(run(env.ob(["login"]), ""));
    assert_eq!(device_grants(&env), 5, "and forgotten");
}

#[test]
fn renewing_command_does_not_inherit_the_machines_key() {
    let env = TestEnv::of("alice").configured();
    let (settings, pem) = env.machine_settings();
    env.write_settings(&settings);
    succeeded(run(env.ob(["config", "aws"]), ""));
    for words in [
        &["exec", "-p", "dev", "--", "env"][..],
        &["exec", "--refresh", "-p", "dev", "--", "env"],
    ] {
        let mut command = env.ob(words);
        command.env("CI_KEY", pem);
        let ended = succeeded(run(command, ""));
        assert!(ended.stdout.contains("OB_PROFILE=dev"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("CI_KEY"), "{}", ended.stdout);
    }
    // The key stays with the agent: a command's SDK needs none to call `ob credential`.
    succeeded(run(env.ob(["credential", "-p", "dev"]), ""));
}

#[test]
fn machine_account_is_refused_for_the_vpn_with_a_hint() {
    let env = TestEnv::of("alice").configured();
    let (settings, _) = env.machine_settings();
    env.write_settings(&(settings + &env.vpn_table()));
    for words in [
        &["vpn", "profile", "--explain", "--json"][..],
        &["vpn", "exec", "--json", "--", "true"],
        &["vpn", "up", "--json"],
    ] {
        let ended = run(env.ob(words), "");
        assert!(
            matches!(ended.code(), Some(2)),
            "{words:?} {}",
            ended.stderr
        );
        assert_eq!(ended.error(), "sign_in.vpn", "{}", ended.stderr);
        assert!(
            ended.report().to_string().contains("sign_in = "),
            "{}",
            ended.stderr
        );
    }
    assert!(env.sandbox.requests(Server::Org, "/").is_empty());
    assert!(env.agents().is_empty(), "nothing was started for it");
}

#[test]
fn rate_limit_counts_down_on_a_terminal_only() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let limit = || {
        let reset_in = Some(4);
        let fault = Fault::org("/home/amazon_aws", FaultKind::RateLimited { reset_in });
        env.sandbox.fault(fault);
    };
    limit();
    let mut terminal = Pty::spawn(&env.ob(["exec", "--", "echo", "credentials"]));
    let screen = terminal.until("credentials");
    let mut seconds: Vec<u32> = screen
        .split("too many requests (429): waiting to open AWS, ")
        .skip(1)
        .map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
        .collect();
    seconds.dedup();
    // A busy machine may miss a second.
    assert!(seconds.len() > 1 && seconds[0] <= 4, "{screen:?}");
    assert!(seconds.is_sorted_by(|one, next| one > next), "{screen:?}");
    assert!(terminal.wait().0.success());
    limit();
    let ended = succeeded(run(env.ob(["exec", "--duration", "30m", "--", "true"]), ""));
    let expected = "ob: too many requests (429): waiting to open AWS, 4 s\n";
    assert_eq!(ended.messages(), expected);
}
