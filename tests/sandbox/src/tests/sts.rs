//! STS: what it grants and what it refuses, in whose words.

use super::{Reply, form, sts};
use crate::{AwsApp, Options, Sandbox, clock, sigv4};

const ENGINEER: &str = "arn:aws:iam::123456789012:role/Engineer";
const DEPLOY: &str = "arn:aws:iam::123456789012:role/Deploy";
const PROVIDER: &str = "arn:aws:iam::123456789012:saml-provider/okta";

fn with_saml(sandbox: &Sandbox, assertion: &str, role: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields = vec![
        ("Action", "AssumeRoleWithSAML"),
        ("RoleArn", role),
        ("PrincipalArn", PROVIDER),
        ("SAMLAssertion", assertion),
    ];
    fields.extend(more);
    sts(sandbox, &fields, &[])
}

fn refusal(reply: &Reply) -> (u16, String) {
    (reply.status, reply.element("Code"))
}

/// A call signed with the credentials of an earlier answer.
fn as_caller(sandbox: &Sandbox, credentials: &Reply, fields: &[(&str, &str)]) -> Reply {
    let url = sandbox.sts_url();
    let headers = sigv4::sign(
        url.strip_prefix("https://").unwrap(),
        &form(fields),
        &credentials.element("AccessKeyId"),
        &credentials.element("SecretAccessKey"),
        &credentials.element("SessionToken"),
    );
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    sts(sandbox, fields, &headers)
}

#[test]
fn an_assertion_becomes_credentials_that_are_known_afterwards() {
    let sandbox = Sandbox::start();
    let assertion = sandbox.assertion("alice", AwsApp::Production);
    let reply = with_saml(
        &sandbox,
        &assertion,
        ENGINEER,
        &[("DurationSeconds", "43200")],
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.element("AccessKeyId").starts_with("ASIA"));
    assert_eq!(reply.element("AccessKeyId").len(), 20);
    assert_eq!(reply.element("SecretAccessKey").len(), 40);
    let left = clock::parse(&reply.element("Expiration")).unwrap() - sandbox.now();
    assert!((43_190..=43_200).contains(&left), "{left}");
    let identity = as_caller(&sandbox, &reply, &[("Action", "GetCallerIdentity")]);
    let arn = "arn:aws:sts::123456789012:assumed-role/Engineer/alice@acme.com";
    assert_eq!(identity.element("Arn"), arn);
    assert_eq!(identity.element("Account"), "123456789012");
    sandbox.advance_clock(43_201);
    let late = as_caller(&sandbox, &reply, &[("Action", "GetCallerIdentity")]);
    assert_eq!(refusal(&late), (403, "ExpiredToken".into()));
}

#[test]
fn callers_are_known_by_key_token_and_signature() {
    let sandbox = Sandbox::start();
    let assertion = sandbox.assertion("bob", AwsApp::Production);
    let credentials = with_saml(&sandbox, &assertion, ENGINEER, &[]);
    let call = [("Action", "GetCallerIdentity")];
    let unsigned = sts(&sandbox, &call, &[]);
    assert_eq!(
        refusal(&unsigned),
        (403, "MissingAuthenticationToken".into())
    );
    let spoiled = |name: &str, from: &str, to: &str| {
        let body = credentials
            .body
            .replace(&format!("<{name}>{from}"), &format!("<{name}>{to}"));
        assert_ne!(body, credentials.body);
        let spoiled = Reply {
            status: 200,
            headers: Vec::new(),
            body,
        };
        refusal(&as_caller(&sandbox, &spoiled, &call)).1
    };
    assert_eq!(
        spoiled("AccessKeyId", "ASIA", "AKIA"),
        "InvalidClientTokenId"
    );
    assert_eq!(spoiled("SessionToken", "I", "J"), "InvalidClientTokenId");
    assert_eq!(
        spoiled("SecretAccessKey", "c", "d"),
        "SignatureDoesNotMatch"
    );
    sandbox.advance_clock(1000);
    let stale = as_caller(&sandbox, &credentials, &call);
    assert_eq!(stale.element("Message"), "Signature expired");
}

