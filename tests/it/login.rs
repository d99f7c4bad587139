//! `ob login`: what it reports about the new session, and what happens to the previous one.

use std::time::Duration;

use ob::model::Timestamp;
use ob_sandbox::{Fault, FaultKind, Server};

use crate::support::{Pty, SOON, TestEnv, holds_within, run};

/// Okta's endpoint that confirms a session (GET) and ends it (DELETE).
const SESSION_PATH: &str = "/api/v1/sessions/me";

fn requests_with(env: &TestEnv, method: &str) -> usize {
    let requests = env.sandbox.requests(Server::Org, SESSION_PATH);
    requests.iter().filter(|one| one.method == method).count()
}

/// Asserts that one session is left, at Okta and in the agent, and opens the app without a
/// password.
fn one_session_is_left_and_works(env: &TestEnv, case: &str) {
    let live = || env.sandbox.live() == (0, 1);
    assert!(holds_within(SOON, live), "{case}: {:?}", env.sandbox.live());
    let sessions = env.status()["sessions"].as_array().unwrap().len();
    assert_eq!(sessions, 1, "{case}");
    let new_credentials = ["exec", "--duration", "20m", "--min-ttl", "19m"];
    let ended = run(env.ob([&new_credentials[..], &["--", "true"]].concat()), "");
    assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
}

#[test]
fn login_again_keeps_the_old_session_until_confirmed() {
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
        env.sandbox
            .fault(Fault::org(SESSION_PATH, kind).times(times));
        let again = env.answered(&["login", "--again", "--json"]);
        assert_eq!(again.error(), error, "{again:?}");
        one_session_is_left_and_works(&env, error);
        env.sandbox.clear_faults();
    }

    let delay = FaultKind::Delay(Duration::from_secs(1));
    env.sandbox.fault(Fault::org(SESSION_PATH, delay));
    let (before, ended) = (requests_with(&env, "GET"), requests_with(&env, "DELETE"));
    let mut terminal = Pty::spawn(&env.ob(["login", "--again"]));
    terminal.until("assword");
    terminal.send(&format!("{}\n", env.user().password));
    assert!(holds_within(SOON, || requests_with(&env, "GET") > before));
    terminal.send("\u{3}");
    assert!(!terminal.wait().0.success());
    assert!(holds_within(SOON, || requests_with(&env, "DELETE") > ended));
    one_session_is_left_and_works(&env, "left");

    // A lost answer is requested again; Okta's sign-in page does not count as an answer.
    let lost = Fault::org(SESSION_PATH, FaultKind::CloseBeforeAnswer);
    env.sandbox.fault(lost);
    let ended = requests_with(&env, "DELETE");
    let again = env.answered(&["login", "--again", "--json"]);
    assert_eq!(again.code(), Some(0), "{}", again.stderr);
    let report: serde_json::Value = serde_json::from_str(&again.stdout).unwrap();
    assert!(report["okta_session_expires_at"].is_string(), "{report}");
    assert!(holds_within(SOON, || requests_with(&env, "DELETE") == ended + 1));
    one_session_is_left_and_works(&env, "confirmed");
}

#[test]
fn login_and_status_report_the_same_end() {
    let env = TestEnv::of("carol").configured();
    env.write_settings(&format!("{}\n[agent]\nidle = '20m'\n", env.full_settings()));
    for login in [&["login"][..], &["login", "--again"], &["login"]] {
        let message = env.answered(login).messages();
        let (_, until) = message.split_once(", until ").unwrap();
        let minutes = [18, 19, 20].map(|left| format!("(in {left} min) unless used\n"));
        assert!(minutes.iter().any(|end| until.ends_with(end)), "{message}");

        let report = env.answered(&["login", "--json"]).stdout;
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let status = &env.status()["sessions"][0];
        let ends = [&report, status].map(|of| {
            let end = of["ends_if_unused"].as_str().unwrap();
            Timestamp::from_rfc3339(end).unwrap()
        });
        // The two clocks may differ by a second.
        assert!(
            ends[1].seconds_since(ends[0]).abs() <= 1,
            "{report} {status}"
        );
    }
}
