//! The Classic pipeline: each factor with a right and a wrong answer, and each status on the way.

use ob::report::Exit;
use ob::wire::{Ask, SignInWay};
use ob_sandbox::{Options, PushOutcome, PushScript, Sandbox, Server};

use super::Reply::{Again, Code, NewPassword, Other, Password, Pick, Resend, Sent};
use super::factors::{TYPED, right_answer};
use super::{Person, account, sign_in, sign_in_after, times_sent};

const WAY: SignInWay = SignInWay::Terminal;

#[test]
fn every_factor_with_the_right_answer_signs_in() {
    for factor in TYPED.into_iter().chain(["push"]) {
        let sandbox = Sandbox::start();
        let person = Person::new(&sandbox, "judy", &right_answer(&sandbox, factor));
        let session = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person);
        let session = session.unwrap_or_else(|report| panic!("{factor}: {report:?}"));
        assert_eq!(session.factor(), Some(factor));
        assert_eq!(person.times_asked("which factor to use"), 0);
    }
}

#[test]
fn wrong_answer_is_sent_once_and_ends_the_transaction() {
    for factor in TYPED {
        let sandbox = Sandbox::start();
        let person = Person::new(&sandbox, "judy", &[Code("000wrong".into())]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap_err();
        assert_eq!(report.name(), "okta.wrong_answer", "{factor}");
        assert_eq!(report.exit, Exit::Refused);
        assert_eq!(times_sent(&sandbox, "000wrong"), 1);
        assert_eq!(
            sandbox.requests(Server::Org, "/api/v1/authn/cancel").len(),
            1
        );
    }
}

#[test]
fn second_answer_to_the_same_factor_is_accepted() {
    for factor in TYPED {
        let sandbox = Sandbox::start();
        let mut script = vec![Code("000wrong".into())];
        // A code that was sent expires when the next one is sent.
        let sent = matches!(factor, "sms" | "call" | "email");
        script.extend(right_answer(&sandbox, factor));
        if sent {
            script.insert(1, Resend);
        }
        let person = Person::new(&sandbox, "judy", &script);
        let session = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person);
        session.unwrap_or_else(|report| panic!("{factor}: {report:?}"));
        assert!(person.was_notified("Invalid Passcode/Answer"));
    }
}

