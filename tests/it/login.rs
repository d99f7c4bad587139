//! `ob login`: what it says of the session it made, and what becomes of the one before.

use std::time::Duration;

use ob::model::Timestamp;
use ob_sandbox::{Fault, FaultKind, Server};

use crate::support::Pty;
use crate::support::{SOON, TestEnv, holds_within, run};

/// Where Okta says whether a session is one, and is told that it is over.
const ITSELF: &str = "/api/v1/sessions/me";

fn asked(env: &TestEnv, method: &str) -> usize {
    let requests = env.sandbox.requests(Server::Org, ITSELF);
    requests.iter().filter(|one| one.method == method).count()
}

/// One session is left at Okta and here, and it opens the app without a password.
fn one_is_left_and_works(env: &TestEnv, case: &str) {
    let live = || env.sandbox.live() == (0, 1);
    assert!(holds_within(SOON, live), "{case}: {:?}", env.sandbox.live());
    let sessions = env.status()["sessions"].as_array().unwrap().len();
    assert_eq!(sessions, 1, "{case}");
    let anew = ["exec", "--duration", "20m", "--min-ttl", "19m"];
    let ended = run(env.ob([&anew[..], &["--", "true"]].concat()), "");
    assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
}

#[test]
fn login_again_ends_the_old_session_only_when_okta_has_confirmed_the_new_one() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let unknown = FaultKind::Status {
        code: 404,
        headers: vec![("Content-Type".into(), "application/json".into())],
        body: br#"{"errorCode":"E0000007","errorSummary":"Not found"}"#.to_vec(),
    };
    for (times, kind, error) in [
        (1, unknown, "okta.session_unknown"),
        (usize::MAX, FaultKind::CloseBeforeAnswer, "http.broken_off"),
    ] {
        env.sandbox.fault(Fault::org(ITSELF, kind).times(times));
        let again = env.answered(&["login", "--again", "--json"]);
        assert_eq!(again.error(), error, "{again:?}");
        one_is_left_and_works(&env, error);
        env.sandbox.clear_faults();
    }

    let late = FaultKind::Delay(Duration::from_secs(1));
    env.sandbox.fault(Fault::org(ITSELF, late));
    let (before, ended) = (asked(&env, "GET"), asked(&env, "DELETE"));
    let mut person = Pty::spawn(&env.ob(["login", "--again"]));
    person.until("assword");
    person.send(&format!("{}\n", env.user().password));
    assert!(holds_within(SOON, || asked(&env, "GET") > before));
    person.send("\u{3}");
    assert!(!person.wait().0.success());
    assert!(holds_within(SOON, || asked(&env, "DELETE") > ended));
    one_is_left_and_works(&env, "left");

    // A lost answer is asked for once more, and Okta's sign-in page is none.
    let lost = Fault::org(ITSELF, FaultKind::CloseBeforeAnswer);
    env.sandbox.fault(lost);
    let ended = asked(&env, "DELETE");
    let again = env.answered(&["login", "--again", "--json"]);
    assert_eq!(again.code(), Some(0), "{}", again.stderr);
    let told: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert!(told["okta_session_expires_at"].is_string(), "{told}");
    assert!(holds_within(SOON, || asked(&env, "DELETE") == ended + 1));
    one_is_left_and_works(&env, "confirmed");
}

#[test]
fn login_tells_the_end_that_status_tells() {
    let env = TestEnv::of("carol").configured();
    env.write_settings(&format!("{}\n[agent]\nidle = '20m'\n", env.full_settings()));
    for login in [&["login"][..], &["login", "--again"], &["login"]] {
        let told = env.answered(login).messages();
        let (_, until) = told.split_once(", until ").unwrap();
        let minutes = [18, 19, 20].map(|left| format!("(in {left} min) if not used\n"));
        assert!(minutes.iter().any(|end| until.ends_with(end)), "{told}");

        let told = env.answered(&["login", "--json"]).stdout;
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let status = &env.status()["sessions"][0];
        let ends = [&told, status].map(|of| {
            let end = of["ends_if_unused"].as_str().unwrap();
            Timestamp::from_rfc3339(end).unwrap()
        });
        // One is counted by two clocks, whose seconds begin when they like.
        assert!(ends[1].seconds_since(ends[0]).abs() <= 1, "{told} {status}");
    }
}
