//! "Native to Web SSO": a token in place of a session, for the VPN and for AWS apps that accept
//! nothing else.

use ob::flow::{self, Failure, OktaSession, SignInOptions};
use ob::report::{Exit, Report};
use ob::secret::Secret;
use ob::wire::{Account, SignInWay, Target, VpnPolicy, VpnTarget};
use ob_sandbox::{AwsApp, DeviceScript, Fault, FaultKind, Options, Pipeline, Sandbox, Server};

use super::Reply::{Code, Touch};
use super::{Forgetful, Person, account, run, target};

fn with_trust() -> Options {
    Options {
        pipeline: Pipeline::Idx,
        interclient_trust: true,
        ..Options::default()
    }
}

/// Returns an account whose settings name a VPN.
fn user_account(sandbox: &Sandbox, user: &str) -> Account {
    sandbox.device(DeviceScript {
        login: sandbox.user(user).login.clone(),
        waits: 0,
        ..DeviceScript::default()
    });
    Account {
        vpn: true,
        ..account(sandbox, user, SignInWay::Browser, None)
    }
}

fn vpn(sandbox: &Sandbox, account: Account, app: Option<String>) -> VpnTarget {
    VpnTarget {
        account,
        host: sandbox.vpn_url().trim_start_matches("https://").to_owned(),
        saml_host: None,
        ca_bundle: None,
        app,
    }
}

async fn open(
    session: &OktaSession,
    target: &VpnTarget,
    person: &Person<'_>,
) -> Result<(), Failure> {
    let policy = VpnPolicy {
        routes: None,
        dns: true,
    };
    let profile = flow::vpn_profile(session, target, &policy, person).await?;
    profile.profile.map_err(Report::from)?;
    Ok(())
}

/// Signs in at a browser and opens the VPN.
fn vpn_opens(sandbox: &Sandbox, app: Option<String>, person: &Person<'_>) -> Result<(), Failure> {
    run(async {
        let user_account = user_account(sandbox, "alice");
        let session = flow::sign_in(&user_account, super::start(), person).await?;
        let outcome = open(&session, &vpn(sandbox, user_account, app), person).await;
        session.end().await?;
        outcome
    })
}

fn report_of(outcome: Result<(), Failure>) -> (String, Exit, String) {
    let report = outcome.unwrap_err().into_report();
    (report.name().to_owned(), report.exit, format!("{report:?}"))
}

#[test]
fn vpn_opens_by_sign_on_url_tile_or_without_a_setting() {
    let leads = Options {
        app_redirects: true,
        ..with_trust()
    };
    for (options, app) in [
        (
            with_trust(),
            Some(Sandbox::vpn_sign_on_url as fn(&Sandbox) -> String),
        ),
        (leads.clone(), Some(Sandbox::vpn_app_url)),
        (leads, None),
    ] {
        let sandbox = Sandbox::with(options);
        let person = Person::new(&sandbox, "alice", &[]);
        vpn_opens(&sandbox, app.map(|app| app(&sandbox)), &person).unwrap();
        assert_eq!(person.times_asked("the passcode"), 0);
        assert_eq!(sandbox.live(), (0, 0), "no token and no session is left");
        let opened = sandbox.requests(Server::Org, "/app/openvpn/");
        let with_token = opened
            .iter()
            .filter(|request| request.query.contains("interclient_token="));
        assert_eq!(with_token.count(), 1);
    }
}

#[test]
fn tile_that_needs_a_session_is_refused_with_a_hint() {
    let sandbox = Sandbox::with(with_trust());
    let person = Person::new(&sandbox, "alice", &[]);
    let outcome = vpn_opens(&sandbox, Some(sandbox.vpn_app_url()), &person);
    let (name, exit, report) = report_of(outcome);
    assert_eq!((name.as_str(), exit), ("settings.vpn_app", Exit::Usage));
    assert!(report.contains("/sso/saml"), "{report}");
}

