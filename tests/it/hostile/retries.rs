//! Temporary server errors: idempotent requests are repeated, three times at most; a password is
//! never sent again.

use std::thread;

use ob_sandbox::{Fault, FaultKind, Server};

use super::{Expected, exec, failed, status, succeeded, unreachable};
use crate::support::{TestEnv, counted};

/// The page's answer, how often it is given, how often the page is then requested, and the outcome.
fn cases() -> [(&'static str, FaultKind, usize, usize, Option<Expected>); 16] {
    let down = |expected_text| Some(unreachable("okta.server_error", expected_text));
    let token_redeemed = || {
        Some(Expected {
            exit: 4,
            error: "okta.session_unknown",
            expected_text: "does not know the session",
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
        // The page redeems a one-time token for the session: it may have been redeemed although the
        // answer was lost.
        (
            "closed once",
            FaultKind::CloseBeforeAnswer,
            1,
            2,
            token_redeemed(),
        ),
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
        ("cut once", FaultKind::CutAfter(40), 1, 2, token_redeemed()),
        ("live, cut once", FaultKind::CutAfter(40), 1, 2, None),
        ("a limit without a time, once", limited(None), 1, 2, None),
        ("a limit of the past, once", limited(Some(-60)), 1, 2, None),
        ("Retry-After, once", waits("Retry-After", "1"), 1, 2, None),
        (
            "Retry-After of an hour",
            waits("Retry-After", "3600"),
            usize::MAX,
            1,
            Some(unreachable("okta.rate_limited", "60 min")),
        ),
    ]
}

#[test]
fn page_is_requested_three_times_and_the_password_once() {
    // Most of the time is spent waiting, so all cases run at once.
    thread::scope(|scope| {
        for (case, kind, times, asked, outcome) in counted::<16, _>(cases()) {
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
                assert_eq!(env.passwords_sent(), usize::from(!live), "{case}");
            });
        }
    });
}
