//! Security keys in both pipelines: a key made of software answers, the sandbox checks what it signed.

use ob::report::{Exit, Report};
use ob::wire::{Account, Ask, KeyChallenge, PinUse, SignInWay};
use ob_sandbox::{AwsApp, Options, Pipeline, Sandbox, Server};

use super::Says::{Code, Forge, Other, Pick, Touch};
use super::{Forgery, Person, Says, account, sign_in, target};

const PIPELINES: [Pipeline; 2] = [Pipeline::V1, Pipeline::Idx];

fn sandbox(pipeline: Pipeline, change: impl FnOnce(&mut Options)) -> Sandbox {
    let mut options = Options {
        pipeline,
        ..Options::default()
    };
    change(&mut options);
    Sandbox::with(options)
}

fn who(sandbox: &Sandbox, user: &str) -> Account {
    account(sandbox, user, SignInWay::Auto, Some("webauthn"))
}

/// What the key was asked.
fn asked(person: &Person<'_>) -> KeyChallenge {
    let asked = person.asked.borrow();
    let found = asked.iter().find_map(|ask| match ask {
        Ask::SecurityKey { challenge, .. } => Some(challenge.clone()),
        _ => None,
    });
    found.unwrap()
}

fn refusal(sandbox: &Sandbox, user: &str, says: Says) -> Report {
    let person = Person::new(sandbox, user, &[says]);
    sign_in(&who(sandbox, user), &person).unwrap_err()
}

/// How often the org was sent a key's answer.
fn answers(sandbox: &Sandbox) -> usize {
    super::times_sent(sandbox, "signatureData")
}

#[test]
fn a_key_signs_in_and_is_asked_for_this_org_and_its_own_credential() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        let session = sign_in(&who(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(session.factor(), Some("webauthn"));
        let asked = asked(&person);
        assert_eq!(asked.rp_id, "127.0.0.1");
        assert_eq!(asked.app_id, None);
        assert_eq!(asked.credential_ids.len(), 1);
        assert_eq!(asked.pin, PinUse::Preferred);
        assert!((1..=60).contains(&asked.seconds));
        let origin = format!("\"origin\":\"{}\"", sandbox.org_url());
        assert!(asked.client_data.contains(&origin), "{asked:?}");
        assert_eq!((answers(&sandbox), sandbox.key_refusals().len()), (1, 0));
    }
}

#[test]
fn any_of_several_keys_signs_in_and_they_are_one_question() {
    for pipeline in PIPELINES {
        for place in 0..3 {
            let sandbox = sandbox(pipeline, |_| {});
            let person = Person::new(&sandbox, "walter", &[Pick("webauthn"), Touch(place)]);
            let who = account(&sandbox, "walter", SignInWay::Auto, None);
            sign_in(&who, &person).unwrap();
            let asked = asked(&person);
            assert_eq!(asked.credential_ids.len(), 3);
            let choices = person.asked.borrow();
            let choices = choices.iter().find_map(|ask| match ask {
                Ask::Factor { choices } => Some(choices.len()),
                _ => None,
            });
            assert_eq!(choices, Some(2), "the keys are one choice, beside the push");
        }
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "walter", &[Touch(1)]);
        sign_in(&who(&sandbox, "walter"), &person).unwrap();
    }
}

#[test]
fn a_key_that_was_set_up_as_u2f_answers_for_its_app_id() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "uma", &[Touch(0)]);
        sign_in(&who(&sandbox, "uma"), &person).unwrap();
        assert_eq!(asked(&person).app_id, Some(sandbox.org_url()));
    }
}

#[test]
fn the_only_factor_is_taken_without_a_question_and_remembered_as_the_last_one() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "uma", &[Touch(0)]);
        let who = account(&sandbox, "uma", SignInWay::Auto, None);
        let session = sign_in(&who, &person).unwrap();
        assert_eq!(session.factor(), Some("webauthn"));
        assert_eq!(person.was_asked("which factor to use"), 0);
    }
}

