//! Tokens that are renewed without the person, where the org lets them be, and that are over at the server when
//! they are over here.

use ob::flow::{self, Failure, OktaSession, SignInOptions};
use ob::okta::oauth::OptionalScopes;
use ob::report::Exit;
use ob::wire::{RolesRequest, SignInWay, Target};
use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Sandbox, Server};

use super::{Forgetful, Person, account, run, target};

/// A little longer than the org's tokens live.
const HOUR: i64 = 3700;

fn staying() -> SignInOptions {
    SignInOptions {
        long_lived: true,
        ..super::start()
    }
}

fn aim(sandbox: &Sandbox) -> Target {
    let who = account(sandbox, "alice", SignInWay::Browser, None);
    let role = sandbox.roles("alice", AwsApp::Production).remove(0);
    Target {
        app: Some(sandbox.app_url(AwsApp::Production)),
        ..target(sandbox, who, Some(&role))
    }
}

async fn signed_in(sandbox: &Sandbox, person: &Person<'_>) -> OktaSession {
    let who = aim(sandbox).account;
    flow::sign_in(&who, staying(), person).await.unwrap()
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

/// The refresh tokens that were spent, in their order.
fn spent(sandbox: &Sandbox) -> Vec<String> {
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
fn what_is_over_is_renewed_without_the_person_and_each_refresh_token_is_spent_once() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        assert_eq!(session.expires_at(), None, "it has no end that is known");
        for _ in 0..3 {
            sandbox.advance_clock(HOUR);
            let before = sandbox.log().len();
            obtain(&session, &aim(&sandbox), &sandbox, &person)
                .await
                .unwrap();
            // The exchange that says it is over, the renewal, the exchange, the app's page, STS.
            assert_eq!(sandbox.log().len() - before, 5);
        }
    });
    assert_eq!(person.was_asked("a person at a browser"), 1);
    let mut spent = spent(&sandbox);
    assert_eq!(spent.len(), 3);
    spent.sort();
    spent.dedup();
    assert_eq!(spent.len(), 3, "a new one takes the place of the old");
}

#[test]
fn an_org_that_keeps_refresh_tokens_is_asked_with_the_same_again() {
    let sandbox = Sandbox::with(Options {
        rotates_refresh_tokens: false,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        for _ in 0..2 {
            sandbox.advance_clock(HOUR);
            obtain(&session, &aim(&sandbox), &sandbox, &person)
                .await
                .unwrap();
        }
    });
    let spent = spent(&sandbox);
    assert_eq!(spent.len(), 2);
    assert_eq!(spent[0], spent[1]);
}

#[test]
fn several_apps_and_the_tiles_are_renewed_for_once() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Labs).remove(0);
    let everywhere = Target {
        app: None,
        role: Some(role),
        ..aim(&sandbox)
    };
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        obtain(&session, &everywhere, &sandbox, &person)
            .await
            .unwrap();
        assert_eq!(spent(&sandbox).len(), 1, "the tiles asked first");
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
    assert_eq!(spent(&sandbox).len(), 2);
}

#[test]
fn those_who_find_out_at_the_same_time_renew_once() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let (one, role) = (
        aim(&sandbox),
        sandbox.roles("alice", AwsApp::Labs).remove(0),
    );
    let other = Target {
        app: Some(sandbox.app_url(AwsApp::Labs)),
        role: Some(role),
        ..aim(&sandbox)
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
    assert_eq!(spent(&sandbox).len(), 1);
}

#[test]
fn only_what_outlives_its_tokens_asks_for_a_refresh_token() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let mut who = account(&sandbox, "alice", SignInWay::Browser, None);
    run(async {
        flow::sign_in(&who, super::start(), &person).await.unwrap();
        who.max = std::time::Duration::from_secs(3600);
        flow::sign_in(&who, staying(), &person).await.unwrap();
        who.max = std::time::Duration::from_secs(3601);
        flow::sign_in(&who, staying(), &person).await.unwrap();
    });
    let asked: Vec<bool> = scopes(&sandbox)
        .iter()
        .map(|scope| scope.contains("offline_access"))
        .collect();
    assert_eq!(asked, [false, false, true]);
}