#[test]
fn without_trust_aws_opens_and_vpn_names_the_admin_step() {
    let sandbox = Sandbox::with(Options {
        interclient_trust: false,
        ..with_trust()
    });
    let person = Person::new(&sandbox, "alice", &[]);
    let role = sandbox.roles("alice", AwsApp::Labs).remove(0);
    let (aws, vpn) = run(async {
        let user_account = user_account(&sandbox, "alice");
        let session = flow::sign_in(&user_account, super::start(), &person)
            .await
            .unwrap();
        assert!(session.refused_scopes().interclient);
        let aws = target(&sandbox, user_account.clone(), Some(&role));
        let memory = Forgetful(&sandbox);
        let aws = flow::obtain_credentials(&session, &aws, None, &memory, &person).await;
        let app = Some(sandbox.vpn_sign_on_url());
        (
            aws,
            open(&session, &vpn(&sandbox, user_account, app), &person).await,
        )
    });
    aws.unwrap();
    assert_eq!(person.times_asked("a person at a browser"), 1);
    let (name, exit, report) = report_of(vpn);
    assert_eq!(
        (name.as_str(), exit),
        ("okta.oauth.no_trust", Exit::Refused)
    );
    assert!(report.contains("trust list"), "{report}");
}

#[test]
fn step_up_asks_for_the_missing_factor_only() {
    let sandbox = Sandbox::with(Options {
        vpn_step_up: true,
        ..with_trust()
    });
    let script = [Code(sandbox.user("bob").totp_now())];
    let person = Person::new(&sandbox, "bob", &script);
    run(async {
        let user_account = user_account(&sandbox, "bob");
        let session = flow::sign_in(&user_account, super::start(), &person)
            .await
            .unwrap();
        let vpn = vpn(&sandbox, user_account, Some(sandbox.vpn_sign_on_url()));
        open(&session, &vpn, &person).await.unwrap();
        // An answered question is not asked again.
        open(&session, &vpn, &person).await.unwrap();
        session.end().await.unwrap();
    });
    assert_eq!(person.times_asked("the passcode"), 1);
    assert_eq!(person.times_asked("the password"), 0);
    assert_eq!(sandbox.live(), (0, 0));
}

#[test]
fn step_up_uses_the_configured_factor() {
    for factor in ["webauthn", "totp"] {
        let sandbox = Sandbox::with(Options {
            vpn_step_up: true,
            ..with_trust()
        });
        let says = match factor {
            "totp" => Code(sandbox.user("wendy").totp_now()),
            _ => Touch(0),
        };
        let person = Person::new(&sandbox, "wendy", &[says]);
        run(async {
            let user_account = Account {
                factor: Some(factor.into()),
                ..user_account(&sandbox, "wendy")
            };
            let session = flow::sign_in(&user_account, super::start(), &person)
                .await
                .unwrap();
            let vpn = vpn(&sandbox, user_account, Some(sandbox.vpn_sign_on_url()));
            open(&session, &vpn, &person).await.unwrap();
        });
        assert_eq!(person.times_asked("which factor to use"), 0, "{factor}");
    }
}

#[test]
fn unanswered_step_up_is_named() {
    let sandbox = Sandbox::with(Options {
        vpn_step_up: true,
        ..with_trust()
    });
    let person = Person::new(&sandbox, "bob", &[]);
    let outcome = run(async {
        let user_account = user_account(&sandbox, "bob");
        let session = flow::sign_in(&user_account, super::start(), &person).await?;
        let vpn = vpn(&sandbox, user_account, Some(sandbox.vpn_sign_on_url()));
        open(&session, &vpn, &person).await
    });
    let (name, exit, report) = report_of(outcome);
    assert_eq!((name.as_str(), exit), ("sign_in.unanswered", Exit::SignIn));
    assert!(report.contains("asks for another factor"), "{report}");
}

