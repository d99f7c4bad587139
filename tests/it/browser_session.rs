//! A sign-in at a browser through the real program and its agent: what one of them serves, how long, and what is
//! said when it is over.

use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Pipeline, Server};

use crate::agent::{sign_in_at_a_browser, started};
use crate::support::Pty;
use crate::support::{Finished, SOON, TestEnv, holds_within, run};

fn trusting(options: Options) -> Options {
    Options {
        pipeline: Pipeline::Idx,
        interclient_trust: true,
        ..options
    }
}

/// A env whose person signs in at a browser, with every app found by its tile and the VPN by its address.
fn env(user: &str, options: Options) -> TestEnv {
    let env = TestEnv::with(user, trusting(options)).configured();
    let settings = env.browser_settings() + &env.vpn_table();
    let app = settings.lines().find(|line| line.starts_with("app ="));
    let app = app.unwrap().to_owned();
    env.write_settings(&settings.replacen(&app, "", 1));
    env
}

fn done(ended: Finished) -> Finished {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    ended
}

fn visits(env: &TestEnv) -> usize {
    let asked = env
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    asked.len()
}

/// How often a factor was asked for and answered.
fn answers(env: &TestEnv) -> usize {
    let sandbox = &env.sandbox;
    sandbox
        .requests(Server::Org, "/idp/idx/challenge/answer")
        .len()
}

