//! Requests of each pipeline from a cold start to credentials, beside the fewest that its protocol
//! allows: the table of `docs/performance.md`.

use std::fmt::Write as _;

use ob::wire::{Account, MachineAccount, SignInWay};
use ob_sandbox::{AwsApp, DeviceScript, Options, Pipeline, PushScript, Sandbox, Server};

use super::Reply::Code;
use super::{Person, account, credentials, target};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const MARK: (&str, &str) = ("<!-- round trips -->\n", "<!-- /round trips -->");

const APP: &str = "/home/amazon_aws/0oa1awsprod0000000h7/272";
const AUTHN: &str = "/api/v1/authn";
const VERIFY: &str = "/api/v1/authn/factors/";
const TOKEN: &str = "/oauth2/v1/token";

/// A way to sign in and the requests that its protocol needs; two polls are scripted for a push.
struct Way {
    name: &'static str,
    user: &'static str,
    way: SignInWay,
    /// Path prefix of each request to Okta.
    least: &'static [&'static str],
    /// Explains each of the required requests.
    why: &'static str,
}

const WAYS: [Way; 8] = [
    Way {
        name: "Classic, password",
        user: "carol",
        way: SignInWay::Terminal,
        least: &[AUTHN, APP],
        why: "password; the app's page, which takes the session token",
    },
    Way {
        name: "Classic, password and code",
        user: "bob",
        way: SignInWay::Terminal,
        least: &[AUTHN, VERIFY, APP],
        why: "and the code",
    },
    Way {
        name: "Classic, password and push",
        user: "dave",
        way: SignInWay::Terminal,
        least: &[AUTHN, VERIFY, VERIFY, VERIFY, APP],
        why: "and the push, two polls here",
    },
    Way {
        name: "Identity Engine, password",
        user: "carol",
        way: SignInWay::IdentityEngine,
        least: &[
            APP,
            "/idp/idx/introspect",
            "/idp/idx/identify",
            "/login/token/redirect",
            APP,
        ],
        why: "the app's page, which has the state token; introspect; name and password; \
                      the redirect that sets the cookies; the app's page",
    },
    Way {
        name: "Identity Engine, password and code",
        user: "bob",
        way: SignInWay::IdentityEngine,
        least: &[
            APP,
            "/idp/idx/introspect",
            "/idp/idx/identify",
            "/idp/idx/challenge",
            "/idp/idx/challenge/answer",
            "/login/token/redirect",
            APP,
        ],
        why: "and the choice of the factor, and the code",
    },
    Way {
        name: "Identity Engine, password and push",
        user: "dave",
        way: SignInWay::IdentityEngine,
        least: &[
            APP,
            "/idp/idx/introspect",
            "/idp/idx/identify",
            "/idp/idx/challenge",
            "/idp/idx/authenticators/poll",
            "/idp/idx/authenticators/poll",
            "/login/token/redirect",
            APP,
        ],
        why: "and the choice, which sends the push, and two polls here",
    },
    Way {
        name: "Browser",
        user: "alice",
        way: SignInWay::Browser,
        least: &[
            "/oauth2/v1/device/authorize",
            TOKEN,
            TOKEN,
            "/login/token/sso",
        ],
        why: "the code; one poll here; the exchange; the app's page",
    },
    Way {
        name: "Machine",
        user: "alice",
        way: SignInWay::Machine,
        least: &["/oauth2/default/v1/token"],
        why: "the token",
    },
];

/// Returns the requests to Okta before the sign-out, and the number of handshakes with Okta and
/// STS.
fn requests_of(way: &Way) -> (Vec<String>, usize) {
    let sandbox = Sandbox::with(Options {
        pipeline: match way.way {
            SignInWay::IdentityEngine => Pipeline::Idx,
            _ => Pipeline::V1,
        },
        ..Options::default()
    });
    sandbox.device(DeviceScript {
        waits: 0,
        ..DeviceScript::default()
    });
    sandbox.push(PushScript::approve());
    let user = sandbox.user(way.user);
    let codes = [Code(user.totp_now())];
    let script = if user.has_totp() { &codes[..] } else { &[] };
    let (key_id, pem) = sandbox.machine_keys()[2];
    let person = Person::new(&sandbox, way.user, script).with_key(pem);
    let mut user_account = account(&sandbox, way.user, way.way, None);
    if way.way == SignInWay::Machine {
        user_account = Account {
            client_id: Some(sandbox.clients().1.into()),
            machine: Some(MachineAccount {
                key_id: key_id.into(),
                authorization_server: "default".into(),
                scope: "okta-m2m-access".into(),
            }),
            ..user_account
        };
    }
    let role = sandbox.roles(way.user, AwsApp::Production).remove(0);
    let mut target = target(&sandbox, user_account, Some(&role));
    target.app = Some(sandbox.app_url(AwsApp::Production));
    credentials(&sandbox, &target, &person, 1).unwrap();
    assert_eq!(sandbox.requests(Server::Sts, "/").len(), 1, "{}", way.name);
    let log = sandbox.requests(Server::Org, "/");
    let paths = log.into_iter().map(|request| request.path);
    let sign_outs = ["/api/v1/sessions/me", "/oauth2/v1/revoke"];
    let paths = paths.filter(|path| !sign_outs.contains(&path.as_str()));
    let handshakes = sandbox.handshakes(Server::Org) + sandbox.handshakes(Server::Sts);
    (paths.collect(), handshakes)
}

#[test]
fn no_pipeline_sends_more_than_its_protocol_needs() {
    let mut table = String::from(
        "| sign-in | requests | minimum | TLS handshakes | minimum | \
         requests of the minimum, before STS |\n\
         |---|---|---|---|---|---|\n",
    );
    for way in &WAYS {
        let (paths, handshakes) = requests_of(way);
        let fits = paths.len() == way.least.len()
            && paths
                .iter()
                .zip(way.least)
                .all(|(path, least)| path.starts_with(least));
        assert!(fits, "{}: {paths:#?}", way.name);
        // One with Okta, one with STS.
        assert_eq!(handshakes, 2, "{}", way.name);
        let (requests, least) = (paths.len() + 1, way.least.len() + 1);
        writeln!(
            table,
            "| {} | {requests} | {least} | {handshakes} | 2 | {} |",
            way.name, way.why
        )
        .unwrap();
    }
    println!("{table}");
    let text = std::fs::read_to_string(DOCUMENT).unwrap();
    let (before, rest) = text.split_once(MARK.0).unwrap();
    let (written, after) = rest.split_once(MARK.1).unwrap();
    if std::env::var_os("OB_BLESS").is_some() {
        let text = format!("{before}{}{table}{}{after}", MARK.0, MARK.1);
        std::fs::write(DOCUMENT, text).unwrap();
    } else {
        assert_eq!(
            written, table,
            "OB_BLESS=1 cargo test --test it round_trips writes it anew"
        );
    }
}
