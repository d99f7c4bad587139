//! Steps and pages between a successful sign-in and an app: harmless ones are passed, others are
//! named.

use ob::report::{Exit, Report};
use ob::wire::SignInWay;
use ob_sandbox::{AwsApp, Interlude, Options, Pipeline, Sandbox, Server, StepUpEnd};

use super::Reply::Code;
use super::{PIPELINES, Person, account, credentials, sign_in, target};

fn after_factor(interludes: &[Interlude]) -> Sandbox {
    Sandbox::with(Options {
        pipeline: Pipeline::Idx,
        idx_interludes: interludes.to_vec(),
        ..Options::default()
    })
}

fn sign_bob_in(sandbox: &Sandbox) -> (Result<(), Report>, Person<'_>) {
    let person = Person::new(sandbox, "bob", &[Code(sandbox.user("bob").totp_now())]);
    let outcome = sign_in(&account(sandbox, "bob", SignInWay::Auto, None), &person);
    (outcome.map(|_| ()), person)
}

#[test]
fn keep_me_signed_in_is_declined_and_passed() {
    let sandbox = after_factor(&[Interlude::KeepMeSignedIn]);
    let (outcome, person) = sign_bob_in(&sandbox);
    outcome.unwrap();
    let posted = sandbox.requests(Server::Org, "/idp/idx/keep-me-signed-in");
    assert_eq!(posted.len(), 1);
    assert!(person.was_notified("Doing(\"send Okta's form keep-me-signed-in\")"));
}

#[test]
fn a_device_warning_shows_every_message_and_is_passed() {
    let sandbox = after_factor(&[Interlude::DeviceGracePeriod]);
    let (outcome, person) = sign_bob_in(&sandbox);
    outcome.unwrap();
    assert!(person.was_notified("warning: Your device doesn't meet the security requirements."));
    assert!(person.was_notified("Update to Ubuntu 24"));
}

#[test]
fn device_warning_after_the_password_is_passed() {
    let sandbox = after_factor(&[Interlude::DeviceGracePeriod]);
    let carol = Person::new(&sandbox, "carol", &[]);
    sign_in(&account(&sandbox, "carol", SignInWay::Auto, None), &carol).unwrap();
    assert!(carol.was_notified("Update to Ubuntu 24"));
}

#[test]
fn safe_mode_is_polled_as_slowly_as_okta_says() {
    let sandbox = after_factor(&[Interlude::SafeMode; 3]);
    let (outcome, person) = sign_bob_in(&sandbox);
    outcome.unwrap();
    assert_eq!(person.waited.get().as_secs(), 6);
    assert!(person.was_notified("Unable to complete your request"));
}

#[test]
fn five_forms_in_a_row_are_posted_and_no_more() {
    sign_bob_in(&after_factor(&[Interlude::KeepMeSignedIn; 5]))
        .0
        .unwrap();
    let sandbox = after_factor(&[Interlude::SafeMode; 6]);
    let report = sign_bob_in(&sandbox).0.unwrap_err();
    assert_eq!(report.name(), "okta.idx.unexpected_step");
    assert!(
        report.causes.join(" ").contains("5 times in a row"),
        "{report:?}"
    );
    assert_eq!(sandbox.requests(Server::Org, "/idp/idx/poll").len(), 5);
    assert_eq!(sandbox.requests(Server::Org, "/idp/idx/cancel").len(), 1);
}

#[test]
fn terms_are_not_accepted_for_the_user() {
    let sandbox = after_factor(&[Interlude::Terms]);
    let report = sign_bob_in(&sandbox).0.unwrap_err();
    assert_eq!(
        (report.name(), report.exit),
        ("okta.idx.unknown_step", Exit::Refused)
    );
    assert!(report.causes.join(" ").contains("terms-of-service"));
    assert!(sandbox.requests(Server::Org, "/idp/idx/terms").is_empty());
}

/// Signs Bob in with a code and opens his first role, where the app asks for another code.
fn step_up(change: impl FnOnce(&mut Options)) -> (Result<(), Report>, Sandbox) {
    let mut options = Options {
        step_up: true,
        ..Options::default()
    };
    change(&mut options);
    let sandbox = Sandbox::with(options);
    let bob = sandbox.user("bob");
    let script = [Code(bob.totp_now()), Code(bob.totp_at(sandbox.now() + 30))];
    let person = Person::new(&sandbox, "bob", &script);
    let role = sandbox.roles("bob", AwsApp::Production).remove(0);
    let user_account = account(&sandbox, "bob", SignInWay::Auto, None);
    let outcome = credentials(
        &sandbox,
        &target(&sandbox, user_account, Some(&role)),
        &person,
        1,
    );
    (outcome, sandbox)
}

#[test]
fn a_step_up_named_only_in_the_address_goes_on() {
    for pipeline in PIPELINES {
        let (outcome, _) = step_up(|options| {
            options.pipeline = pipeline;
            options.step_up_by_address = true;
        });
        outcome.unwrap_or_else(|report| panic!("{pipeline:?}: {report:?}"));
    }
}

#[test]
fn a_step_up_without_a_way_back_opens_the_app_again() {
    for end in [StepUpEnd::SessionToken, StepUpEnd::Bare] {
        let (outcome, sandbox) = step_up(|options| options.step_up_end = end);
        outcome.unwrap_or_else(|report| panic!("{end:?}: {report:?}"));
        let last = sandbox
            .requests(Server::Org, "/home/amazon_aws")
            .pop()
            .unwrap();
        let has_token = last.query.contains("sessionToken=");
        assert_eq!(has_token, end == StepUpEnd::SessionToken);
    }
}

#[test]
fn a_search_box_beside_the_app_form_is_ignored() {
    for pipeline in PIPELINES {
        let sandbox = Sandbox::with(Options {
            pipeline,
            search_form: true,
            ..Options::default()
        });
        open_app(&sandbox).unwrap();
    }
}

fn open_app(sandbox: &Sandbox) -> Result<(), Report> {
    let person = Person::new(sandbox, "bob", &[Code(sandbox.user("bob").totp_now())]);
    let role = sandbox.roles("bob", AwsApp::Production).remove(0);
    let user_account = account(sandbox, "bob", SignInWay::Auto, None);
    credentials(
        sandbox,
        &target(sandbox, user_account, Some(&role)),
        &person,
        1,
    )
}

#[test]
fn a_refusing_page_is_quoted() {
    for (heading, text, name) in [
        (
            "App Access Locked",
            "Contact your administrator.",
            "okta.page.access_locked",
        ),
        (
            "You are not allowed to access this app.",
            "Ask the help desk.",
            "okta.status",
        ),
        (
            "Zugriff verweigert",
            "Bitte wenden Sie sich an die IT.",
            "okta.status",
        ),
    ] {
        for pipeline in PIPELINES {
            let sandbox = Sandbox::with(Options {
                pipeline,
                refused_app: Some((heading, text)),
                ..Options::default()
            });
            let report = open_app(&sandbox).unwrap_err();
            assert_eq!((report.name(), report.exit), (name, Exit::Refused));
            let causes = report.causes.join(" ");
            assert!(
                causes.contains(heading) && causes.contains(text),
                "{report:?}"
            );
            assert!(!report.hints.is_empty());
        }
    }
}
