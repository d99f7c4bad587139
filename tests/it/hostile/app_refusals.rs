//! An app that shows Okta's sign-in page in a new session: another sign-in would not change that,
//! so none is requested.

use ob_sandbox::{Fault, FaultKind, Server};

use super::{exec, status};
use crate::support::{TestEnv, run};

/// Okta's sign-in page without anything that could be answered.
fn sign_in_page() -> FaultKind {
    FaultKind::ReplaceBody {
        body: br#"<html><body><div id="okta-sign-in"></div></body></html>"#.to_vec(),
        content_type: "text/html".into(),
    }
}

fn env_with_sign_in_page() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org("/home/amazon_aws", sign_in_page()).always());
    env
}

fn sessions(env: &TestEnv) -> usize {
    env.status()["sessions"].as_array().unwrap().len()
}

#[test]
fn app_that_rejects_a_new_session_keeps_the_session() {
    for signs_in_first in [false, true] {
        let env = env_with_sign_in_page();
        if signs_in_first {
            env.sign_in();
        }
        // A password is available, but it is not requested a second time.
        let ended = exec(&env);
        assert_eq!(
            (ended.code(), &*ended.error()),
            (Some(4), "okta.turned_away"),
            "{}",
            ended.stderr
        );
        let report = ended.report().to_string();
        assert!(report.contains("the app's own policy"), "{report}");
        assert_eq!((env.passwords_sent(), sessions(&env)), (1, 1));
        let ended = run(env.ob(["exec", "--json", "--", "true"]), "");
        assert_eq!(ended.error(), "okta.turned_away", "{}", ended.stderr);
        assert_eq!(env.passwords_sent(), 1);
        env.sandbox.clear_faults();
        let ended = run(env.ob(["exec", "--", "true"]), "");
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    }
}

#[test]
fn session_unknown_to_okta_is_named_without_a_retry() {
    let unknown = || {
        status(
            404,
            r#"{"errorCode":"E0000007","errorSummary":"Not found"}"#,
        )
    };
    let env = env_with_sign_in_page();
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
    assert_eq!(env.passwords_sent(), 2, "each command asked once");
    let asked = env.sandbox.requests(Server::Org, "/home/amazon_aws");
    assert_eq!(asked.len(), 1);
}

#[test]
fn session_ended_elsewhere_is_replaced() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    env.sandbox.end_sessions();
    let ended = exec(&env);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!(env.passwords_sent(), 2);
}
