//! Security keys in both pipelines: a software key answers, and the sandbox checks its signature.

use ob::report::{Exit, Report};
use ob::wire::{Account, Ask, KeyChallenge, PinUse, SignInWay};
use ob_sandbox::{AwsApp, Options, Pipeline, Sandbox, Server};

use super::Reply::{Code, Forge, Other, Pick, Touch};
use super::{Forgery, PIPELINES, Person, Reply, account, sign_in, target};

fn sandbox(pipeline: Pipeline, change: impl FnOnce(&mut Options)) -> Sandbox {
    let mut options = Options {
        pipeline,
        ..Options::default()
    };
    change(&mut options);
    Sandbox::with(options)
}

fn user_account(sandbox: &Sandbox, user: &str) -> Account {
    account(sandbox, user, SignInWay::Auto, Some("webauthn"))
}

/// Returns the challenge that the key received.
fn challenge(person: &Person<'_>) -> KeyChallenge {
    let challenge = person.asked.borrow();
    let found = challenge.iter().find_map(|ask| match ask {
        Ask::SecurityKey { challenge, .. } => Some(challenge.clone()),
        _ => None,
    });
    found.unwrap()
}

fn refusal(sandbox: &Sandbox, user: &str, reply: Reply) -> Report {
    let person = Person::new(sandbox, user, &[reply]);
    sign_in(&user_account(sandbox, user), &person).unwrap_err()
}

/// Counts the answers of a key that the org received.
fn answers_sent(sandbox: &Sandbox) -> usize {
    super::times_sent(sandbox, "signatureData")
}

#[test]
fn key_signs_in_for_this_org_and_its_own_credential() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        let session = sign_in(&user_account(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(session.factor(), Some("webauthn"));
        let challenge = challenge(&person);
        assert_eq!(challenge.rp_id, "127.0.0.1");
        assert_eq!(challenge.app_id, None);
        assert_eq!(challenge.credential_ids.len(), 1);
        assert_eq!(challenge.pin, PinUse::Preferred);
        assert!((1..=60).contains(&challenge.seconds));
        let origin = format!("\"origin\":\"{}\"", sandbox.org_url());
        assert!(challenge.client_data.contains(&origin), "{challenge:?}");
        assert_eq!(
            (answers_sent(&sandbox), sandbox.key_refusals().len()),
            (1, 0)
        );
    }
}

#[test]
fn any_of_several_keys_signs_in_as_one_choice() {
    for pipeline in PIPELINES {
        for place in 0..3 {
            let sandbox = sandbox(pipeline, |_| {});
            let person = Person::new(&sandbox, "walter", &[Pick("webauthn"), Touch(place)]);
            let user_account = account(&sandbox, "walter", SignInWay::Auto, None);
            sign_in(&user_account, &person).unwrap();
            let challenge = challenge(&person);
            assert_eq!(challenge.credential_ids.len(), 3);
            let choices = person.asked.borrow();
            let choices = choices.iter().find_map(|ask| match ask {
                Ask::Factor { choices } => Some(choices.len()),
                _ => None,
            });
            assert_eq!(choices, Some(2), "the keys are one choice, beside the push");
        }
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "walter", &[Touch(1)]);
        sign_in(&user_account(&sandbox, "walter"), &person).unwrap();
    }
}

#[test]
fn key_enrolled_as_u2f_answers_for_its_app_id() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "uma", &[Touch(0)]);
        sign_in(&user_account(&sandbox, "uma"), &person).unwrap();
        assert_eq!(challenge(&person).app_id, Some(sandbox.org_url()));
    }
}

#[test]
fn only_factor_is_used_without_asking_and_remembered() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "uma", &[Touch(0)]);
        let user_account = account(&sandbox, "uma", SignInWay::Auto, None);
        let session = sign_in(&user_account, &person).unwrap();
        assert_eq!(session.factor(), Some("webauthn"));
        assert_eq!(person.times_asked("which factor to use"), 0);
    }
}