#[test]
fn unanswered_question_is_named_and_ends_the_transaction() {
    for factor in TYPED {
        let sandbox = Sandbox::start();
        let person = Person::new(&sandbox, "judy", &[]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap_err();
        assert_eq!(report.exit, Exit::SignIn, "{factor}");
        assert!(
            report
                .causes
                .iter()
                .any(|cause| cause.contains("the passcode")),
            "{report:?}"
        );
        assert_eq!(
            sandbox.requests(Server::Org, "/api/v1/authn/cancel").len(),
            1
        );
    }
}

#[test]
fn expired_code_and_expired_transaction_are_named() {
    let sandbox = Sandbox::with(Options {
        state_token_seconds: 0,
        ..Options::default()
    });
    let code = sandbox.user("judy").totp_now();
    let person = Person::new(&sandbox, "judy", &[Code(code)]);
    let report = sign_in(&account(&sandbox, "judy", WAY, Some("totp")), &person).unwrap_err();
    assert_eq!(report.name(), "okta.transaction_over");
    assert_eq!(report.exit, Exit::SignIn);

    let sandbox = Sandbox::start();
    let old = sandbox.user("judy").totp_at(sandbox.now() - 120);
    let person = Person::new(&sandbox, "judy", &[Code(old)]);
    let report = sign_in(&account(&sandbox, "judy", WAY, Some("totp")), &person).unwrap_err();
    assert_eq!(report.name(), "okta.code_out_of_window");
}

#[test]
fn unusable_factors_are_listed_last_and_refused() {
    let sandbox = Sandbox::start();
    let person = Person::new(
        &sandbox,
        "judy",
        &[
            Pick("question"),
            Code(sandbox.user("judy").security_answer.clone()),
        ],
    );
    sign_in(&account(&sandbox, "judy", WAY, None), &person).unwrap();
    let asked = person.asked.borrow();
    let Some(Ask::Factor { choices }) = asked.iter().find(|ask| matches!(ask, Ask::Factor { .. }))
    else {
        panic!("{asked:?}");
    };
    let unusable: Vec<bool> = choices
        .iter()
        .map(|choice| choice.unusable.is_some())
        .collect();
    assert_eq!(unusable.iter().filter(|unusable| **unusable).count(), 3);
    assert!(unusable.is_sorted(), "{choices:?}");

    for (factor, why) in [
        ("duo", "needs a browser"),
        ("claims_provider", "needs a browser"),
        ("token:telepathy", "unknown to ob"),
    ] {
        let person = Person::new(&sandbox, "judy", &[]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap_err();
        assert_eq!(report.name(), "sign_in.factor_unusable");
        assert_eq!(report.exit, Exit::Refused);
        assert_eq!(report.causes[1], why, "{report:?}");
    }
    let person = Person::new(&sandbox, "judy", &[]);
    let report = sign_in(
        &account(&sandbox, "judy", WAY, Some("carrier-pigeon")),
        &person,
    )
    .unwrap_err();
    assert_eq!(report.name(), "sign_in.no_such_factor");
}

#[test]
fn the_last_used_factor_is_offered_first() {
    let sandbox = Sandbox::start();
    let script = [Pick("sms"), Sent("sms")];
    let person = Person::new(&sandbox, "judy", &script);
    sign_in_after(&account(&sandbox, "judy", WAY, None), Some("sms"), &person).unwrap();
    let asked = person.asked.borrow();
    let first = asked.iter().find_map(|ask| match ask {
        Ask::Factor { choices } => Some(choices[0].label.clone()),
        _ => None,
    });
    assert!(first.unwrap().starts_with("text message"));
}

#[test]
fn a_code_is_sent_again_after_thirty_seconds_and_not_before() {
    for factor in ["sms", "call", "email"] {
        let sandbox = Sandbox::start();
        let sent: &'static str = factor;
        let person = Person::new(&sandbox, "judy", &[Resend, Sent(sent)]);
        sign_in(&account(&sandbox, "judy", WAY, Some(factor)), &person).unwrap();
        // Time that the test itself takes counts as waiting.
        let waited = person.waited.get().as_secs();
        assert!((1..=30).contains(&waited), "{waited}");
        let log = sandbox.requests(Server::Org, "/api/v1/authn/factors");
        assert!(log.iter().all(|request| request.status == Some(200)));
    }
}

#[test]
fn a_code_sent_by_an_earlier_sign_in_delays_this_one_once() {
    let sandbox = Sandbox::start();
    let user_account = account(&sandbox, "judy", WAY, Some("sms"));
    let _ = sign_in(&user_account, &Person::new(&sandbox, "judy", &[]));
    let person = Person::new(&sandbox, "judy", &[Sent("sms")]);
    sign_in(&user_account, &person).unwrap();
    assert_eq!(person.waited.get().as_secs(), 30);
}

#[test]
fn another_factor_can_be_taken_instead() {
    let sandbox = Sandbox::start();
    let judy = sandbox.user("judy");
    let script = [
        Other,
        Pick("email"),
        Other,
        Pick("totp"),
        Code(judy.totp_now()),
    ];
    let person = Person::new(&sandbox, "judy", &script);
    let session = sign_in(&account(&sandbox, "judy", WAY, Some("sms")), &person).unwrap();
    assert_eq!(session.factor(), Some("totp"));
}

#[test]
fn rejected_push_can_be_resent_or_replaced() {
    let sandbox = Sandbox::start();
    sandbox.reject_push();
    let judy = sandbox.user("judy");
    let script = [Again(true), Other, Pick("totp"), Code(judy.totp_now())];
    let person = Person::new(&sandbox, "judy", &script);
    sign_in(&account(&sandbox, "judy", WAY, Some("push")), &person).unwrap();

    let person = Person::new(&sandbox, "judy", &[Again(false)]);
    let report = sign_in(&account(&sandbox, "judy", WAY, Some("push")), &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.push_refused");
}

#[test]
fn unanswered_push_is_polled_slowly_and_until_its_end() {
    for outcome in [PushOutcome::Never, PushOutcome::TimeOut] {
        let sandbox = Sandbox::start();
        sandbox.push(PushScript {
            outcome,
            ..PushScript::approve()
        });
        let person = Person::new(&sandbox, "judy", &[]);
        let report = sign_in(&account(&sandbox, "judy", WAY, Some("push")), &person).unwrap_err();
        assert_eq!(report.name(), "sign_in.push_refused");
        let polls = sandbox.requests(Server::Org, "/api/v1/authn/factors").len() - 1;
        assert!(polls as u64 * 2 <= person.waited.get().as_secs(), "{polls}");
        assert!(person.waited.get().as_secs() <= 300);
    }
}

#[test]
fn push_number_is_shown_once_even_when_it_is_zero() {
    let sandbox = Sandbox::start();
    sandbox.push(PushScript::number(0));
    let person = Person::new(&sandbox, "judy", &[]);
    sign_in(&account(&sandbox, "judy", WAY, Some("push")), &person).unwrap();
    let notices = person.notices.borrow();
    let numbers = notices
        .iter()
        .filter(|notice| format!("{notice:?}").contains("NumberChallenge"));
    assert_eq!(numbers.count(), 1);
    assert!(format!("{notices:?}").contains("number: \"0\""));
}

#[test]
fn rsa_may_ask_for_a_new_pin() {
    let sandbox = Sandbox::with(Options {
        rsa_new_pin: true,
        ..Options::default()
    });
    let code = sandbox.user("judy").rsa_passcode.clone();
    let person = Person::new(&sandbox, "judy", &[Code(code.clone()), Code("4711".into())]);
    sign_in(&account(&sandbox, "judy", WAY, Some("token")), &person).unwrap();
    assert!(person.was_notified("Enter a new PIN"));
    let person = Person::new(&sandbox, "judy", &[Code(code)]);
    let report = sign_in(&account(&sandbox, "judy", WAY, Some("token")), &person).unwrap_err();
    assert_eq!(report.name(), "okta.new_pin_needed");
}

#[test]
fn the_password_may_be_a_later_factor() {
    let sandbox = Sandbox::start();
    let trent = sandbox.user("trent");
    let script = [Code(trent.totp_now()), Password(trent.password.clone())];
    let person = Person::new(&sandbox, "trent", &script);
    let session = sign_in(&account(&sandbox, "trent", WAY, Some("totp")), &person).unwrap();
    assert_eq!(session.factor(), Some("password"));
    assert_eq!(person.times_asked("the password"), 2);

    sandbox.forget_used_codes();
    let script = [Code(trent.totp_now()), Password("wrong".into())];
    let person = Person::new(&sandbox, "trent", &script);
    let report = sign_in(&account(&sandbox, "trent", WAY, None), &person).unwrap_err();
    assert_eq!(report.name(), "okta.wrong_answer");
}

#[test]
fn expired_password_is_changed_or_named() {
    let sandbox = Sandbox::start();
    let frank = sandbox.user("frank");
    let script = [
        NewPassword("short"),
        NewPassword("long enough"),
        Code(frank.totp_now()),
    ];
    let person = Person::new(&sandbox, "frank", &script);
    let user_account = account(&sandbox, "frank", WAY, None);
    sign_in(&user_account, &person).unwrap();
    assert!(person.was_notified("at least 8 characters"));
    // The new password is in force now.
    sandbox.forget_used_codes();
    let person =
        Person::new(&sandbox, "frank", &[Code(frank.totp_now())]).with_password("long enough");
    sign_in(&user_account, &person).unwrap();

    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "frank", &[]);
    let report = sign_in(&account(&sandbox, "frank", WAY, None), &person).unwrap_err();
    assert_eq!(report.name(), "okta.password_expired");
    assert_eq!(report.exit, Exit::SignIn);
    assert_eq!(
        sandbox.requests(Server::Org, "/api/v1/authn/cancel").len(),
        1
    );
}

#[test]
fn each_status_that_ends_a_sign_in_is_named() {
    let sandbox = Sandbox::start();
    for (user, name) in [
        ("erin", "okta.locked_out"),
        ("grace", "okta.mfa_enroll"),
        ("heidi", "sign_in.no_usable_factor"),
    ] {
        let person = Person::new(&sandbox, user, &[]);
        let report = sign_in(&account(&sandbox, user, WAY, None), &person).unwrap_err();
        assert_eq!(report.name(), name, "{report:?}");
        assert_eq!(report.exit, Exit::Refused);
        assert!(!report.hints.is_empty());
    }
    let person = Person::new(&sandbox, "alice", &[]).with_password("wrong-password");
    let report = sign_in(&account(&sandbox, "alice", WAY, None), &person).unwrap_err();
    assert_eq!(report.name(), "okta.sign_in_refused");
    assert_eq!(times_sent(&sandbox, "wrong-password"), 1);
}

#[test]
fn optional_enrolment_and_password_warning_are_skipped() {
    let sandbox = Sandbox::start();
    let oscar = Person::new(&sandbox, "oscar", &[]);
    sign_in(&account(&sandbox, "oscar", WAY, None), &oscar).unwrap();
    assert!(oscar.was_notified("set it up in the browser"));
    let ivan = Person::new(&sandbox, "ivan", &[Code(sandbox.user("ivan").totp_now())]);
    sign_in(&account(&sandbox, "ivan", WAY, None), &ivan).unwrap();
    assert!(ivan.was_notified("your password ends in 5 days"));
}

#[test]
fn device_is_remembered_only_where_the_policy_allows() {
    for allowed in [true, false] {
        let sandbox = Sandbox::with(Options {
            allow_remember_device: allowed,
            ..Options::default()
        });
        let person = Person::new(&sandbox, "judy", &[Sent("sms")]);
        sign_in(&account(&sandbox, "judy", WAY, Some("sms")), &person).unwrap();
        let log = sandbox.requests(Server::Org, "/api/v1/authn/factors");
        let asked = log
            .iter()
            .filter_map(|request| request.parameter("rememberDevice"));
        let expected: &[&str] = if allowed { &["true", "true"] } else { &[] };
        assert_eq!(asked.collect::<Vec<_>>(), expected);
    }
}
