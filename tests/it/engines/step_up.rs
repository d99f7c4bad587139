//! An app that asks for more than the session has.

use ob::flow::{self, Failure};
use ob::model::Timestamp;
use ob::wire::SignInWay;
use ob_sandbox::{AwsApp, Options, Sandbox, Server};

use super::Says::{Code, Pick};
use super::{Forgetful, Person, account, run, target};

#[test]
fn an_app_that_asks_again_is_answered_within_the_session() {
    let sandbox = Sandbox::with(Options {
        step_up: true,
        ..Options::default()
    });
    let alice = sandbox.user("alice");
    let script = [
        Pick("totp"),
        Code(alice.totp_now()),
        Pick("totp"),
        Code(alice.totp_at(sandbox.now() + 30)),
    ];
    let person = Person::new(&sandbox, "alice", &script);
    let role = &sandbox.roles("alice", AwsApp::Production)[0];
    let who = account(&sandbox, "alice", SignInWay::Terminal, None);
    let target = target(&sandbox, who, Some(role));
    let credentials = run(async {
        let session = flow::sign_in(&target.account, flow::Start::default(), &person).await?;
        let memory = Forgetful(&sandbox);
        flow::obtain_credentials(&session, &target, &memory, &person)
            .await
            .map_err(Failure::into_report)
    });
    assert_eq!(credentials.unwrap().role.as_str(), role);
    // Two apps ask; meeting the first opens the second.
    assert_eq!(person.was_asked("the passcode"), 2);
    assert_eq!(
        sandbox
            .requests(Server::Org, "/login/step-up/redirect")
            .len(),
        1
    );
}

#[test]
fn a_step_up_that_nobody_answers_names_the_app_and_the_question() {
    let sandbox = Sandbox::with(Options {
        step_up: true,
        ..Options::default()
    });
    let bob = sandbox.user("bob");
    let person = Person::new(&sandbox, "bob", &[Code(bob.totp_now())]);
    let who = account(&sandbox, "bob", SignInWay::Terminal, None);
    let target = target(&sandbox, who, None);
    let report = run(async {
        let session = flow::sign_in(&target.account, flow::Start::default(), &person).await?;
        let now = Timestamp(sandbox.now().try_into().unwrap());
        flow::list_roles(&session, &target, now, &person)
            .await
            .map_err(Failure::into_report)
    })
    .unwrap_err();
    assert_eq!(report.name, "sign_in.unanswered");
    assert!(
        report.summary.contains("the app asks for another factor"),
        "{report:?}"
    );
    assert!(
        report
            .causes
            .iter()
            .any(|cause| cause.contains("the passcode"))
    );
    assert_eq!(
        sandbox.requests(Server::Org, "/api/v1/authn/cancel").len(),
        1
    );
}