#[test]
fn aws_app_without_web_sso_opens_where_trusted() {
    let opens = |options: Options| {
        let sandbox = Sandbox::with(options);
        let person = Person::new(&sandbox, "alice", &[]);
        let role = sandbox.roles("alice", AwsApp::Labs).remove(0);
        run(async {
            let user_account = user_account(&sandbox, "alice");
            let session = flow::sign_in(&user_account, super::start(), &person).await?;
            let target = Target {
                app: Some(sandbox.app_url(AwsApp::Labs)),
                ..target(&sandbox, user_account, Some(&role))
            };
            let memory = Forgetful(&sandbox);
            flow::obtain_credentials(&session, &target, None, &memory, &person).await?;
            Ok(())
        })
    };
    let options = Options {
        labs_web_sso: false,
        app_redirects: true,
        ..with_trust()
    };
    opens(options.clone()).unwrap();
    for options in [
        Options {
            interclient_trust: false,
            ..options.clone()
        },
        Options {
            app_redirects: false,
            ..options
        },
    ] {
        let (name, exit, _) = report_of(opens(options));
        let expected = ("okta.oauth.web_sso_client", Exit::Refused);
        assert_eq!((name.as_str(), exit), expected);
    }
}

#[test]
fn session_from_before_the_vpn_needs_a_newer_sign_in() {
    let sandbox = Sandbox::with(with_trust());
    let person = Person::new(&sandbox, "alice", &[]);
    let outcome = run(async {
        let with_vpn = user_account(&sandbox, "alice");
        let before = Account {
            vpn: false,
            ..with_vpn.clone()
        };
        let session = flow::sign_in(&before, super::start(), &person).await?;
        let vpn = vpn(&sandbox, with_vpn, Some(sandbox.vpn_sign_on_url()));
        open(&session, &vpn, &person).await
    });
    assert!(
        matches!(outcome, Err(Failure::NewerSignIn(_))),
        "{outcome:?}"
    );
    let asked = sandbox.requests(Server::Org, "/oauth2/v1/device/authorize");
    let scope = asked[0].form("scope").unwrap();
    assert!(!scope.contains("interclient_access"), "{scope}");
}

#[test]
fn vpn_redirect_to_another_org_page_is_refused() {
    for way in [SignInWay::Browser, SignInWay::Auto] {
        let sandbox = Sandbox::with(with_trust());
        let person = Person::new(&sandbox, "bob", &[Code(sandbox.user("bob").totp_now())]);
        let outcome = run(async {
            let user_account = Account {
                way,
                ..user_account(&sandbox, "bob")
            };
            let session = flow::sign_in(&user_account, super::start(), &person).await?;
            let vpn = vpn(&sandbox, user_account, Some(sandbox.vpn_sign_on_url()));
            let away = format!(
                "{}/login/signout?fromURI=/app/x/sso/saml",
                sandbox.org_url()
            );
            sandbox.fault(Fault::vpn("/saml/start", FaultKind::RedirectTo(away)));
            let start = Secret::new(format!("{}/saml/start?sid=x", sandbox.vpn_url()));
            flow::finish_vpn_sign_in(&session, &vpn, &start, &person).await
        });
        let (name, exit, report) = report_of(outcome);
        assert_eq!(
            (name.as_str(), exit),
            ("openvpn.foreign-page", Exit::Refused)
        );
        assert!(report.contains("/login/signout"), "{report}");
        assert!(!report.contains("fromURI"), "{report}");
        let visited = sandbox.requests(Server::Org, "/login/signout");
        assert!(visited.is_empty(), "{visited:?}");
    }
}

#[test]
fn expired_token_is_renewed_for_the_vpn() {
    let sandbox = Sandbox::with(with_trust());
    let person = Person::new(&sandbox, "alice", &[]);
    run(async {
        let user_account = user_account(&sandbox, "alice");
        let start = SignInOptions {
            long_lived: true,
            ..super::start()
        };
        let session = flow::sign_in(&user_account, start, &person).await.unwrap();
        sandbox.advance_clock(3700);
        let vpn = vpn(&sandbox, user_account, Some(sandbox.vpn_sign_on_url()));
        open(&session, &vpn, &person).await.unwrap();
    });
    assert_eq!(person.times_asked("a person at a browser"), 1);
}
