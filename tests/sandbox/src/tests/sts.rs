//! STS: what it grants and what it refuses, in whose words.

use super::{Reply, sts};
use crate::{AwsApp, Options, Sandbox, clock};

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

fn as_caller(reply: &Reply) -> [(&'static str, String); 2] {
    let scope = "20261122/eu-west-1/sts/aws4_request, SignedHeaders=host, Signature=0";
    let key = reply.element("AccessKeyId");
    [
        (
            "Authorization",
            format!("AWS4-HMAC-SHA256 Credential={key}/{scope}"),
        ),
        ("X-Amz-Security-Token", reply.element("SessionToken")),
    ]
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
    let headers = as_caller(&reply);
    let headers = [
        (headers[0].0, &*headers[0].1),
        (headers[1].0, &*headers[1].1),
    ];
    let identity = sts(&sandbox, &[("Action", "GetCallerIdentity")], &headers);
    let arn = "arn:aws:sts::123456789012:assumed-role/Engineer/alice@acme.com";
    assert_eq!(identity.element("Arn"), arn);
    assert_eq!(identity.element("Account"), "123456789012");
    let half = sts(&sandbox, &[("Action", "GetCallerIdentity")], &headers[..1]);
    assert_eq!(refusal(&half), (403, "InvalidClientTokenId".into()));
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
fn only_pairs_of_the_assertion_are_granted_and_only_for_five_minutes() {
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
        let headers = as_caller(&with_saml(&sandbox, &assertion, from, &[]));
        let headers = [
            (headers[0].0, &*headers[0].1),
            (headers[1].0, &*headers[1].1),
        ];
        let fields = [
            ("Action", "AssumeRole"),
            ("RoleArn", to),
            ("RoleSessionName", "alice@acme.com"),
            ("DurationSeconds", seconds),
        ];
        sts(&sandbox, &fields, &headers)
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
