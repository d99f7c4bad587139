//! Renewal of tokens without the user, where the org allows it, and their revocation at the server
//! on sign-out.

use ob::flow::{self, Failure, OktaSession, SignInOptions};
use ob::okta::oauth::OptionalScopes;
use ob::report::Exit;
use ob::wire::{RolesRequest, SignInWay, Target};
use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Sandbox, Server};

use super::{Forgetful, Person, account, run, target};

/// A little longer than the org's tokens live.
const HOUR: i64 = 3700;

fn long_lived_options() -> SignInOptions {
    SignInOptions {
        long_lived: true,
        ..super::start()
    }
}

fn production_target(sandbox: &Sandbox) -> Target {
    let user_account = account(sandbox, "alice", SignInWay::Browser, None);
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    Target {
        app: Some(sandbox.app_url(AwsApp::Production)),
        ..target(sandbox, user_account, Some(&role))
    }
}

async fn signed_in(sandbox: &Sandbox, person: &Person<'_>) -> OktaSession {
    let user_account = production_target(sandbox).account;
    flow::sign_in(&user_account, long_lived_options(), person)
        .await
        .unwrap()
}

async fn obtain(
    session: &OktaSession,
    target: &Target,
    sandbox: &Sandbox,
    person: &Person<'_>,
) -> Result<(), Failure> {
    let memory = Forgetful(sandbox);
    flow::obtain_credentials(session, target, None, &memory, person)
        .await
        .map(|_| ())
}

/// Returns the refresh tokens that were used, in order.
fn used_refresh_tokens(sandbox: &Sandbox) -> Vec<String> {
    let asked = sandbox.requests(Server::Org, "/oauth2/v1/token");
    asked
        .iter()
        .filter(|request| request.form("grant_type").as_deref() == Some("refresh_token"))
        .map(|request| request.form("refresh_token").unwrap())
        .collect()
}

fn scopes(sandbox: &Sandbox) -> Vec<String> {
    let asked = sandbox.requests(Server::Org, "/oauth2/v1/device/authorize");
    asked
        .iter()
        .map(|request| request.form("scope").unwrap())
        .collect()
}

#[test]
fn expired_tokens_renew_with_each_refresh_token_once() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        assert_eq!(session.expires_at(), None, "it has no end that is known");
        for _ in 0..3 {
            sandbox.advance_clock(HOUR);
            let before = sandbox.log().len();
            obtain(&session, &production_target(&sandbox), &sandbox, &person)
                .await
                .unwrap();
            // The exchange that reports the expiry, the renewal, the exchange, the app's page, STS.
            assert_eq!(sandbox.log().len() - before, 5);
        }
    });
    assert_eq!(person.times_asked("a person at a browser"), 1);
    let mut used_refresh_tokens = used_refresh_tokens(&sandbox);
    assert_eq!(used_refresh_tokens.len(), 3);
    used_refresh_tokens.sort();
    used_refresh_tokens.dedup();
    assert_eq!(
        used_refresh_tokens.len(),
        3,
        "a new one takes the place of the old"
    );
}

#[test]
fn unrotated_refresh_token_is_used_again() {
    let sandbox = Sandbox::with(Options {
        rotates_refresh_tokens: false,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        for _ in 0..2 {
            sandbox.advance_clock(HOUR);
            obtain(&session, &production_target(&sandbox), &sandbox, &person)
                .await
                .unwrap();
        }
    });
    let used_refresh_tokens = used_refresh_tokens(&sandbox);
    assert_eq!(used_refresh_tokens.len(), 2);
    assert_eq!(used_refresh_tokens[0], used_refresh_tokens[1]);
}

