//! Every factor with every outcome in both pipelines: a table of cases and how each must end.

use std::collections::BTreeMap;

use ob::report::Exit;
use ob::wire::SignInWay;
use ob_sandbox::{Fault, FaultKind, Options, Pipeline, PushOutcome, PushScript, Sandbox, Server};

use super::Reply::{After, Code, Leave, Sent};
use super::factors::right_answer;
use super::{Person, Reply, account, sign_in, times_sent};

/// Number of cases that [`every_factor_ends_as_expected_in_every_case`] runs.
pub(crate) const FACTOR_CASES: usize = 102;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    Right,
    Wrong,
    /// An answer that was right earlier: an old code, a used code, a push that is not answered.
    Expired,
    /// The right answer after the sign-in has expired.
    Late,
    /// The user stops waiting.
    Cancelled,
    /// Okta answers with an unknown error.
    Unknown,
}

const CASES: [Case; 6] = [
    Case::Right,
    Case::Wrong,
    Case::Expired,
    Case::Late,
    Case::Cancelled,
    Case::Unknown,
];

const FACTORS: [&str; 9] = [
    "push", "totp", "hotp", "token", "yubikey", "sms", "call", "email", "question",
];

/// How a case ends: the report's name and exit code, how often the answer was sent, how often the
/// transaction was cancelled at the server.
#[derive(Debug, PartialEq, Eq)]
struct Ends {
    with: Option<(&'static str, Exit)>,
    sent: usize,
    cancelled: usize,
}

fn ends(with: Option<(&'static str, Exit)>, sent: usize, cancelled: usize) -> Ends {
    Ends {
        with,
        sent,
        cancelled,
    }
}

fn refused(name: &'static str) -> Option<(&'static str, Exit)> {
    Some((name, Exit::Refused))
}

/// Returns the expected end, or `None` where the case does not exist.
fn expected_end(pipeline: Pipeline, factor: &str, case: Case) -> Option<Ends> {
    let classic = pipeline == Pipeline::V1;
    let is_push = factor == "push";
    Some(match case {
        Case::Right => ends(None, 1, 0),
        Case::Wrong if is_push => ends(refused("sign_in.push_refused"), 1, 1),
        Case::Wrong => ends(refused("okta.wrong_answer"), 1, 1),
        Case::Expired => {
            let name = match factor {
                "push" => "sign_in.push_refused",
                "totp" if classic => "okta.code_out_of_window",
                "hotp" | "yubikey" => "okta.code_used",
                "totp" | "sms" | "call" | "email" => "okta.wrong_answer",
                // Nothing about these factors expires but the sign-in itself.
                _ => return None,
            };
            ends(refused(name), 1, 1)
        }
        // The transaction is over at the server: Classic gets one more cancel, Identity Engine has
        // no handle left.
        Case::Late if is_push => return None,
        Case::Late => ends(
            Some(("okta.transaction_over", Exit::SignIn)),
            1,
            usize::from(classic),
        ),
        Case::Cancelled => ends(
            Some(("sign_in.unanswered", Exit::SignIn)),
            usize::from(is_push),
            1,
        ),
        Case::Unknown if classic => ends(refused("okta.other"), 1, 1),
        Case::Unknown => ends(refused("okta.idx.refused"), 1, 0),
    })
}

/// Prepares the sandbox for a case and returns the user's script.
fn prepare(sandbox: &Sandbox, pipeline: Pipeline, factor: &str, case: Case) -> Vec<Reply> {
    let judy = sandbox.user("judy");
    let sent = matches!(factor, "sms" | "call" | "email");
    let answer = || right_answer(sandbox, factor);
    match (case, factor) {
        (Case::Right, _) => answer(),
        (Case::Wrong, "push") => {
            sandbox.reject_push();
            vec![]
        }
        (Case::Wrong, _) => vec![Code("000wrong".into())],
        (Case::Expired, "push") => {
            sandbox.push(PushScript {
                outcome: PushOutcome::Never,
                ..PushScript::approve()
            });
            vec![]
        }
        (Case::Expired, "totp") => vec![Code(judy.totp_at(sandbox.now() - 120))],
        (Case::Expired, "hotp" | "yubikey") => {
            let earlier = Person::new(sandbox, "judy", &answer());
            let user_account = account(sandbox, "judy", SignInWay::Auto, Some(factor));
            sign_in(&user_account, &earlier).unwrap();
            sandbox.clear_log();
            answer()
        }
        (Case::Expired, _) => [vec![After(400)], answer()].concat(),
        (Case::Late, "totp") => vec![After(400), Code(judy.totp_at(sandbox.now() + 400))],
        (Case::Late, _) => [vec![After(400)], answer()].concat(),
        (Case::Cancelled, _) => vec![Leave],
        (Case::Unknown, _) => {
            let (path, code, body) = match (pipeline, factor) {
                (Pipeline::V1, _) => (
                    "/api/v1/authn/factors",
                    403,
                    r#"{"errorCode":"E0009999","errorSummary":"Something new"}"#,
                ),
                (_, "push") => ("/idp/idx/authenticators/poll", 400, UNKNOWN_ERROR),
                _ => ("/idp/idx/challenge/answer", 400, UNKNOWN_ERROR),
            };
            let kind = FaultKind::Status {
                code,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: body.into(),
            };
            // Classic uses the same link for requesting a code.
            let first = usize::from(pipeline == Pipeline::V1 && (sent || factor == "push"));
            sandbox.fault(Fault::org(path, kind).after(first));
            answer()
        }
    }
}

const UNKNOWN_ERROR: &str = r#"{"version":"1.0.0","messages":{"type":"array","value":[
    {"message":"Something new","i18n":{"key":"brand.new"},"class":"ERROR"}]}}"#;

