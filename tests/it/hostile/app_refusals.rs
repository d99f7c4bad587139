//! An app that shows Okta's sign-in page in a session that has just begun: another sign-in would not change it, so
//! none is asked for.

use ob_sandbox::{Fault, FaultKind, Server};

use super::{exec, passwords, status};
use crate::support::{TestEnv, run};

/// Okta's sign-in page, with nothing in it that could be answered.
fn sign_in_page() -> FaultKind {
    FaultKind::ReplaceBody {
        body: br#"<html><body><div id="okta-sign-in"></div></body></html>"#.to_vec(),
        content_type: "text/html".into(),
    }
}

fn turning_away() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org("/home/amazon_aws", sign_in_page()).always());
    env
}

fn sessions(env: &TestEnv) -> usize {
    env.status()["sessions"].as_array().unwrap().len()
}

#[test]
fn an_app_that_turns_a_new_session_away_is_named_and_the_session_kept_for_the_others() {
    for signs_in_first in [false, true] {
        let env = turning_away();
        if signs_in_first {
            env.sign_in();
        }
        // There is a password to give, and nobody asks for it a second time.
        let ended = exec(&env);
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(4), "okta.turned_away"),
            "{}",
            ended.stderr
        );
        let report = ended.report().to_string();
        assert!(report.contains("the app's own policy"), "{report}");
        assert_eq!((passwords(&env), sessions(&env)), (1, 1));
        let ended = run(env.ob(["exec", "--json", "--", "true"]), "");
        assert_eq!(ended.error(), "okta.turned_away", "{}", ended.stderr);
        assert_eq!(passwords(&env), 1);
        env.sandbox.clear_faults();
        let ended = run(env.ob(["exec", "--", "true"]), "");
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    }
}

#[test]
fn a_new_session_that_okta_does_not_know_is_named_and_no_sign_in_advised() {
    let unknown = || {
        status(
            404,
            r#"{"errorCode":"E0000007","errorSummary":"Not found"}"#,
        )
    };
    let env = turning_away();
    env.sandbox
        .fault(Fault::org("/api/v1/sessions/me", unknown()).always());
    let login = env.answered(&["login", "--json"]);
    for ended in [login, exec(&env)] {
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(4), "okta.session_unknown"),
            "{}",
            ended.stderr
        );
        let report = ended.report().to_string();
        assert!(!report.contains("ob login"), "{report}");
        assert!(report.contains("proxy"), "{report}");
        assert_eq!(sessions(&env), 0);
    }
    assert_eq!(passwords(&env), 2, "each command asked once");
    let asked = env.sandbox.requests(Server::Org, "/home/amazon_aws");
    assert_eq!(asked.len(), 1);
}

#[test]
fn a_new_session_that_somebody_ended_is_made_anew() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    env.sandbox.end_sessions();
    let ended = exec(&env);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!(passwords(&env), 2);
}