#[test]
fn several_apps_share_one_renewal() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Labs).remove(0);
    let everywhere = Target {
        app: None,
        role: Some(role),
        ..production_target(&sandbox)
    };
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        obtain(&session, &everywhere, &sandbox, &person)
            .await
            .unwrap();
        assert_eq!(
            used_refresh_tokens(&sandbox).len(),
            1,
            "the tiles asked first"
        );
        sandbox.advance_clock(HOUR);
        let all = RolesRequest {
            target: everywhere,
            names: false,
            iam_endpoint: None,
        };
        flow::list_roles(&session, &all, &Forgetful(&sandbox), &person)
            .await
            .unwrap();
    });
    assert_eq!(used_refresh_tokens(&sandbox).len(), 2);
}

#[test]
fn concurrent_requests_renew_once() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let (one, role) = (
        production_target(&sandbox),
        sandbox.roles("alice", AwsApp::Labs).remove(0),
    );
    let other = Target {
        app: Some(sandbox.app_url(AwsApp::Labs)),
        role: Some(role),
        ..production_target(&sandbox)
    };
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        let (one, other) = tokio::join!(
            obtain(&session, &one, &sandbox, &person),
            obtain(&session, &other, &sandbox, &person)
        );
        one.unwrap();
        other.unwrap();
    });
    assert_eq!(used_refresh_tokens(&sandbox).len(), 1);
}

#[test]
fn refresh_token_is_asked_only_for_longer_sessions() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let mut user_account = account(&sandbox, "alice", SignInWay::Browser, None);
    run(async {
        flow::sign_in(&user_account, super::start(), &person)
            .await
            .unwrap();
        user_account.max = std::time::Duration::from_secs(3600);
        flow::sign_in(&user_account, long_lived_options(), &person)
            .await
            .unwrap();
        user_account.max = std::time::Duration::from_secs(3601);
        flow::sign_in(&user_account, long_lived_options(), &person)
            .await
            .unwrap();
    });
    let asked: Vec<bool> = scopes(&sandbox)
        .iter()
        .map(|scope| scope.contains("offline_access"))
        .collect();
    assert_eq!(asked, [false, false, true]);
}

#[test]
fn refused_scope_costs_one_request_and_is_remembered() {
    let sandbox = Sandbox::with(Options {
        refresh_tokens: false,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let user_account = account(&sandbox, "alice", SignInWay::Browser, None);
    let session = run(flow::sign_in(&user_account, long_lived_options(), &person)).unwrap();
    assert_eq!(person.times_asked("a person at a browser"), 1);
    assert_eq!(scopes(&sandbox).len(), 2);
    let refused = session.refused_scopes();
    let only_refresh = OptionalScopes {
        refresh: true,
        interclient: false,
    };
    assert_eq!(refused, only_refresh);
    sandbox.clear_log();
    let again = SignInOptions {
        refused_scopes: refused,
        ..long_lived_options()
    };
    run(flow::sign_in(&user_account, again, &person)).unwrap();
    assert_eq!(scopes(&sandbox).len(), 1);
}

#[test]
fn scope_refused_after_the_sign_in_does_not_end_it() {
    let sandbox = Sandbox::with(Options {
        refresh_tokens: false,
        judges_scopes_late: true,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let user_account = account(&sandbox, "alice", SignInWay::Browser, None);
    run(flow::sign_in(&user_account, long_lived_options(), &person)).unwrap();
    assert!(person.was_notified("Okta refuses"));
    assert_eq!(person.times_asked("a person at a browser"), 2);
}

#[test]
fn refused_refresh_token_is_named_and_needs_a_sign_in() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let outcome = run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.end_sessions();
        obtain(&session, &production_target(&sandbox), &sandbox, &person).await
    });
    assert!(matches!(outcome, Err(Failure::SessionEnded)), "{outcome:?}");
    assert!(person.was_notified("The refresh token is invalid or expired."));
    assert_eq!(used_refresh_tokens(&sandbox).len(), 1);
}

#[test]
fn every_renewal_refusal_needs_a_sign_in() {
    for (code, error) in [
        (400, "access_denied"),
        (400, "unauthorized_client"),
        (401, "invalid_client"),
        (403, "access_denied"),
    ] {
        let sandbox = Sandbox::start();
        let person = Person::new(&sandbox, "alice", &[]);
        let body = format!(r#"{{"error":"{error}","error_description":"not today"}}"#);
        let refusal = FaultKind::Status {
            code,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.into_bytes(),
        };
        let outcome = run(async {
            let session = signed_in(&sandbox, &person).await;
            sandbox.advance_clock(HOUR);
            // The first request is the exchange, which reports that the tokens have expired.
            sandbox.fault(Fault::org("/oauth2/v1/token", refusal).after(1).times(1));
            obtain(&session, &production_target(&sandbox), &sandbox, &person).await
        });
        assert!(
            matches!(outcome, Err(Failure::SessionEnded)),
            "{code} {error}: {outcome:?}"
        );
        assert!(person.was_notified("not today"));
    }
}

#[test]
fn sign_out_waits_for_a_renewal_and_revokes_its_tokens() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        let slow = FaultKind::Delay(std::time::Duration::from_millis(500));
        sandbox.fault(Fault::org("/oauth2/v1/token", slow).after(1).times(1));
        let target = production_target(&sandbox);
        let renewing = obtain(&session, &target, &sandbox, &person);
        let sign_out = async {
            while used_refresh_tokens(&sandbox).is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            session.end().await
        };
        let (_, ended) = tokio::join!(renewing, sign_out);
        ended.unwrap();
    });
    assert_eq!(sandbox.live(), (0, 0));
}

