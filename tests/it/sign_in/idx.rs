//! Identity Engine in the terminal: each factor with a right and a wrong answer, and each variant
//! of the flow.

use ob::report::{Exit, Report};
use ob::wire::{Ask, SignInWay};
use ob_sandbox::{
    AwsApp, Fault, FaultKind, Options, Pipeline, PushOutcome, PushScript, Sandbox, Server,
};

use super::Reply::{Again, Code, NewPassword, Other, Pick, Resend};
use super::factors::{TYPED, right_answer};
use super::{Person, account, sign_in, target, times_sent};

const WAY: SignInWay = SignInWay::Auto;

fn sandbox(change: impl FnOnce(&mut Options)) -> Sandbox {
    let mut options = Options {
        pipeline: Pipeline::Idx,
        ..Options::default()
    };
    change(&mut options);
    Sandbox::with(options)
}

#[test]
fn every_factor_with_the_right_answer_signs_in() {
    for factor in TYPED.into_iter().chain(["push"]) {
        let sandbox = sandbox(|_| {});
        let person = Person::new(&sandbox, "judy", &right_answer(&sandbox, factor));
        let session = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person);
        let session = session.unwrap_or_else(|report| panic!("{factor}: {report:?}"));
        assert_eq!(session.factor(), Some(factor));
        assert!(sandbox.requests(Server::Org, "/api/v1/authn").is_empty());
    }
}

#[test]
fn wrong_answer_is_sent_once_and_ends_the_transaction() {
    for factor in TYPED {
        let sandbox = sandbox(|_| {});
        let person = Person::new(&sandbox, "judy", &[Code("000wrong".into())]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap_err();
        assert_eq!(report.name(), "okta.wrong_answer", "{factor}");
        assert_eq!(times_sent(&sandbox, "000wrong"), 1);
        assert_eq!(sandbox.requests(Server::Org, "/idp/idx/cancel").len(), 1);
    }
}

#[test]
fn second_answer_is_accepted() {
    for factor in TYPED {
        let sandbox = sandbox(|_| {});
        let mut script = vec![Code("000wrong".into())];
        script.extend(right_answer(&sandbox, factor));
        let person = Person::new(&sandbox, "judy", &script);
        sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person)
            .unwrap_or_else(|report| panic!("{factor}: {report:?}"));
        assert!(person.was_notified("Invalid code"));
    }
}

