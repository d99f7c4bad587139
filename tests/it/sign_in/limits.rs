//! Rate limits during a wait: the server's reset time is kept and shown, and polling stops at the
//! end of what is polled for.

use ob::flow;
use ob::report::{Exit, Report};
use ob::wire::{Account, Notice, SignInWay};
use ob_sandbox::{
    AwsApp, DeviceOutcome, DeviceScript, Fault, FaultKind, Options, Pipeline, PushScript, Sandbox,
    Server,
};

use super::{Forgetful, Person, account, run, sign_in, target};

const TOKEN: &str = "/oauth2/v1/token";

fn limit(path: &str, seconds: i64) -> Fault {
    let reset_in = Some(seconds);
    Fault::org(path, FaultKind::RateLimited { reset_in })
}

/// Returns the seconds that were shown; each notice must give the reason.
fn waits(person: &Person<'_>) -> Vec<u64> {
    let notices = person.notices.borrow();
    notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Wait { seconds, why } => {
                assert!(why.contains("429"), "{why}");
                Some(*seconds)
            }
            _ => None,
        })
        .collect()
}

/// Signs in while the polls of one pipeline are rate-limited; dave's only factor is a push.
fn sign_in_limited(
    way: SignInWay,
    path: &str,
    seconds: i64,
) -> (Result<(), Report>, Vec<u64>, u64, usize) {
    let pipeline = match way {
        SignInWay::IdentityEngine => Pipeline::Idx,
        _ => Pipeline::V1,
    };
    let sandbox = Sandbox::with(Options {
        pipeline,
        ..Options::default()
    });
    sandbox.device(DeviceScript {
        login: "dave@acme.com".into(),
        outcome: DeviceOutcome::WhenVisited,
        ..DeviceScript::default()
    });
    sandbox.push(PushScript {
        waits: 3,
        ..PushScript::approve()
    });
    if way == SignInWay::Browser {
        sandbox.device(DeviceScript {
            login: "dave@acme.com".into(),
            waits: 2,
            ..DeviceScript::default()
        });
    }
    sandbox.fault(limit(path, seconds).after(1));
    let person = Person::new(&sandbox, "dave", &[]);
    let outcome = sign_in(&account(&sandbox, "dave", way, None), &person);
    let limited = sandbox.requests(Server::Org, path);
    let limited = limited.iter().filter(|request| request.status == Some(429));
    (
        outcome.map(|_| ()),
        waits(&person),
        person.waited.get().as_secs(),
        limited.count(),
    )
}

const POLLS: [(SignInWay, &str); 3] = [
    (SignInWay::Browser, TOKEN),
    (SignInWay::Terminal, "/api/v1/authn/factors/opf"),
    (SignInWay::IdentityEngine, "/idp/idx/authenticators/poll"),
];

fn waits_and_goes_on(index: usize) {
    let (way, path) = POLLS[index];
    let (outcome, shown, waited, limited) = sign_in_limited(way, path, 47);
    outcome.unwrap();
    assert_eq!(shown, [47]);
    assert_eq!(
        limited, 1,
        "asked again after the server's time, not before"
    );
    assert!((47..100).contains(&waited), "{waited}");
}

fn gives_up(index: usize) {
    let (way, path) = POLLS[index];
    let (outcome, shown, waited, limited) = sign_in_limited(way, path, 3600);
    let report = outcome.unwrap_err();
    assert_eq!(
        (report.name(), report.exit),
        ("okta.rate_limited", Exit::Unreachable)
    );
    assert!(
        report.causes.iter().any(|cause| cause.contains("60 min")),
        "{report:?}"
    );
    assert!(
        report
            .causes
            .iter()
            .any(|cause| cause.contains("ends before")),
        "{report:?}"
    );
    assert!(shown.is_empty() && waited < 60 && limited == 1, "{waited}");
}

#[test]
fn limited_device_poll_waits_for_the_reset() {
    waits_and_goes_on(0);
}

#[test]
fn device_poll_limited_past_the_codes_end_gives_up() {
    gives_up(0);
}

#[test]
fn limited_push_poll_waits_for_the_reset() {
    waits_and_goes_on(1);
}

#[test]
fn push_poll_limited_past_the_pushs_end_gives_up() {
    gives_up(1);
}

#[test]
fn limited_idx_poll_waits_for_the_reset() {
    waits_and_goes_on(2);
}

#[test]
fn idx_poll_limited_past_the_pushs_end_gives_up() {
    gives_up(2);
}

#[test]
fn early_reset_does_not_make_polls_faster() {
    let (way, path) = POLLS[0];
    let (outcome, shown, waited, _) = sign_in_limited(way, path, 1);
    outcome.unwrap();
    // Polling faster would have brought a slow_down and ten seconds more.
    assert_eq!(shown, [5]);
    assert_eq!(waited, 4 * 5);
}

#[test]
fn network_error_does_not_make_polls_faster() {
    let sandbox = Sandbox::start();
    sandbox.device(DeviceScript {
        waits: 2,
        ..DeviceScript::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    sandbox.fault(Fault::org(TOKEN, FaultKind::CloseBeforeAnswer).after(1));
    let user_account = account(&sandbox, "alice", SignInWay::Browser, None);
    sign_in(&user_account, &person).unwrap();
    let asked = sandbox.requests(Server::Org, TOKEN);
    assert_eq!((asked.len(), person.waited.get().as_secs()), (3, 3 * 5));
}

#[test]
fn the_servers_clock_decides_how_long_a_limit_lasts() {
    let sandbox = Sandbox::with(Options {
        clock_skew_seconds: -7200,
        ..Options::default()
    });
    sandbox.fault(limit(TOKEN, 17));
    let person = Person::new(&sandbox, "alice", &[]);
    let user_account = account(&sandbox, "alice", SignInWay::Browser, None);
    sign_in(&user_account, &person).unwrap();
    assert_eq!(waits(&person), [17]);
}

fn exchange_limited(seconds: i64) -> (Result<(), Report>, Vec<u64>) {
    let sandbox = Sandbox::start();
    sandbox.device(DeviceScript {
        waits: 0,
        ..DeviceScript::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    let user_account: Account = account(&sandbox, "alice", SignInWay::Browser, None);
    let mut target = target(&sandbox, user_account, Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    // The first request is the poll.
    sandbox.fault(limit(TOKEN, seconds).after(1));
    let outcome = run(async {
        let session = flow::sign_in(&target.account, super::start(), &person).await?;
        let memory = Forgetful(&sandbox);
        flow::obtain_credentials(&session, &target, None, &memory, &person)
            .await
            .map(|_| ())
            .map_err(flow::Failure::into_report)
    });
    (outcome, waits(&person))
}

#[test]
fn limited_token_exchange_waits_or_gives_up() {
    let (outcome, shown) = exchange_limited(43);
    outcome.unwrap();
    assert_eq!(shown, [43]);
    let (outcome, shown) = exchange_limited(3600);
    let report = outcome.unwrap_err();
    assert_eq!(
        (report.name(), report.exit),
        ("okta.rate_limited", Exit::Unreachable)
    );
    assert!(report.hints[0].contains("60 min"), "{report:?}");
    assert!(shown.is_empty());
}