#[test]
fn the_orgs_wish_for_a_pin_reaches_the_key_and_is_insisted_on_before_anything_is_sent() {
    for pipeline in PIPELINES {
        let required = |options: &mut Options| options.webauthn_user_verification = "required";
        let sandbox = sandbox(pipeline, required);
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        sign_in(&who(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(asked(&person).pin, PinUse::Required);

        sandbox.clear_log();
        let report = refusal(&sandbox, "wendy", Forge(Forgery::Unverified));
        assert_eq!(report.name(), "webauthn.not_verified", "{report:?}");
        assert_eq!(answers(&sandbox), 0);
    }
    let sandbox = sandbox(Pipeline::V1, |options| {
        options.webauthn_user_verification = "discouraged";
    });
    let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
    sign_in(&who(&sandbox, "wendy"), &person).unwrap();
    assert_eq!(asked(&person).pin, PinUse::Discouraged);
}

#[test]
fn an_answer_that_is_none_to_this_question_is_not_sent_and_the_transaction_ended() {
    for pipeline in PIPELINES {
        for forgery in [
            Forgery::Stranger,
            Forgery::OtherSite,
            Forgery::Untouched,
            Forgery::Garbage,
        ] {
            let sandbox = sandbox(pipeline, |_| {});
            let report = refusal(&sandbox, "wendy", Forge(forgery));
            assert_eq!(report.name(), "webauthn.answer", "{forgery:?} {report:?}");
            assert_eq!(answers(&sandbox), 0, "{forgery:?}");
            assert_eq!(cancels(&sandbox, pipeline), 1);
        }
    }
}

fn cancels(sandbox: &Sandbox, pipeline: Pipeline) -> usize {
    let path = match pipeline {
        Pipeline::V1 => "/api/v1/authn/cancel",
        Pipeline::Idx => "/idp/idx/cancel",
    };
    sandbox.requests(Server::Org, path).len()
}

#[test]
fn a_signature_okta_refuses_ends_it_by_name_and_is_sent_once() {
    for pipeline in PIPELINES {
        for forgery in [Forgery::WrongSignature, Forgery::Copy] {
            let sandbox = sandbox(pipeline, |_| {});
            // A copy is told by its count, which has to have been higher once.
            let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
            sign_in(&who(&sandbox, "wendy"), &person).unwrap();
            sandbox.clear_log();
            let report = refusal(&sandbox, "wendy", Forge(forgery));
            assert_eq!(report.name(), "okta.key_refused", "{forgery:?} {report:?}");
            assert_eq!(report.exit, Exit::Refused);
            assert_eq!(answers(&sandbox), 1, "{forgery:?}");
            assert_eq!(cancels(&sandbox, pipeline), 1);
            assert_eq!(sandbox.key_refusals().len(), 1);
        }
    }
}

#[test]
fn an_expired_challenge_and_a_cancelled_transaction_say_so() {
    for pipeline in PIPELINES {
        for forgery in [Forgery::TooLate, Forgery::Cancelled] {
            let sandbox = sandbox(pipeline, |_| {});
            let report = refusal(&sandbox, "wendy", Forge(forgery));
            assert_eq!(report.name(), "okta.transaction_over", "{report:?}");
            assert_eq!(report.exit, Exit::SignIn);
            assert_eq!(answers(&sandbox), 1);
        }
    }
}

#[test]
fn with_nobody_to_touch_it_nothing_is_sent_and_the_key_is_named() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&who(&sandbox, "wendy"), &person).unwrap_err();
        assert_eq!(report.exit, Exit::SignIn);
        let named = |cause: &String| cause.contains("the touch of a security key");
        assert!(report.causes.iter().any(named), "{report:?}");
        assert_eq!((answers(&sandbox), cancels(&sandbox, pipeline)), (0, 1));
    }
}

#[test]
fn another_factor_can_be_taken_instead_of_the_key() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let code = sandbox.user("wendy").totp_now();
        let script = [Other, Pick("totp"), Code(code)];
        let person = Person::new(&sandbox, "wendy", &script);
        let session = sign_in(&who(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(session.factor(), Some("totp"));
    }
}

#[test]
fn an_app_that_asks_for_a_factor_again_takes_a_key_as_well() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |options| options.step_up = true);
        let role = sandbox.roles("wendy", AwsApp::Production).remove(0);
        let target = target(&sandbox, who(&sandbox, "wendy"), Some(&role));
        let person = Person::new(&sandbox, "wendy", &[Touch(0), Touch(0)]);
        super::credentials(&sandbox, &target, &person, 1).unwrap();
        assert_eq!(person.was_asked("the touch of a security key"), 2);
        assert_eq!(person.was_asked("the password"), 1);
    }
}

#[test]
fn a_relying_party_that_is_not_the_org_is_refused_before_the_key_is_asked() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |options| {
            options.webauthn_rp_id = Some("evil.example".into());
        });
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        let report = sign_in(&who(&sandbox, "wendy"), &person).unwrap_err();
        assert_eq!(report.name(), "webauthn.relying_party", "{report:?}");
        assert_eq!(person.was_asked("the touch of a security key"), 0);
    }
}

#[test]
fn without_the_feature_the_key_is_listed_and_asking_for_it_says_what_to_do() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let mut who = who(&sandbox, "wendy");
        who.security_keys = false;
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&who, &person).unwrap_err();
        assert_eq!(report.name(), "security_key.not_built", "{report:?}");
        assert_eq!(report.exit, Exit::SignIn);
        assert!(
            report
                .hints
                .iter()
                .any(|hint| hint.contains("--features fido2"))
        );
        assert!(
            report
                .hints
                .iter()
                .any(|hint| hint.contains("sign_in = \"browser\""))
        );
        who.client_id = None;
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&who, &person).unwrap_err();
        assert!(
            report
                .hints
                .iter()
                .any(|hint| hint.contains("--factor totp"))
        );

        // Not named, it is passed over.
        who.factor = None;
        let code = sandbox.user("wendy").totp_now();
        let person = Person::new(&sandbox, "wendy", &[Code(code)]);
        sign_in(&who, &person).unwrap();
        assert_eq!(person.was_asked("which factor to use"), 0);
        who.username = Some("uma@acme.com".into());
        let person = Person::new(&sandbox, "uma", &[]);
        let report = sign_in(&who, &person).unwrap_err();
        assert_eq!(report.name(), "security_key.not_built", "{report:?}");
    }
}

#[test]
fn the_u2f_factor_of_old_is_listed_and_told_what_to_become() {
    let sandbox = sandbox(Pipeline::V1, |_| {});
    let mut who = account(&sandbox, "ursula", SignInWay::Auto, Some("u2f"));
    let person = Person::new(&sandbox, "ursula", &[]);
    let report = sign_in(&who, &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.factor_unusable");
    assert!(
        report.causes[1].contains("set the key up again as WebAuthn"),
        "{report:?}"
    );
    who.factor = None;
    let code = sandbox.user("ursula").totp_now();
    let person = Person::new(&sandbox, "ursula", &[Code(code)]);
    sign_in(&who, &person).unwrap();
}
