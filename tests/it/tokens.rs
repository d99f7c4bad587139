//! A sign-in at a browser through the real program and its agent: what one of them serves, how long, and what is
//! said when it is over.

use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Pipeline, Server};

use crate::agent::{sign_in_at_a_browser, started};
use crate::scene::{Ended, SOON, Scene, patiently, run};
use crate::support::Pty;

fn trusting(options: Options) -> Options {
    Options {
        pipeline: Pipeline::Idx,
        interclient_trust: true,
        ..options
    }
}

/// A scene whose person signs in at a browser, with every app found by its tile and the VPN by its address.
fn scene(user: &str, options: Options) -> Scene {
    let scene = Scene::with(user, trusting(options));
    let settings = scene.settings_at_a_browser() + &scene.vpn_table();
    let app = settings.lines().find(|line| line.starts_with("app ="));
    let app = app.unwrap().to_owned();
    scene.write_settings(&settings.replacen(&app, "", 1));
    scene
}

fn done(ended: Ended) -> Ended {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

fn visits(scene: &Scene) -> usize {
    let asked = scene
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    asked.len()
}

/// How often a factor was asked for and answered.
fn answers(scene: &Scene) -> usize {
    let sandbox = &scene.sandbox;
    sandbox
        .requests(Server::Org, "/idp/idx/challenge/answer")
        .len()
}

#[test]
fn one_sign_in_at_a_browser_serves_two_aws_apps_and_the_vpn_without_a_second_factor() {
    let scene = scene("alice", Options::default());
    for app in [AwsApp::Production, AwsApp::Labs] {
        let role = scene.sandbox.roles("alice", app).remove(0);
        done(run(scene.ob(["exec", "-r", &role, "--", "true"]), ""));
    }
    done(run(scene.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!((visits(&scene), answers(&scene)), (1, 0));
    // One token for each page that was opened, none of them twice.
    let mut tokens: Vec<_> = scene
        .sandbox
        .requests(Server::Org, "/login/token/sso")
        .iter()
        .map(|request| request.form("token").unwrap())
        .collect();
    let opened = tokens.len();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), opened);
    done(run(scene.ob(["logout"]), ""));
    assert_eq!(scene.sandbox.live(), (0, 0));
}

#[test]
fn one_sign_in_at_a_browser_serves_the_vpn_with_one_more_factor_when_it_asks() {
    let scene = scene(
        "bob",
        Options {
            vpn_step_up: true,
            ..Options::default()
        },
    );
    done(run(scene.ob(["exec", "--", "true"]), ""));
    let alone = run(scene.ob(["vpn", "profile", "--explain", "--json"]), "");
    assert_eq!(alone.code, Some(3), "{}", alone.stderr);
    assert_eq!(alone.error(), "sign_in.unanswered");
    let code = scene.user().totp_now() + "\n";
    let mut words = vec!["vpn", "profile", "--explain", "--passcode-stdin"];
    done(run(scene.ob(&words), &code));
    words.pop();
    done(run(scene.ob(&words), ""));
    assert_eq!((visits(&scene), answers(&scene)), (1, 1));
}

#[test]
fn a_sign_in_that_cannot_be_renewed_is_named_and_without_a_person_it_is_exit_3() {
    let scene = scene("alice", Options::default());
    done(run(scene.ob(["exec", "--", "true"]), ""));
    // Nobody is at a browser from now on.
    let settings = scene.settings_at_a_browser() + &scene.vpn_table();
    scene.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    scene.sandbox.end_sessions();
    let other = ["exec", "--duration", "30m", "--json", "--", "true"];
    let ended = run(scene.ob(other), "");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Okta does not renew this sign-in"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.error(), "sign_in.unanswered");
    assert_eq!(visits(&scene), 2, "a new one was begun");
}

#[test]
fn a_sign_in_that_is_too_old_for_an_app_is_made_anew_and_its_tokens_revoked() {
    let scene = scene(
        "alice",
        Options {
            sign_in_good_for: Some(7200),
            ..Options::default()
        },
    );
    done(run(scene.ob(["exec", "--", "true"]), ""));
    scene.sandbox.advance_clock(7300);
    done(run(
        scene.ob(["exec", "--duration", "30m", "--", "true"]),
        "",
    ));
    assert_eq!(visits(&scene), 2);
    let only_the_new = || scene.sandbox.live() == (2, 0);
    assert!(patiently(SOON, only_the_new));
}

/// One sign-in, as good as the day it was made for the VPN, and by `after` seconds too old for the AWS apps.
fn too_old_for_aws(good_for: u64, after: i64) -> Scene {
    let scene = scene(
        "alice",
        Options {
            sign_in_good_for: Some(good_for),
            ..Options::default()
        },
    );
    done(run(scene.ob(["exec", "-p", "dev", "--", "true"]), ""));
    scene.sandbox.advance_clock(after);
    scene
}

/// The session is there and opens the VPN, and no token of it was revoked.
fn the_session_stays(scene: &Scene) {
    let begun = visits(scene);
    done(run(scene.ob(["vpn", "profile", "--explain"]), ""));
    assert_eq!(visits(scene), begun, "without a sign-in");
    let revoked = scene.sandbox.requests(Server::Org, "/oauth2/v1/revoke");
    assert!(revoked.is_empty(), "{revoked:?}");
}

#[test]
fn a_command_that_never_asks_leaves_a_session_that_is_too_old_for_one_app_alone() {
    let scene = too_old_for_aws(7200, 7300);
    let other = ["credential", "-p", "dev", "--duration", "30m"];
    let ended = run(scene.ob(other), "");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
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
    the_session_stays(&scene);
    assert_eq!(visits(&scene), 1);
}

#[test]
fn a_renewal_in_the_background_leaves_a_session_that_is_too_old_for_one_app_alone() {
    let scene = too_old_for_aws(1800, 2700);
    let opened = || {
        let asked = scene.sandbox.requests(Server::Org, "/oauth2/v1/token");
        let exchanges = asked.iter().filter(|request| {
            let grant = request.form("grant_type").unwrap_or_default();
            grant.ends_with("token-exchange")
        });
        exchanges.count()
    };
    // The agent hears what time it is.
    the_session_stays(&scene);
    let before = opened();
    // What is held is still good and is renewed behind.
    done(run(scene.ob(["credential", "-p", "dev"]), ""));
    assert!(patiently(SOON, || opened() > before));
    the_session_stays(&scene);
    assert_eq!(visits(&scene), 1);
}

#[test]
fn a_newer_sign_in_that_comes_to_nothing_leaves_the_old_one() {
    let scene = too_old_for_aws(7200, 7300);
    let settings = scene.settings_at_a_browser() + &scene.vpn_table();
    scene.write_settings(&settings.replace("browser_command = ['/bin/true']\n", ""));
    let other = ["exec", "--duration", "30m", "--", "true"];
    let ended = run(scene.ob(other), "");
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert_eq!(visits(&scene), 2, "it was begun");
    the_session_stays(&scene);
}

#[test]
fn a_session_that_nobody_uses_is_ended_at_okta_too() {
    let scene = Scene::of("carol");
    scene.settings_at_a_browser();
    started(&scene);
    sign_in_at_a_browser(&scene, 2, 7200);
    assert_eq!(scene.sandbox.live(), (2, 0));
    let nothing = || scene.sandbox.live() == (0, 0);
    assert!(patiently(SOON * 2, nothing));
    assert!(patiently(SOON, || { scene.agents().is_empty() }));
}

#[test]
fn a_private_agent_asks_for_no_refresh_token() {
    let scene = scene("alice", Options::default());
    done(run(scene.ob(["--no-agent", "exec", "--", "true"]), ""));
    let asked = scene
        .sandbox
        .requests(Server::Org, "/oauth2/v1/device/authorize");
    let scope = asked[0].form("scope").unwrap();
    assert!(!scope.contains("offline_access"), "{scope}");
}

#[test]
fn a_scope_that_was_refused_is_asked_for_again_after_a_sign_out() {
    let scene = scene(
        "alice",
        Options {
            refresh_tokens: false,
            ..Options::default()
        },
    );
    done(run(scene.ob(["login"]), ""));
    assert_eq!(visits(&scene), 2, "once with and once without");
    done(run(scene.ob(["login", "--again"]), ""));
    assert_eq!(visits(&scene), 3, "it was learnt");
    done(run(scene.ob(["logout"]), ""));
    done(run(scene.ob(["login"]), ""));
    assert_eq!(visits(&scene), 5, "and forgotten");
}

#[test]
fn a_command_that_renews_by_itself_does_not_inherit_the_machines_key() {
    let scene = Scene::of("alice");
    let (settings, pem) = scene.settings_of_a_machine();
    scene.write_settings(&settings);
    done(run(scene.ob(["config", "aws"]), ""));
    for words in [
        &["exec", "-p", "dev", "--", "env"][..],
        &["exec", "--refresh", "-p", "dev", "--", "env"],
    ] {
        let mut command = scene.ob(words);
        command.env("CI_KEY", pem);
        let ended = done(run(command, ""));
        assert!(ended.stdout.contains("OB_PROFILE=dev"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("CI_KEY"), "{}", ended.stdout);
    }
    // The key stays with the agent: what the command's SDK calls needs none.
    done(run(scene.ob(["credential", "-p", "dev"]), ""));
}

#[test]
fn a_machine_that_wants_the_vpn_hears_what_to_set_and_nobody_is_asked() {
    let scene = Scene::of("alice");
    let (settings, _) = scene.settings_of_a_machine();
    scene.write_settings(&(settings + &scene.vpn_table()));
    for words in [
        &["vpn", "profile", "--explain", "--json"][..],
        &["vpn", "exec", "--json", "--", "true"],
        &["vpn", "up", "--json"],
    ] {
        let ended = run(scene.ob(words), "");
        assert!(matches!(ended.code, Some(2)), "{words:?} {}", ended.stderr);
        assert_eq!(ended.error(), "sign_in.vpn", "{}", ended.stderr);
        assert!(
            ended.report().to_string().contains("sign_in = "),
            "{}",
            ended.stderr
        );
    }
    assert!(scene.sandbox.requests(Server::Org, "/").is_empty());
    assert!(scene.agents().is_empty(), "nothing was started for it");
}

#[test]
fn the_seconds_of_a_limit_run_down_on_a_terminal_and_are_one_line_elsewhere() {
    let scene = Scene::of("carol");
    scene.sign_in();
    let limit = || {
        let reset_in = Some(4);
        let fault = Fault::org("/home/amazon_aws", FaultKind::RateLimited { reset_in });
        scene.sandbox.fault(fault);
    };
    limit();
    let mut terminal = Pty::spawn(&scene.ob(["exec", "--", "echo", "credentials"]));
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
    let ended = done(run(
        scene.ob(["exec", "--duration", "30m", "--", "true"]),
        "",
    ));
    let expected = "ob: too many requests (429): waiting to open AWS, 4 s\n";
    assert_eq!(ended.told(), expected);
}