#[test]
fn one_sign_in_at_a_browser_serves_two_aws_apps_and_the_vpn_without_a_second_factor() {
    let env = env("alice", Options::default());
    for app in [AwsApp::Production, AwsApp::Labs] {
        let role = env.sandbox.roles("alice", app).remove(0);
        done(run(env.ob(["exec", "-r", &role, "--", "true"]), ""));
    }
    done(run(env.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!((visits(&env), answers(&env)), (1, 0));
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
    done(run(env.ob(["logout"]), ""));
    assert_eq!(env.sandbox.live(), (0, 0));
}

#[test]
fn one_sign_in_at_a_browser_serves_the_vpn_with_one_more_factor_when_it_asks() {
    let env = env(
        "bob",
        Options {
            vpn_step_up: true,
            ..Options::default()
        },
    );
    done(run(env.ob(["exec", "--", "true"]), ""));
    let alone = run(env.ob(["vpn", "profile", "--explain", "--json"]), "");
    assert_eq!(alone.code(), Some(3), "{}", alone.stderr);
    assert_eq!(alone.error(), "sign_in.unanswered");
    let code = env.user().totp_now() + "\n";
    let mut words = vec!["vpn", "profile", "--explain", "--passcode-stdin"];
    done(run(env.ob(&words), &code));
    words.pop();
    done(run(env.ob(&words), ""));
    assert_eq!((visits(&env), answers(&env)), (1, 1));
}

#[test]
fn a_sign_in_that_cannot_be_renewed_is_named_and_without_a_person_it_is_exit_3() {
    let env = env("alice", Options::default());
    done(run(env.ob(["exec", "--", "true"]), ""));
    // Nobody is at a browser from now on.
    let settings = env.browser_settings() + &env.vpn_table();
    env.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    env.sandbox.end_sessions();
    let other = ["exec", "--duration", "30m", "--json", "--", "true"];
    let ended = run(env.ob(other), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Okta does not renew this sign-in"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.error(), "sign_in.unanswered");
    assert_eq!(visits(&env), 2, "a new one was begun");
}

#[test]
fn a_sign_in_that_is_too_old_for_an_app_is_made_anew_and_its_tokens_revoked() {
    let env = env(
        "alice",
        Options {
            sign_in_good_for: Some(7200),
            ..Options::default()
        },
    );
    done(run(env.ob(["exec", "--", "true"]), ""));
    env.sandbox.advance_clock(7300);
    done(run(env.ob(["exec", "--duration", "30m", "--", "true"]), ""));
    assert_eq!(visits(&env), 2);
    let only_the_new = || env.sandbox.live() == (2, 0);
    assert!(holds_within(SOON, only_the_new));
}

/// One sign-in, as good as the day it was made for the VPN, and by `after` seconds too old for the AWS apps.
fn too_old_for_aws(good_for: u64, after: i64) -> TestEnv {
    let env = env(
        "alice",
        Options {
            sign_in_good_for: Some(good_for),
            ..Options::default()
        },
    );
    done(run(env.ob(["exec", "-p", "dev", "--", "true"]), ""));
    env.sandbox.advance_clock(after);
    env
}

/// The session is there and opens the VPN, and no token of it was revoked.
fn the_session_stays(env: &TestEnv) {
    let begun = visits(env);
    done(run(env.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!(visits(env), begun, "without a sign-in");
    let revoked = env.sandbox.requests(Server::Org, "/oauth2/v1/revoke");
    assert!(revoked.is_empty(), "{revoked:?}");
}

#[test]
fn a_command_that_never_asks_leaves_a_session_that_is_too_old_for_one_app_alone() {
    let env = too_old_for_aws(7200, 7300);
    let other = ["credential", "-p", "dev", "--duration", "30m"];
    let ended = run(env.ob(other), "");
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
    the_session_stays(&env);
    assert_eq!(visits(&env), 1);
}

#[test]
fn a_renewal_in_the_background_leaves_a_session_that_is_too_old_for_one_app_alone() {
    let env = too_old_for_aws(1800, 2700);
    let opened = || {
        let asked = env.sandbox.requests(Server::Org, "/oauth2/v1/token");
        let exchanges = asked.iter().filter(|request| {
            let grant = request.form("grant_type").unwrap_or_default();
            grant.ends_with("token-exchange")
        });
        exchanges.count()
    };
    // The agent hears what time it is.
    the_session_stays(&env);
    let before = opened();
    // What is held is still good and is renewed behind.
    done(run(env.ob(["credential", "-p", "dev"]), ""));
    assert!(holds_within(SOON, || opened() > before));
    the_session_stays(&env);
    assert_eq!(visits(&env), 1);
}

#[test]
fn a_newer_sign_in_that_comes_to_nothing_leaves_the_old_one() {
    let env = too_old_for_aws(7200, 7300);
    let settings = env.browser_settings() + &env.vpn_table();
    env.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    let other = ["exec", "--duration", "30m", "--", "true"];
    let ended = run(env.ob(other), "");
    assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    assert_eq!(visits(&env), 2, "it was begun");
    the_session_stays(&env);
}

#[test]
fn a_session_that_nobody_uses_is_ended_at_okta_too() {
    let env = TestEnv::of("carol").configured();
    env.browser_settings();
    started(&env);
    sign_in_at_a_browser(&env, 2, 7200);
    assert_eq!(env.sandbox.live(), (2, 0));
    let nothing = || env.sandbox.live() == (0, 0);
    assert!(holds_within(SOON * 2, nothing));
    assert!(holds_within(SOON, || { env.agents().is_empty() }));
}

#[test]
fn a_private_agent_asks_for_no_refresh_token() {
    let env = env("alice", Options::default());
    done(run(env.ob(["--no-agent", "exec", "--", "true"]), ""));
    let asked = env
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    let scope = asked[0].form("scope").unwrap();
    assert!(!scope.contains("offline_access"), "{scope}");
}

#[test]
fn a_scope_that_was_refused_is_asked_for_again_after_a_sign_out() {
    let env = env(
        "alice",
        Options {
            refresh_tokens: false,
            ..Options::default()
        },
    );
    done(run(env.ob(["login"]), ""));
    assert_eq!(visits(&env), 2, "once with and once without");
    done(run(env.ob(["login", "--again"]), ""));
    assert_eq!(visits(&env), 3, "it was learnt");
    done(run(env.ob(["logout"]), ""));
    done(run(env.ob(["login"]), ""));
    assert_eq!(visits(&env), 5, "and forgotten");
}

#[test]
fn a_command_that_renews_by_itself_does_not_inherit_the_machines_key() {
    let env = TestEnv::of("alice").configured();
    let (settings, pem) = env.machine_settings();
    env.write_settings(&settings);
    done(run(env.ob(["config", "aws"]), ""));
    for words in [
        &["exec", "-p", "dev", "--", "env"][..],
        &["exec", "--refresh", "-p", "dev", "--", "env"],
    ] {
        let mut command = env.ob(words);
        command.env("CI_KEY", pem);
        let ended = done(run(command, ""));
        assert!(ended.stdout.contains("OB_PROFILE=dev"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("CI_KEY"), "{}", ended.stdout);
    }
    // The key stays with the agent: what the command's SDK calls needs none.
    done(run(env.ob(["credential", "-p", "dev"]), ""));
}

#[test]
fn a_machine_that_wants_the_vpn_hears_what_to_set_and_nobody_is_asked() {
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
fn the_seconds_of_a_limit_run_down_on_a_terminal_and_are_one_line_elsewhere() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let limit = || {
        let reset_in = Some(4);
        let fault = Fault::org("/home/amazon_aws", FaultKind::RateLimited { reset_in });
        env.sandbox.fault(fault);
    };
    limit();
    let mut terminal = Pty::spawn(&env.ob(["exec", "--", "echo", "credentials"]));
    let seen = terminal.until("credentials");
    let mut seconds: Vec<u32> = seen
        .split("too many requests (429): waiting to open AWS, ")
        .skip(1)
        .map(|rest| rest.split(' ').next().unwrap().parse().unwrap())
        .collect();
    seconds.dedup();
    // A busy machine may miss one of them.
    assert!(seconds.len() > 1 && seconds[0] <= 4, "{seen:?}");
    assert!(seconds.is_sorted_by(|one, next| one > next), "{seen:?}");
    assert!(terminal.wait().0.success());
    limit();
    let ended = done(run(env.ob(["exec", "--duration", "30m", "--", "true"]), ""));
    let expected = "ob: too many requests (429): waiting to open AWS, 4 s\n";
    assert_eq!(ended.messages(), expected);
}