/// Returns the text that is sent as the answer.
fn secret(sandbox: &Sandbox, factor: &str, script: &[Reply]) -> String {
    match script.last() {
        Some(Code(code)) => code.clone(),
        Some(Sent(by)) => sandbox.delivered("judy", by).unwrap_or_default(),
        _ => right_answer(sandbox, factor)
            .pop()
            .and_then(|reply| match reply {
                Code(code) => Some(code),
                _ => sandbox.delivered("judy", factor),
            })
            .unwrap_or_default(),
    }
}

fn run_case(pipeline: Pipeline, factor: &str, case: Case) -> Ends {
    let sandbox = Sandbox::with(Options {
        pipeline,
        // A code expires before the sign-in does, except in the case of a late answer.
        state_token_seconds: if case == Case::Late { 300 } else { 3000 },
        ..Options::default()
    });
    let script = prepare(&sandbox, pipeline, factor, case);
    let person = Person::new(&sandbox, "judy", &script);
    let user_account = account(&sandbox, "judy", SignInWay::Auto, Some(factor));
    let outcome = sign_in(&user_account, &person);
    let (cancel, polls, interval) = match pipeline {
        Pipeline::V1 => ("/api/v1/authn/cancel", "/api/v1/authn/factors", 2),
        Pipeline::Idx => ("/idp/idx/cancel", "/idp/idx/authenticators/poll", 4),
    };
    let sent = match factor {
        "push" => {
            let notices = person.notices.borrow();
            let pushes = notices
                .iter()
                .filter(|n| format!("{n:?}").contains("PushSent"));
            let polls = sandbox.requests(Server::Org, polls).len() as u64;
            let polls = polls - u64::from(pipeline == Pipeline::V1);
            let waited = person.waited.get().as_secs();
            assert!(polls * interval <= waited, "{polls} polls in {waited} s");
            assert!(waited <= 300 + interval, "{waited}");
            pushes.count()
        }
        _ => times_sent(&sandbox, &secret(&sandbox, factor, &script)),
    };
    let with = outcome.err().map(|report| {
        assert!(!report.hints.is_empty(), "{report:?}");
        let name: &'static str = Box::leak(report.name().to_owned().into_boxed_str());
        (name, report.exit)
    });
    ends(with, sent, sandbox.requests(Server::Org, cancel).len())
}

#[test]
fn every_factor_ends_as_expected_in_every_case() {
    let mut counted: BTreeMap<Case, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        for factor in FACTORS {
            for case in CASES {
                let Some(expected) = expected_end(pipeline, factor, case) else {
                    continue;
                };
                let found = run_case(pipeline, factor, case);
                if found != expected {
                    wrong.push(format!(
                        "{pipeline:?} {factor} {case:?}: {found:?}, not {expected:?}"
                    ));
                }
                *counted.entry(case).or_default() += 1;
            }
        }
    }
    let total: usize = counted.values().sum();
    println!("{total} cases: {counted:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(total, FACTOR_CASES);
}
