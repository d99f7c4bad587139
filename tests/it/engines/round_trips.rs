//! What each engine asks for on a cold way to credentials, request by request: the protocol's minimum.

use ob::wire::{Account, MachineAccount, SignInWay};
use ob_sandbox::{AwsApp, DeviceScript, Options, Pipeline, Sandbox, Server};

use super::Says::Code;
use super::{Person, account, credentials, target};

/// The paths that Okta was asked for before the goodbye, and the TLS handshakes with it.
fn asked(
    sandbox: &Sandbox,
    user: &str,
    account: Account,
    person: &Person<'_>,
) -> (Vec<String>, usize) {
    let role = sandbox.roles(user, AwsApp::Production).remove(0);
    let mut target = target(sandbox, account, Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    credentials(sandbox, &target, person, 1).unwrap();
    assert_eq!(sandbox.requests(Server::Sts, "/").len(), 1);
    assert_eq!(sandbox.handshakes(Server::Sts), 1);
    let log = sandbox.requests(Server::Org, "/");
    let paths = log.into_iter().map(|request| request.path);
    let goodbyes = ["/api/v1/sessions/me", "/oauth2/v1/revoke"];
    let paths = paths.filter(|path| !goodbyes.contains(&path.as_str()));
    (paths.collect(), sandbox.handshakes(Server::Org))
}

#[test]
fn no_engine_asks_for_more_than_its_protocol_does() {
    let classic = Sandbox::start();
    let bob = Person::new(&classic, "bob", &[Code(classic.user("bob").totp_now())]);
    let who = account(&classic, "bob", SignInWay::Terminal, None);
    let (paths, handshakes) = asked(&classic, "bob", who, &bob);
    assert_eq!(
        paths,
        [
            "/api/v1/authn",
            "/api/v1/authn/factors/ost10000000000bob0h7/verify",
            "/home/amazon_aws/0oa1awsprod000000h7/272"
        ]
    );
    assert_eq!(handshakes, 1);

    let idx = Sandbox::with(Options {
        pipeline: Pipeline::Idx,
        ..Options::default()
    });
    let bob = Person::new(&idx, "bob", &[Code(idx.user("bob").totp_now())]);
    let who = account(&idx, "bob", SignInWay::IdentityEngine, None);
    let (paths, handshakes) = asked(&idx, "bob", who, &bob);
    assert_eq!(
        paths,
        [
            "/home/amazon_aws/0oa1awsprod000000h7/272",
            "/idp/idx/introspect",
            "/idp/idx/identify",
            "/idp/idx/challenge",
            "/idp/idx/challenge/answer",
            "/login/token/redirect",
            "/home/amazon_aws/0oa1awsprod000000h7/272",
        ]
    );
    assert_eq!(handshakes, 1);

    let browser = Sandbox::start();
    browser.device(DeviceScript {
        waits: 0,
        ..DeviceScript::default()
    });
    let alice = Person::new(&browser, "alice", &[]);
    let who = account(&browser, "alice", SignInWay::Browser, None);
    let (paths, handshakes) = asked(&browser, "alice", who, &alice);
    let token = "/oauth2/v1/token";
    assert_eq!(
        paths,
        [
            "/oauth2/v1/device/authorize",
            token,
            token,
            "/login/token/sso"
        ]
    );
    assert_eq!(handshakes, 1);

    let machine = Sandbox::start();
    let (key_id, pem) = machine.machine_keys()[2];
    let robot = Person::new(&machine, "alice", &[]).with_key(pem);
    let who = Account {
        client_id: Some(machine.clients().1.into()),
        machine: Some(MachineAccount {
            key_id: key_id.into(),
            authorization_server: "default".into(),
            scope: "okta-m2m-access".into(),
        }),
        ..account(&machine, "alice", SignInWay::Machine, None)
    };
    let (paths, handshakes) = asked(&machine, "alice", who, &robot);
    assert_eq!(paths, ["/oauth2/default/v1/token"]);
    assert_eq!(handshakes, 1);
}