#[test]
fn five_hundred_roles_fit_into_an_assertion() {
    let sandbox = Sandbox::with(Options {
        extra_roles: 500,
        ..Options::default()
    });
    let assertion = sandbox.assertion("alice", AwsApp::Labs);
    let role = "arn:aws:iam::345678901234:role/Bulk-0500";
    let fields = [
        ("Action", "AssumeRoleWithSAML"),
        ("RoleArn", role),
        (
            "PrincipalArn",
            "arn:aws:iam::345678901234:saml-provider/okta",
        ),
        ("SAMLAssertion", &assertion),
    ];
    assert_eq!(sts(&sandbox, &fields, &[]).status, 200);
    let long = "A".repeat(100_001);
    assert_eq!(
        refusal(&with_saml(&sandbox, &long, role, &[])).1,
        "ValidationError"
    );
}

#[test]
fn an_altered_assertion_is_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let sandbox = Sandbox::start();
    let assertion = sandbox.assertion("bob", AwsApp::Production);
    let xml = String::from_utf8(STANDARD.decode(&assertion).unwrap()).unwrap();
    let altered = STANDARD.encode(xml.replace("role/Engineer", "role/Deploy"));
    let reply = with_saml(&sandbox, &altered, DEPLOY, &[]);
    assert_eq!(refusal(&reply), (400, "InvalidIdentityToken".into()));
    assert_eq!(reply.element("Message"), "Response signature invalid");
    let other = Sandbox::start().assertion("bob", AwsApp::Production);
    let reply = with_saml(&sandbox, &other, ENGINEER, &[]);
    assert_eq!(reply.element("Message"), "Response signature invalid");
    for nonsense in ["!!!!", "PGE+PC9iPg==", &STANDARD.encode("<a/>")] {
        let reply = with_saml(&sandbox, nonsense, ENGINEER, &[]);
        assert_eq!(refusal(&reply), (400, "InvalidIdentityToken".into()));
    }
}

#[test]
fn only_the_assertions_pairs_are_granted_for_five_minutes() {
    let sandbox = Sandbox::start();
    let assertion = sandbox.assertion("bob", AwsApp::Production);
    let reply = with_saml(&sandbox, &assertion, DEPLOY, &[]);
    assert_eq!(refusal(&reply), (403, "AccessDenied".into()));
    sandbox.advance_clock(299);
    assert_eq!(with_saml(&sandbox, &assertion, ENGINEER, &[]).status, 200);
    sandbox.advance_clock(2);
    let reply = with_saml(&sandbox, &assertion, ENGINEER, &[]);
    assert_eq!(refusal(&reply), (400, "ExpiredTokenException".into()));
}

#[test]
fn durations_have_three_limits() {
    let options = Options {
        session_not_on_or_after_seconds: Some(1800),
        ..Options::default()
    };
    let sandbox = Sandbox::with(options);
    let assertion = sandbox.assertion("alice", AwsApp::Production);
    let ask =
        |role, seconds| with_saml(&sandbox, &assertion, role, &[("DurationSeconds", seconds)]);
    for seconds in ["899", "43201", "an hour", "-1"] {
        assert_eq!(
            refusal(&ask(ENGINEER, seconds)),
            (400, "ValidationError".into()),
            "{seconds}"
        );
    }
    assert_eq!(
        ask(DEPLOY, "3601").element("Message"),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    );
    let capped = ask(ENGINEER, "43200").element("Expiration");
    assert!(clock::parse(&capped).unwrap() <= sandbox.now() + 1800);
}

#[test]
fn chaining_follows_trust_and_ends_after_an_hour() {
    let sandbox = Sandbox::start();
    let assertion = sandbox.assertion("alice", AwsApp::Production);
    let chain = |from: &str, to: &str, seconds: &str| {
        let credentials = with_saml(&sandbox, &assertion, from, &[]);
        let fields = [
            ("Action", "AssumeRole"),
            ("RoleArn", to),
            ("RoleSessionName", "alice@acme.com"),
            ("DurationSeconds", seconds),
        ];
        as_caller(&sandbox, &credentials, &fields)
    };
    let admin = "arn:aws:iam::210987654321:role/Admin";
    let forbidden = "arn:aws:iam::210987654321:role/Forbidden";
    let arn = "arn:aws:sts::210987654321:assumed-role/Admin/alice@acme.com";
    assert_eq!(chain(ENGINEER, admin, "3600").element("Arn"), arn);
    assert_eq!(
        refusal(&chain(ENGINEER, admin, "3601")),
        (400, "ValidationError".into())
    );
    assert_eq!(
        refusal(&chain(ENGINEER, forbidden, "3600")),
        (403, "AccessDenied".into())
    );
    assert_eq!(
        refusal(&chain(DEPLOY, admin, "3600")),
        (403, "AccessDenied".into())
    );
}
