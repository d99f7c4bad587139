//! Apps that require more than the session has.

use ob::flow::{self, Failure};
use ob::report::{Exit, Report};
use ob::wire::{RolesRequest, SignInWay};
use ob_sandbox::{AwsApp, Interstitial, Options, Pipeline, Sandbox, Server};

use super::Reply::{Code, Password, Pick};
use super::{Forgetful, PIPELINES, Person, Reply, account, credentials, run, target, times_sent};

#[test]
fn app_step_up_is_answered_within_the_session() {
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
    let user_account = account(&sandbox, "alice", SignInWay::Terminal, None);
    let target = target(&sandbox, user_account, Some(role));
    let credentials = run(async {
        let session = flow::sign_in(&target.account, super::start(), &person).await?;
        let memory = Forgetful(&sandbox);
        flow::obtain_credentials(&session, &target, None, &memory, &person)
            .await
            .map_err(Failure::into_report)
    });
    let flow::Obtained::Credentials(credentials) = credentials.unwrap() else {
        panic!("it is one role");
    };
    assert_eq!(credentials.role.as_str(), role);
    // Both apps ask; answering the first opens the second.
    assert_eq!(person.times_asked("the passcode"), 2);
    assert_eq!(
        sandbox
            .requests(Server::Org, "/login/step-up/redirect")
            .len(),
        1
    );
}

#[test]
fn unanswered_step_up_names_the_app_and_the_question() {
    let sandbox = Sandbox::with(Options {
        step_up: true,
        ..Options::default()
    });
    let bob = sandbox.user("bob");
    let person = Person::new(&sandbox, "bob", &[Code(bob.totp_now())]);
    let user_account = account(&sandbox, "bob", SignInWay::Terminal, None);
    let target = target(&sandbox, user_account, None);
    let report = run(async {
        let session = flow::sign_in(&target.account, super::start(), &person).await?;
        let request = RolesRequest {
            target: target.clone(),
            names: false,
            iam_endpoint: None,
        };
        flow::list_roles(&session, &request, &Forgetful(&sandbox), &person)
            .await
            .map_err(Failure::into_report)
    })
    .unwrap_err();
    assert_eq!(report.name(), "sign_in.unanswered");
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

fn sandbox_with(pipeline: Pipeline, interstitial: Interstitial) -> Sandbox {
    Sandbox::with(Options {
        pipeline,
        interstitial: Some(interstitial),
        ..Options::default()
    })
}

/// Signs Bob in with password and code and opens his role; `then` are his replies to the app.
fn bob(sandbox: &Sandbox, then: &[Reply]) -> (Result<(), Report>, usize) {
    let bob = sandbox.user("bob");
    let mut script = vec![Code(bob.totp_now())];
    script.extend_from_slice(then);
    let person = Person::new(sandbox, "bob", &script);
    let role = sandbox.roles("bob", AwsApp::Production).remove(0);
    let user_account = account(sandbox, "bob", SignInWay::Auto, None);
    let outcome = credentials(
        sandbox,
        &target(sandbox, user_account, Some(&role)),
        &person,
        2,
    );
    (outcome, person.times_asked("the password"))
}

#[test]
fn app_that_asks_for_the_password_again_gets_it_once() {
    for pipeline in PIPELINES {
        let sandbox = sandbox_with(pipeline, Interstitial::PasswordAgain);
        let password = sandbox.user("bob").password.clone();
        let (outcome, asked) = bob(&sandbox, &[Password(password.clone())]);
        outcome.unwrap();
        // The second round opens the app without a question.
        assert_eq!((asked, times_sent(&sandbox, &password)), (2, 2));
    }
}

#[test]
fn a_wrong_password_to_an_app_is_sent_once_and_refused() {
    for (pipeline, name) in [
        (Pipeline::V1, "okta.page.password_refused"),
        (Pipeline::Idx, "okta.sign_in_refused"),
    ] {
        let sandbox = sandbox_with(pipeline, Interstitial::PasswordAgain);
        let (outcome, asked) = bob(&sandbox, &[Password("wrong-password".into())]);
        let report = outcome.unwrap_err();
        assert_eq!((report.name(), report.exit), (name, Exit::Refused));
        assert_eq!((asked, times_sent(&sandbox, "wrong-password")), (2, 1));
    }
}

#[test]
fn unanswered_password_for_an_app_is_named_and_not_sent() {
    for pipeline in PIPELINES {
        let sandbox = sandbox_with(pipeline, Interstitial::PasswordAgain);
        let password = sandbox.user("bob").password.clone();
        let report = bob(&sandbox, &[]).0.unwrap_err();
        assert_eq!(report.exit, Exit::SignIn);
        assert!(
            report
                .causes
                .iter()
                .any(|cause| cause.contains("the password"))
        );
        assert_eq!(times_sent(&sandbox, &password), 1);
        let last = sandbox.requests(Server::Org, "/").pop().unwrap();
        let expected = match pipeline {
            Pipeline::V1 => "/user/verify_password",
            Pipeline::Idx => "/idp/idx/cancel",
        };
        assert_eq!(last.path, expected);
    }
}

#[test]
fn an_app_may_ask_for_the_password_and_then_for_a_factor() {
    let sandbox = Sandbox::with(Options {
        interstitial: Some(Interstitial::PasswordAgain),
        step_up: true,
        ..Options::default()
    });
    let user = sandbox.user("bob");
    let then = [
        Password(user.password.clone()),
        Code(user.totp_at(sandbox.now() + 30)),
    ];
    bob(&sandbox, &then).0.unwrap();
}

#[test]
fn pages_that_need_a_browser_are_named() {
    for (interstitial, pipelines, name, exit) in [
        (
            Interstitial::PasswordAgainByScript,
            &PIPELINES[..1],
            "okta.page.password_again",
            Exit::SignIn,
        ),
        (
            Interstitial::Consent,
            &PIPELINES,
            "okta.page.consent",
            Exit::SignIn,
        ),
        (
            Interstitial::AccessLocked,
            &PIPELINES,
            "okta.page.access_locked",
            Exit::Refused,
        ),
        (
            Interstitial::IdentityProvider,
            &PIPELINES,
            "okta.page.idp_redirect",
            Exit::SignIn,
        ),
    ] {
        for pipeline in pipelines {
            let sandbox = sandbox_with(*pipeline, interstitial);
            let report = bob(&sandbox, &[]).0.unwrap_err();
            let found = (report.name(), report.exit);
            assert_eq!(found, (name, exit), "{pipeline:?}: {report:?}");
            assert!(!report.hints.is_empty());
        }
    }
}
