//! The search for leaks with the other ways to sign in: Identity Engine, a browser, a machine.

use ob_sandbox::{Interstitial, Options, Pipeline, Plugged};

use super::TYPED;
use super::needles::Needles;
use super::observers::{self, Sightings, Watcher};
use crate::support::{Finished, Pty, TestEnv, counted, run};

fn leaks_nothing(case: &str, env: &TestEnv, more: &[&str], scenario: impl Fn() -> Vec<Finished>) {
    let watcher = Watcher::new();
    let ended = scenario();
    let mut secrets = env.sandbox.canaries();
    secrets.extend(
        more.iter()
            .map(|text| ("key".to_owned(), (*text).to_owned())),
    );
    let needles = Needles::new(secrets);
    let mut seen: Sightings = watcher.end(&needles);
    for one in &ended {
        assert_eq!(one.code(), Some(0), "{case}: {}", one.stderr);
        seen.extend(observers::outputs(one, &needles));
    }
    seen.extend(observers::machine(env, &needles));
    // The variable in which the caller of `ob` gave the key.
    let own = "environment: of ob: key";
    seen.retain(|sighting| !(more.len() == 1 && format!("{sighting:?}").contains(own)));
    assert_eq!(seen, Sightings::new(), "{case}");
}

#[test]
fn identity_engine_leaks_nothing() {
    let env = TestEnv::with(
        "bob",
        Options {
            pipeline: Pipeline::Idx,
            ..Options::default()
        },
    )
    .configured();
    env.write_settings(&env.full_settings().replace("'terminal'", "'auto'"));
    leaks_nothing("idx", &env, &[], || {
        vec![
            env.answered(&["login", "-vvv"]),
            env.answered(&["exec", "--", "true"]),
            run(env.ob(["logout"]), ""),
        ]
    });
}

#[test]
fn browser_sign_in_with_renewal_and_vpn_leaks_nothing() {
    let env = TestEnv::with(
        "alice",
        Options {
            interclient_trust: true,
            ..Options::default()
        },
    )
    .configured();
    env.write_settings(&(env.browser_settings() + &env.vpn_table()));
    leaks_nothing("browser", &env, &[], || {
        let first = vec![
            run(env.ob(["login", "-vvv"]), ""),
            run(env.ob(["exec", "--", "true"]), ""),
            run(env.ob(["vpn", "profile", "--explain"]), ""),
        ];
        env.sandbox.advance_clock(3700);
        let renewed = vec![
            run(env.ob(["exec", "--duration", "30m", "--", "true"]), ""),
            run(env.ob(["vpn", "profile", "--explain", "-vvv"]), ""),
            run(env.ob(["logout"]), ""),
        ];
        first.into_iter().chain(renewed).collect()
    });
    for kind in counted::<3, _>(["refresh-token", "interclient-token", "web-sso-token"]) {
        let canaries = env.sandbox.canaries();
        let some = canaries.iter().filter(|(of, _)| of == kind);
        assert!(some.count() > 1, "{kind}");
    }
}

#[test]
fn machine_sign_in_leaks_nothing_of_its_key() {
    let env = TestEnv::of("alice").configured();
    let (settings, pem) = env.machine_settings();
    env.write_settings(&settings);
    let line = pem.lines().nth(3).unwrap();
    leaks_nothing("machine", &env, &[line], || {
        let with_key = |arguments: &[&str]| {
            let mut command = env.ob(arguments);
            command.env("CI_KEY", pem);
            run(command, "")
        };
        vec![
            with_key(&["login", "-vvv"]),
            with_key(&["exec", "--", "true"]),
            with_key(&["--no-agent", "exec", "--", "true"]),
        ]
    });
}

#[test]
fn security_keys_pin_is_leaked_nowhere() {
    for (pipeline, way) in [(Pipeline::V1, "'terminal'"), (Pipeline::Idx, "'auto'")] {
        let env = TestEnv::with(
            "wendy",
            Options {
                pipeline,
                ..Options::default()
            },
        )
        .configured();
        env.write_settings(&env.full_settings().replace("'terminal'", way));
        Plugged::at(&env.path("keys"), env.user().keys()).unwrap();
        let watcher = Watcher::new();
        let mut login = env.ob(["login", "-vvv", "--factor", "webauthn"]);
        login.env("OB_SECURITY_KEY", env.path("keys"));
        let mut terminal = Pty::spawn(&login);
        let mut screen = terminal.until("Password for ");
        terminal.send(&format!("{}\n", env.user().password));
        screen += &terminal.until("PIN of the security key");
        terminal.send(&format!("{}\n", env.user().keys()[0].pin()));
        let (status, rest) = terminal.wait();
        screen += &rest;
        assert!(status.success(), "{screen}");
        assert!(screen.contains("touch the security key"), "{screen}");
        let needles = Needles::new(env.sandbox.canaries());
        let mut seen: Sightings = watcher.end(&needles);
        seen.extend(observers::screen(&screen, &needles));
        seen.extend(observers::machine(&env, &needles));
        assert_eq!(seen, Sightings::new(), "{way}");
    }
}

#[test]
fn new_and_repeated_passwords_are_leaked_nowhere() {
    let new = format!("{TYPED}-new");
    for (pipeline, way) in [(Pipeline::V1, "'terminal'"), (Pipeline::Idx, "'auto'")] {
        let env = TestEnv::with(
            "frank",
            Options {
                pipeline,
                interstitial: Some(Interstitial::PasswordAgain),
                ..Options::default()
            },
        )
        .configured();
        env.write_settings(&env.full_settings().replace("'terminal'", way));
        let watcher = Watcher::new();
        let mut terminal = Pty::spawn(&env.ob(["exec", "-vvv", "--", "true"]));
        let mut screen = String::new();
        let old = env.user().password.clone();
        let code = env.user().totp_now();
        for (question, answer) in [
            ("Password for frank", &old),
            ("New password for frank", &new),
            ("Repeat the new password", &new),
            ("Authenticator app code", &code),
            ("Password for frank", &new),
        ] {
            screen += &terminal.until(question);
            screen += &terminal.until(": ");
            terminal.send(&format!("{answer}\n"));
        }
        let (status, rest) = terminal.wait();
        screen += &rest;
        assert!(status.success(), "{screen}");
        let mut secrets = env.sandbox.canaries();
        secrets.push(("new-password".to_owned(), new.clone()));
        let needles = Needles::new(secrets);
        let mut seen: Sightings = watcher.end(&needles);
        seen.extend(observers::screen(&screen, &needles));
        seen.extend(observers::machine(&env, &needles));
        assert_eq!(seen, Sightings::new(), "{way}");
    }
}