#[test]
fn unanswered_question_is_named_and_sends_nothing_more() {
    for factor in TYPED {
        let sandbox = sandbox(|_| {});
        let person = Person::new(&sandbox, "judy", &[]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap_err();
        assert_eq!(report.exit, Exit::SignIn, "{factor}");
        assert!(
            report
                .causes
                .iter()
                .any(|cause| cause.contains("the passcode"))
        );
        assert!(
            sandbox
                .requests(Server::Org, "/idp/idx/challenge/answer")
                .is_empty()
        );
    }
}

#[test]
fn every_variant_of_the_flow_leads_to_a_session() {
    let changes: [fn(&mut Options); 4] = [
        |_| {},
        |options| options.idx_identifier_first = true,
        |options| options.idx_device_probe = true,
        |options| options.idx_success_remediation = true,
    ];
    for change in changes {
        let sandbox = sandbox(change);
        let person = Person::new(&sandbox, "bob", &[Code(sandbox.user("bob").totp_now())]);
        sign_in(&account(&sandbox, "bob", WAY, None), &person).unwrap();
        let carol = Person::new(&sandbox, "carol", &[]);
        sign_in(&account(&sandbox, "carol", WAY, None), &carol).unwrap();
    }
}

#[test]
fn a_wrong_password_is_sent_once_in_both_forms() {
    for first in [true, false] {
        let sandbox = sandbox(|options| options.idx_identifier_first = first);
        let person = Person::new(&sandbox, "alice", &[]).with_password("wrong-password");
        let report = sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap_err();
        assert_eq!(report.name(), "okta.sign_in_refused");
        assert_eq!(times_sent(&sandbox, "wrong-password"), 1);
        assert_eq!(person.times_asked("the password"), 1);
    }
}

#[test]
fn unusable_factors_are_listed_last_and_refused() {
    let sandbox = sandbox(|_| {});
    let answer = sandbox.user("judy").security_answer.clone();
    let person = Person::new(&sandbox, "judy", &[Pick("question"), Code(answer)]);
    sign_in(&account(&sandbox, "judy", WAY, None), &person).unwrap();
    let asked = person.asked.borrow();
    let choices = asked.iter().find_map(|ask| match ask {
        Ask::Factor { choices } => Some(choices),
        _ => None,
    });
    let unusable: Vec<bool> = choices
        .unwrap()
        .iter()
        .map(|c| c.unusable.is_some())
        .collect();
    assert_eq!(unusable.iter().filter(|unusable| **unusable).count(), 3);
    assert!(unusable.is_sorted());
    let person = Person::new(&sandbox, "judy", &[]);
    let user_account = account(&sandbox, "judy", WAY, Some("Duo Security"));
    let report = sign_in(&user_account, &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.factor_unusable");
}

#[test]
fn an_expired_transaction_says_so() {
    let sandbox = sandbox(|options| options.state_token_seconds = 0);
    let person = Person::new(&sandbox, "bob", &[]);
    let report = sign_in(&account(&sandbox, "bob", WAY, None), &person).unwrap_err();
    assert_eq!(report.name(), "okta.transaction_over");
    assert_eq!(report.exit, Exit::SignIn);
}

#[test]
fn code_is_resent_after_30_s_and_factor_can_be_changed() {
    let sandbox = sandbox(|_| {});
    let judy = sandbox.user("judy");
    let script = [
        Resend,
        Code("000wrong".into()),
        Other,
        Pick("email"),
        Other,
        Pick("totp"),
        Code(judy.totp_at(sandbox.now() + 30)),
    ];
    let person = Person::new(&sandbox, "judy", &script);
    let session = sign_in(&account(&sandbox, "judy", WAY, Some("sms")), &person).unwrap();
    assert_eq!(session.factor(), Some("totp"));
    // Time that the test itself takes counts as waiting.
    assert!((1..=30).contains(&person.waited.get().as_secs()));
    let log = sandbox.requests(Server::Org, "/idp/idx/");
    assert!(log.iter().all(|request| request.status != Some(429)));
}

#[test]
fn push_shows_its_number_can_be_resent_and_times_out() {
    let sandbox = sandbox(|_| {});
    sandbox.push(PushScript::number(0));
    let person = Person::new(&sandbox, "judy", &[]);
    let user_account = account(&sandbox, "judy", WAY, Some("push"));
    sign_in(&user_account, &person).unwrap();
    assert!(person.was_notified("number: \"0\""));

    sandbox.reject_push();
    let script = [
        Again(true),
        Other,
        Pick("totp"),
        Code(sandbox.user("judy").totp_now()),
    ];
    let person = Person::new(&sandbox, "judy", &script);
    // The clock moves with the polls, so the code may have expired when it is sent.
    let report = sign_in(&user_account, &person).err();
    assert!(report.is_none_or(|report| report.name() == "okta.wrong_answer"));
    assert_eq!(person.times_asked("whether to send the push again"), 2);

    sandbox.push(PushScript {
        outcome: PushOutcome::Never,
        ..PushScript::approve()
    });
    sandbox.clear_log();
    let person = Person::new(&sandbox, "judy", &[]);
    let report = sign_in(&user_account, &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.push_refused");
    let polls = sandbox
        .requests(Server::Org, "/idp/idx/authenticators/poll")
        .len() as u64;
    assert!(polls * 4 <= person.waited.get().as_secs(), "{polls}");
    assert!(person.waited.get().as_secs() <= 300);
}

#[test]
fn each_state_that_ends_or_delays_a_sign_in_is_named() {
    let sandbox = sandbox(|_| {});
    for (user, name) in [
        ("erin", "okta.account_locked"),
        ("grace", "okta.mfa_enroll"),
        ("heidi", "sign_in.no_usable_factor"),
    ] {
        let person = Person::new(&sandbox, user, &[]);
        let report = sign_in(&account(&sandbox, user, WAY, None), &person).unwrap_err();
        assert_eq!(report.name(), name, "{report:?}");
        assert_eq!(report.exit, Exit::Refused);
    }
    let oscar = Person::new(&sandbox, "oscar", &[]);
    sign_in(&account(&sandbox, "oscar", WAY, None), &oscar).unwrap();
    let ivan = Person::new(&sandbox, "ivan", &[Code(sandbox.user("ivan").totp_now())]);
    sign_in(&account(&sandbox, "ivan", WAY, None), &ivan).unwrap();
    assert!(ivan.was_notified("your password ends in 5 days"));
    assert!(ivan.was_notified("you will be locked out"));
    assert_eq!(ivan.times_asked("a new password"), 0);
}

#[test]
fn expired_password_is_changed_or_named() {
    let sandbox = sandbox(|_| {});
    let frank = sandbox.user("frank");
    let script = [
        NewPassword("short"),
        NewPassword("long enough"),
        Code(frank.totp_now()),
    ];
    let person = Person::new(&sandbox, "frank", &script);
    let user_account = account(&sandbox, "frank", WAY, None);
    sign_in(&user_account, &person).unwrap();
    assert!(person.was_notified("has expired and must be changed"));
    assert!(person.was_notified("at least 8 characters"));
    for new in ["\"short\"", "\"long enough\""] {
        assert_eq!(times_sent(&sandbox, new), 1, "{new}");
    }
    // The new password is in force now.
    sandbox.forget_used_codes();
    let person =
        Person::new(&sandbox, "frank", &[Code(frank.totp_now())]).with_password("long enough");
    sign_in(&user_account, &person).unwrap();
}

#[test]
fn unchanged_expired_password_ends_the_transaction() {
    for (script, name, exit) in [
        (&[][..], "okta.password_expired", Exit::SignIn),
        (
            &[NewPassword("short")],
            "okta.password_policy",
            Exit::Refused,
        ),
    ] {
        let sandbox = sandbox(|_| {});
        let person = Person::new(&sandbox, "frank", script);
        let report = sign_in(&account(&sandbox, "frank", WAY, None), &person).unwrap_err();
        assert_eq!((report.name(), report.exit), (name, exit), "{report:?}");
        assert!(
            report
                .causes
                .iter()
                .any(|cause| cause.contains("a new password"))
        );
        assert_eq!(sandbox.requests(Server::Org, "/idp/idx/cancel").len(), 1);
    }
}

#[test]
fn html_instead_of_json_needs_a_browser() {
    let sandbox = sandbox(|_| {});
    sandbox.fault(Fault::org(
        "/idp/idx/introspect",
        FaultKind::HtmlInsteadOfJson,
    ));
    let person = Person::new(&sandbox, "bob", &[]);
    let mut user_account = account(&sandbox, "bob", WAY, None);
    user_account.client_id = None;
    let report = sign_in(&user_account, &person).unwrap_err();
    assert_eq!(report.name(), "okta.idx.wants_browser");
    assert!(report.hints.iter().any(|hint| hint.contains("client_id")));
    assert_eq!(person.times_asked("the password"), 0);
}

fn credentials(sandbox: &Sandbox, person: &Person<'_>, app: Option<String>) -> Result<(), Report> {
    let role = sandbox.roles("bob", AwsApp::Production).remove(0);
    let mut target = target(sandbox, account(sandbox, "bob", WAY, None), Some(&role));
    target.app = app;
    super::credentials(sandbox, &target, person, 1)
}

#[test]
fn a_sign_in_begun_at_the_app_ends_at_its_form() {
    let sandbox = sandbox(|_| {});
    let app = sandbox.app_url(AwsApp::Production);
    let person = Person::new(&sandbox, "bob", &[Code(sandbox.user("bob").totp_now())]);
    credentials(&sandbox, &person, Some(app)).unwrap();
    let paths: Vec<String> = sandbox
        .requests(Server::Org, "/")
        .into_iter()
        .map(|request| request.path)
        .collect();
    // The pipeline query; page, introspect, identify, pick, answer, redirect and the form it leads
    // to; the sign-out.
    assert_eq!(paths.len(), 9, "{paths:?}");
    assert_eq!(sandbox.handshakes(Server::Org), 1);
}

#[test]
fn an_app_that_asks_for_more_is_answered_within_the_session() {
    let sandbox = sandbox(|options| options.step_up = true);
    let bob = sandbox.user("bob");
    let script = [Code(bob.totp_now()), Code(bob.totp_at(sandbox.now() + 30))];
    let person = Person::new(&sandbox, "bob", &script);
    credentials(&sandbox, &person, None).unwrap();
    assert_eq!(person.times_asked("the password"), 1);
    assert_eq!(person.times_asked("the passcode"), 2);
}

#[test]
fn html_instead_of_json_opens_the_configured_browser() {
    let sandbox = sandbox(|_| {});
    sandbox.fault(Fault::org(
        "/idp/idx/introspect",
        FaultKind::HtmlInsteadOfJson,
    ));
    let person = Person::new(&sandbox, "alice", &[]);
    sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap();
    assert_eq!(person.times_asked("a person at a browser"), 1);
}