#[test]
fn pin_requirement_reaches_the_key_and_is_enforced() {
    for pipeline in PIPELINES {
        let required = |options: &mut Options| options.webauthn_user_verification = "required";
        let sandbox = sandbox(pipeline, required);
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        sign_in(&user_account(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(challenge(&person).pin, PinUse::Required);

        sandbox.clear_log();
        let report = refusal(&sandbox, "wendy", Forge(Forgery::Unverified));
        assert_eq!(report.name(), "webauthn.not_verified", "{report:?}");
        assert_eq!(answers_sent(&sandbox), 0);
    }
    let sandbox = sandbox(Pipeline::V1, |options| {
        options.webauthn_user_verification = "discouraged";
    });
    let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
    sign_in(&user_account(&sandbox, "wendy"), &person).unwrap();
    assert_eq!(challenge(&person).pin, PinUse::Discouraged);
}

#[test]
fn mismatched_answer_is_not_sent_and_ends_transaction() {
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
            assert_eq!(answers_sent(&sandbox), 0, "{forgery:?}");
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
fn refused_signature_is_sent_once_and_named() {
    for pipeline in PIPELINES {
        for forgery in [Forgery::WrongSignature, Forgery::Copy] {
            let sandbox = sandbox(pipeline, |_| {});
            // A copy is recognised by its counter, which must have been higher before.
            let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
            sign_in(&user_account(&sandbox, "wendy"), &person).unwrap();
            sandbox.clear_log();
            let report = refusal(&sandbox, "wendy", Forge(forgery));
            assert_eq!(report.name(), "okta.key_refused", "{forgery:?} {report:?}");
            assert_eq!(report.exit, Exit::Refused);
            assert_eq!(answers_sent(&sandbox), 1, "{forgery:?}");
            assert_eq!(cancels(&sandbox, pipeline), 1);
            assert_eq!(sandbox.key_refusals().len(), 1);
        }
    }
}

#[test]
fn expired_challenge_and_cancelled_transaction_are_named() {
    for pipeline in PIPELINES {
        for forgery in [Forgery::TooLate, Forgery::Cancelled] {
            let sandbox = sandbox(pipeline, |_| {});
            let report = refusal(&sandbox, "wendy", Forge(forgery));
            assert_eq!(report.name(), "okta.transaction_over", "{report:?}");
            assert_eq!(report.exit, Exit::SignIn);
            assert_eq!(answers_sent(&sandbox), 1);
        }
    }
}

#[test]
fn untouched_key_is_named_and_nothing_is_sent() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&user_account(&sandbox, "wendy"), &person).unwrap_err();
        assert_eq!(report.exit, Exit::SignIn);
        let named = |cause: &String| cause.contains("the touch of a security key");
        assert!(report.causes.iter().any(named), "{report:?}");
        assert_eq!(
            (answers_sent(&sandbox), cancels(&sandbox, pipeline)),
            (0, 1)
        );
    }
}

#[test]
fn another_factor_can_be_taken_instead_of_the_key() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let code = sandbox.user("wendy").totp_now();
        let script = [Other, Pick("totp"), Code(code)];
        let person = Person::new(&sandbox, "wendy", &script);
        let session = sign_in(&user_account(&sandbox, "wendy"), &person).unwrap();
        assert_eq!(session.factor(), Some("totp"));
    }
}

#[test]
fn an_app_that_asks_for_a_factor_again_takes_a_key_as_well() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |options| options.step_up = true);
        let role = sandbox.roles("wendy", AwsApp::Production).remove(0);
        let target = target(&sandbox, user_account(&sandbox, "wendy"), Some(&role));
        let person = Person::new(&sandbox, "wendy", &[Touch(0), Touch(0)]);
        super::credentials(&sandbox, &target, &person, 1).unwrap();
        assert_eq!(person.times_asked("the touch of a security key"), 2);
        assert_eq!(person.times_asked("the password"), 1);
    }
}

#[test]
fn foreign_relying_party_is_refused_before_the_key() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |options| {
            options.webauthn_rp_id = Some("evil.example".into());
        });
        let person = Person::new(&sandbox, "wendy", &[Touch(0)]);
        let report = sign_in(&user_account(&sandbox, "wendy"), &person).unwrap_err();
        assert_eq!(report.name(), "webauthn.relying_party", "{report:?}");
        assert_eq!(person.times_asked("the touch of a security key"), 0);
    }
}

#[test]
fn without_the_feature_a_key_is_listed_with_hints() {
    for pipeline in PIPELINES {
        let sandbox = sandbox(pipeline, |_| {});
        let mut user_account = user_account(&sandbox, "wendy");
        user_account.security_keys = false;
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&user_account, &person).unwrap_err();
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
        user_account.client_id = None;
        let person = Person::new(&sandbox, "wendy", &[]);
        let report = sign_in(&user_account, &person).unwrap_err();
        assert!(
            report
                .hints
                .iter()
                .any(|hint| hint.contains("--factor totp"))
        );

        // When it is not named, it is skipped.
        user_account.factor = None;
        let code = sandbox.user("wendy").totp_now();
        let person = Person::new(&sandbox, "wendy", &[Code(code)]);
        sign_in(&user_account, &person).unwrap();
        assert_eq!(person.times_asked("which factor to use"), 0);
        user_account.username = Some("uma@acme.com".into());
        let person = Person::new(&sandbox, "uma", &[]);
        let report = sign_in(&user_account, &person).unwrap_err();
        assert_eq!(report.name(), "security_key.not_built", "{report:?}");
    }
}

#[test]
fn legacy_u2f_factor_is_listed_with_a_hint() {
    let sandbox = sandbox(Pipeline::V1, |_| {});
    let mut user_account = account(&sandbox, "ursula", SignInWay::Auto, Some("u2f"));
    let person = Person::new(&sandbox, "ursula", &[]);
    let report = sign_in(&user_account, &person).unwrap_err();
    assert_eq!(report.name(), "sign_in.factor_unusable");
    assert!(
        report.causes[1].contains("set the key up again as WebAuthn"),
        "{report:?}"
    );
    user_account.factor = None;
    let code = sandbox.user("ursula").totp_now();
    let person = Person::new(&sandbox, "ursula", &[Code(code)]);
    sign_in(&user_account, &person).unwrap();
}