#[test]
fn renewal_does_not_count_as_a_new_sign_in() {
    let sandbox = Sandbox::with(Options {
        sign_in_good_for: Some(7200),
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let outcomes = run(async {
        let session = signed_in(&sandbox, &person).await;
        let mut outcomes = Vec::new();
        for _ in 0..2 {
            sandbox.advance_clock(HOUR);
            outcomes.push(obtain(&session, &production_target(&sandbox), &sandbox, &person).await);
        }
        outcomes
    });
    assert!(matches!(
        outcomes[..],
        [Ok(()), Err(Failure::NewerSignIn(_))]
    ));
}

#[test]
fn failed_renewal_is_named_and_keeps_the_session() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let down = FaultKind::Status {
        code: 503,
        headers: Vec::new(),
        body: Vec::new(),
    };
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        // The first request is the exchange, which reports that the tokens have expired.
        sandbox.fault(Fault::org("/oauth2/v1/token", down).after(1).times(3));
        let failed = obtain(&session, &production_target(&sandbox), &sandbox, &person).await;
        let Err(Failure::Final(report)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(report.exit, Exit::Unreachable);
        assert!(report.summary.contains("renew the sign-in"), "{report:?}");
        obtain(&session, &production_target(&sandbox), &sandbox, &person)
            .await
            .unwrap();
    });
}

#[test]
fn sign_out_revokes_every_token_or_reports_failure() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        assert_eq!(sandbox.live(), (2, 0));
        session.end().await.unwrap();
        assert_eq!(sandbox.live(), (0, 0));
        let hints: Vec<_> = sandbox
            .requests(Server::Org, "/oauth2/v1/revoke")
            .iter()
            .map(|request| request.form("token_type_hint").unwrap())
            .collect();
        assert_eq!(hints, ["refresh_token", "access_token"]);

        let session = signed_in(&sandbox, &person).await;
        let broken = FaultKind::Status {
            code: 500,
            headers: Vec::new(),
            body: Vec::new(),
        };
        sandbox.fault(Fault::org("/oauth2/v1/revoke", broken));
        let report = session.end().await.unwrap_err();
        assert_eq!(report.name(), "okta.sign_out");
        // The other token was revoked all the same.
        assert_eq!(sandbox.live(), (1, 0));

        let session = signed_in(&sandbox, &person).await;
        sandbox.stop();
        assert_eq!(session.end().await.unwrap_err().exit, Exit::Unreachable);
    });
}
