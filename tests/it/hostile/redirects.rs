//! Redirects: they are followed only for a page, and only within its host.

use ob_sandbox::{Fault, FaultKind, Server};

use super::{broken, exec, failed, refused};
use crate::support::{TestEnv, counted, run};

/// Redirect targets; `{other}` is a host that must receive nothing, `{org}` is the org itself.
const TARGETS: [(&str, &str); 16] = [
    ("another host", "{other}/saml"),
    ("another host, no scheme", "//{other-host}/saml"),
    ("another host, backslashes", "\\\\{other-host}\\saml"),
    ("another port", "https://127.0.0.1:1/"),
    (
        "the same host by another name",
        "https://localhost/home/amazon_aws/x",
    ),
    (
        "the same host by a number",
        "https://2130706433/home/amazon_aws/x",
    ),
    ("a sibling", "https://evil.127.0.0.1.nip.example/"),
    ("plain http", "http://127.0.0.1/"),
    ("a name in front", "https://acme.okta.com@{other-host}/"),
    ("a name and a password", "https://a:b@127.0.0.1/"),
    ("a script", "javascript:alert(1)"),
    ("data", "data:text/html,x"),
    ("a file", "file:///etc/passwd"),
    ("a circle", "/home/amazon_aws/x"),
    ("nothing", ""),
    ("a tab in it", "{org}\t/home/amazon_aws/x"),
];

fn target(env: &TestEnv, text: &str) -> String {
    let other = env.sandbox.other_url();
    text.replace("{other-host}", other.trim_start_matches("https://"))
        .replace("{other}", &other)
        .replace("{org}", &env.sandbox.org_url())
}

#[test]
fn page_is_not_followed_to_another_host() {
    for (case, text) in counted::<16, _>(TARGETS) {
        let env = TestEnv::of("carol").configured();
        let leads = FaultKind::RedirectTo(target(&env, text));
        env.sandbox
            .fault(Fault::org("/home/amazon_aws/", leads).always());
        failed(&env, &exec(&env), &refused("http.redirect", ""), case);
    }
}

#[test]
fn sign_in_follows_no_redirect() {
    for (case, text) in counted::<16, _>(TARGETS) {
        let env = TestEnv::of("carol").configured();
        let leads = FaultKind::RedirectTo(target(&env, text));
        env.sandbox
            .fault(Fault::org("/api/v1/authn", leads).always());
        failed(
            &env,
            &exec(&env),
            &broken("okta.authn.http_status", "302"),
            case,
        );
        assert_eq!(env.passwords_sent(), 1, "{case}");
    }
}

/// 307 and 308 would have the same data sent again, 300 offers a choice.
#[test]
fn redirect_that_repeats_the_request_is_not_followed() {
    for code in counted::<3, u16>([300, 307, 308]) {
        let env = TestEnv::of("carol").configured();
        let headers = vec![("Location".to_owned(), env.sandbox.other_url())];
        let answer = FaultKind::Status {
            code,
            headers,
            body: Vec::new(),
        };
        env.sandbox
            .fault(Fault::org("/api/v1/authn", answer).always());
        let expected = broken("okta.authn.http_status", "30");
        failed(&env, &exec(&env), &expected, &code.to_string());
        assert!(env.sandbox.requests(Server::Other, "/").is_empty());
    }
}

/// Whatever cookies the org sets, the session works, no other host receives one, and no unsound
/// cookie is sent back.
#[test]
fn unsound_cookies_are_dropped_and_the_session_works() {
    let long = format!("long={}; Secure", "x".repeat(5000));
    let cookies = counted::<10, &str>([
        "unsound-evil=1; Domain=evil.example; Secure",
        "unsound-wide=1; Domain=0.1; Secure",
        "unsound-open=1",
        "__Host-unsound=1; Secure; Path=/x",
        "__Secure-unsound=1",
        "unsound-gone=1; Secure; Max-Age=0",
        "unsound-past=1; Secure; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "unsound-elsewhere=1; Secure; Path=/nowhere",
        "=unsound-nameless; Secure",
        &long,
    ]);
    let env = TestEnv::of("carol").configured();
    let headers = cookies
        .iter()
        .map(|cookie| ("Set-Cookie".to_owned(), (*cookie).to_owned()));
    let kind = FaultKind::ExtraHeaders(headers.collect());
    env.sandbox
        .fault(Fault::org("/api/v1/authn", kind.clone()).always());
    env.sandbox.fault(Fault::org("/home/", kind).always());
    super::succeeded(&env, &exec(&env), "cookies");
    let roles = run(env.ob(["roles"]), "");
    assert_eq!(roles.code(), Some(0), "{}", roles.stderr);
    for request in env.sandbox.log() {
        let cookies = request.header("cookie").unwrap_or_default().to_owned();
        assert!(
            !cookies.contains("unsound") && !cookies.contains("long="),
            "{cookies}"
        );
    }
}
