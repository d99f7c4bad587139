//! Servers that stumble: what may be asked again is, three times at most; a password never.

use std::thread;

use ob_sandbox::{Fault, FaultKind, Server};

use super::{Expected, exec, failed, passwords, status, succeeded, unreachable};
use crate::support::{TestEnv, counted};

/// What the app's page answers, how often, how often it is then asked, and how that ends.
fn stumbles() -> [(&'static str, FaultKind, usize, usize, Option<Expected>); 16] {
    let down = |says| Some(unreachable("okta.server_error", says));
    let spent = || {
        Some(Expected {
            exit: 4,
            error: "okta.session_unknown",
            says: "does not know the session",
        })
    };
    let limited = |reset_in| FaultKind::RateLimited { reset_in };
    let waits = |header: &str, value: &str| FaultKind::Status {
        code: 429,
        headers: vec![(header.to_owned(), value.to_owned())],
        body: Vec::new(),
    };
    [
        ("500 once", status(500, ""), 1, 2, None),
        ("500 twice", status(500, ""), 2, 3, None),
        ("500 for good", status(500, ""), usize::MAX, 3, down("500")),
        ("502 once", status(502, "<html>"), 1, 2, None),
        (
            "502 for good",
            status(502, "<html>"),
            usize::MAX,
            3,
            down("502"),
        ),
        ("503 once", status(503, ""), 1, 2, None),
        ("503 for good", status(503, ""), usize::MAX, 3, down("503")),
        // The page opens the session too, by a token that is good once: it may have been taken and the answer lost.
        ("closed once", FaultKind::CloseBeforeAnswer, 1, 2, spent()),
        (
            "live, closed once",
            FaultKind::CloseBeforeAnswer,
            1,
            2,
            None,
        ),
        (
            "closed for good",
            FaultKind::CloseBeforeAnswer,
            usize::MAX,
            3,
            Some(unreachable("http.broken_off", "")),
        ),
        ("cut once", FaultKind::CutAfter(40), 1, 2, spent()),
        ("live, cut once", FaultKind::CutAfter(40), 1, 2, None),
        ("a limit without a time, once", limited(None), 1, 2, None),
        ("a limit of the past, once", limited(Some(-60)), 1, 2, None),
        ("Retry-After, once", waits("Retry-After", "1"), 1, 2, None),
        (
            "Retry-After of an hour",
            waits("Retry-After", "3600"),
            usize::MAX,
            1,
            Some(unreachable("okta.rate_limited", "3600 s")),
        ),
    ]
}

#[test]
fn a_page_is_asked_for_three_times_at_most_and_the_password_sent_once() {
    // They mostly wait, so all of them do at once.
    thread::scope(|scope| {
        for (case, kind, times, asked, outcome) in counted::<16, _>(stumbles()) {
            scope.spawn(move || {
                let env = TestEnv::of("carol").configured();
                let live = case.starts_with("live");
                if live {
                    env.sign_in();
                    env.sandbox.clear_log();
                }
                env.sandbox.fault(Fault::org("/home/", kind).times(times));
                let ended = exec(&env);
                match &outcome {
                    None => succeeded(&env, &ended, case),
                    Some(expected) => failed(&env, &ended, expected, case),
                }
                let requests = env.sandbox.requests(Server::Org, "/home/");
                assert_eq!(requests.len(), asked, "{case}");
                assert_eq!(passwords(&env), usize::from(!live), "{case}");
            });
        }
    });
}