#[test]
fn a_scope_that_is_refused_costs_one_request_and_is_not_asked_for_again() {
    let sandbox = Sandbox::with(Options {
        refresh_tokens: false,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let who = account(&sandbox, "alice", SignInWay::Browser, None);
    let session = run(flow::sign_in(&who, staying(), &person)).unwrap();
    assert_eq!(person.was_asked("a person at a browser"), 1);
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
        ..staying()
    };
    run(flow::sign_in(&who, again, &person)).unwrap();
    assert_eq!(scopes(&sandbox).len(), 1);
}

#[test]
fn a_scope_that_is_refused_after_the_sign_in_does_not_end_it() {
    let sandbox = Sandbox::with(Options {
        refresh_tokens: false,
        judges_scopes_late: true,
        ..Options::default()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let who = account(&sandbox, "alice", SignInWay::Browser, None);
    run(flow::sign_in(&who, staying(), &person)).unwrap();
    assert!(person.was_told("Okta refuses"));
    assert_eq!(person.was_asked("a person at a browser"), 2);
}

#[test]
fn a_refresh_token_that_is_refused_is_named_and_wants_a_sign_in() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    let over = run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.end_sessions();
        obtain(&session, &aim(&sandbox), &sandbox, &person).await
    });
    assert!(matches!(over, Err(Failure::SessionEnded)), "{over:?}");
    assert!(person.was_told("The refresh token is invalid or expired."));
    assert_eq!(spent(&sandbox).len(), 1);
}

#[test]
fn whatever_okta_refuses_a_renewal_with_it_wants_a_sign_in() {
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
        let over = run(async {
            let session = signed_in(&sandbox, &person).await;
            sandbox.advance_clock(HOUR);
            // The first is the exchange, which says that the tokens are over.
            sandbox.fault(Fault::org("/oauth2/v1/token", refusal).after(1).times(1));
            obtain(&session, &aim(&sandbox), &sandbox, &person).await
        });
        assert!(
            matches!(over, Err(Failure::SessionEnded)),
            "{code} {error}: {over:?}"
        );
        assert!(person.was_told("not today"));
    }
}

#[test]
fn a_sign_out_waits_for_a_renewal_under_way_and_revokes_what_it_gives() {
    let sandbox = Sandbox::start();
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let session = signed_in(&sandbox, &person).await;
        sandbox.advance_clock(HOUR);
        let slow = FaultKind::Delay(std::time::Duration::from_millis(500));
        sandbox.fault(Fault::org("/oauth2/v1/token", slow).after(1).times(1));
        let target = aim(&sandbox);
        let renewing = obtain(&session, &target, &sandbox, &person);
        let goodbye = async {
            while spent(&sandbox).is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            session.end().await
        };
        let (_, ended) = tokio::join!(renewing, goodbye);
        ended.unwrap();
    });
    assert_eq!(sandbox.live(), (0, 0));
}

#[test]
fn a_renewal_is_no_new_sign_in_for_an_app_that_wants_one() {
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
            outcomes.push(obtain(&session, &aim(&sandbox), &sandbox, &person).await);
        }
        outcomes
    });
    assert!(matches!(
        outcomes[..],
        [Ok(()), Err(Failure::NewerSignIn(_))]
    ));
}

#[test]
fn an_org_that_stumbles_over_a_renewal_is_named_and_the_session_stays() {
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
        // The first is the exchange, which says that the tokens are over.
        sandbox.fault(Fault::org("/oauth2/v1/token", down).after(1).times(3));
        let failed = obtain(&session, &aim(&sandbox), &sandbox, &person).await;
        let Err(Failure::Final(report)) = failed else {
            panic!("{failed:?}");
        };
        assert_eq!(report.exit, Exit::Unreachable);
        assert!(report.summary.contains("renew the sign-in"), "{report:?}");
        obtain(&session, &aim(&sandbox), &sandbox, &person)
            .await
            .unwrap();
    });
}

#[test]
fn a_sign_out_ends_every_token_at_the_server_and_says_if_it_cannot() {
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
        // The other one was ended all the same.
        assert_eq!(sandbox.live(), (1, 0));

        let session = signed_in(&sandbox, &person).await;
        sandbox.stop();
        assert_eq!(session.end().await.unwrap_err().exit, Exit::Unreachable);
    });
}
