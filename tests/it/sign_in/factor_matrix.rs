//! Every factor with every way it can go, in both pipelines: one table, and what each cell must end in.

use std::collections::BTreeMap;

use ob::report::Exit;
use ob::wire::SignInWay;
use ob_sandbox::{Fault, FaultKind, Options, Pipeline, PushOutcome, PushScript, Sandbox, Server};

use super::Says::{After, Code, Leave, Sent};
use super::{Person, Says, account, sign_in, times_sent};

/// What the last count of [`every_factor_ends_as_designed_however_it_goes`] was.
pub(crate) const CELLS: usize = 102;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Case {
    Right,
    Wrong,
    /// An answer that was right once: an old code, one that was used, a push that nobody answers.
    Expired,
    /// The right answer after the sign-in has run out.
    Late,
    /// Whoever is asked goes away.
    Cancelled,
    /// Okta answers with what nobody has heard of.
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

/// How a cell ends: the report's name and exit, how often the answer went out, how often the transaction was
/// called off at the server.
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

/// The table: `None` where there is no such case.
fn designed(pipeline: Pipeline, factor: &str, case: Case) -> Option<Ends> {
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
                // Nothing about these grows old but the sign-in itself.
                _ => return None,
            };
            ends(refused(name), 1, 1)
        }
        // The transaction is over at the server: Classic is told so once more, Identity Engine has no handle left.
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

fn right(sandbox: &Sandbox, factor: &str) -> Option<Says> {
    let judy = sandbox.user("judy");
    Some(match factor {
        "push" => return None,
        "totp" => Code(judy.totp_now()),
        "hotp" => Code(judy.hotp_at(1)),
        "token" => Code(judy.rsa_passcode.clone()),
        "yubikey" => Code(judy.yubikey_otp.clone()),
        "sms" => Sent("sms"),
        "call" => Sent("call"),
        "email" => Sent("email"),
        _ => Code(judy.security_answer.clone()),
    })
}

/// What the person says, and what of the world is changed for it.
fn stage(sandbox: &Sandbox, pipeline: Pipeline, factor: &str, case: Case) -> Vec<Says> {
    let judy = sandbox.user("judy");
    let sent = matches!(factor, "sms" | "call" | "email");
    let answer = || right(sandbox, factor).into_iter().collect::<Vec<_>>();
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
            let who = account(sandbox, "judy", SignInWay::Auto, Some(factor));
            sign_in(&who, &earlier).unwrap();
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
                (_, "push") => ("/idp/idx/authenticators/poll", 400, UNHEARD),
                _ => ("/idp/idx/challenge/answer", 400, UNHEARD),
            };
            let kind = FaultKind::Status {
                code,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: body.into(),
            };
            // Classic's link of a factor serves for ordering a code too.
            let first = usize::from(pipeline == Pipeline::V1 && (sent || factor == "push"));
            sandbox.fault(Fault::org(path, kind).after(first));
            answer()
        }
    }
}

const UNHEARD: &str = r#"{"version":"1.0.0","messages":{"type":"array","value":[
    {"message":"Something new","i18n":{"key":"brand.new"},"class":"ERROR"}]}}"#;

/// The text that goes over the wire as the answer.
fn secret(sandbox: &Sandbox, factor: &str, script: &[Says]) -> String {
    match script.last() {
        Some(Code(code)) => code.clone(),
        Some(Sent(by)) => sandbox.delivered("judy", by).unwrap_or_default(),
        _ => right(sandbox, factor)
            .and_then(|says| match says {
                Code(code) => Some(code),
                _ => sandbox.delivered("judy", factor),
            })
            .unwrap_or_default(),
    }
}

fn cell(pipeline: Pipeline, factor: &str, case: Case) -> Ends {
    let sandbox = Sandbox::with(Options {
        pipeline,
        // A code grows old before the sign-in does, except where that is what is tried.
        state_token_seconds: if case == Case::Late { 300 } else { 3000 },
        ..Options::default()
    });
    let script = stage(&sandbox, pipeline, factor, case);
    let person = Person::new(&sandbox, "judy", &script);
    let who = account(&sandbox, "judy", SignInWay::Auto, Some(factor));
    let outcome = sign_in(&who, &person);
    let (cancel, polls, pace) = match pipeline {
        Pipeline::V1 => ("/api/v1/authn/cancel", "/api/v1/authn/factors", 2),
        Pipeline::Idx => ("/idp/idx/cancel", "/idp/idx/authenticators/poll", 4),
    };
    let sent = match factor {
        "push" => {
            let told = person.told.borrow();
            let pushes = told
                .iter()
                .filter(|n| format!("{n:?}").contains("PushSent"));
            let polls = sandbox.requests(Server::Org, polls).len() as u64;
            let polls = polls - u64::from(pipeline == Pipeline::V1);
            let waited = person.waited.get().as_secs();
            assert!(polls * pace <= waited, "{polls} polls in {waited} s");
            assert!(waited <= 300 + pace, "{waited}");
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
fn every_factor_ends_as_designed_however_it_goes() {
    let mut counted: BTreeMap<Case, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        for factor in FACTORS {
            for case in CASES {
                let Some(expected) = designed(pipeline, factor, case) else {
                    continue;
                };
                let found = cell(pipeline, factor, case);
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
    println!("{total} cells: {counted:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(total, CELLS);
}
