//! The page of an app: exactly one form and one assertion, from the org itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob_sandbox::{AwsApp, Fault, FaultKind, Server};

use super::{
    Expected, broken, exec, exec_messages, failed, fails, misled, page, passes, refused, status,
    unreachable,
};
use crate::support::{TestEnv, counted};

const APP: &str = "/home/amazon_aws/";

pub(super) fn form(action: &str, response: &str) -> String {
    format!(
        "<form method=\"post\" action=\"{action}\">\
                 <input type=\"hidden\" name=\"SAMLResponse\" value=\"{response}\"></form>"
    )
}

const AWS: &str = "https://signin.aws.amazon.com/saml";

/// Has the app's page contain an altered assertion and checks the error.
pub(super) fn altered_assertion_fails(
    case: &str,
    spoil: impl Fn(&str) -> String,
    expected: &Expected,
) {
    let env = TestEnv::of("carol").configured();
    let good = env.sandbox.assertion("carol", AwsApp::Production);
    let xml = String::from_utf8(STANDARD.decode(good).unwrap()).unwrap();
    let html = form(AWS, &STANDARD.encode(spoil(&xml)));
    env.sandbox.fault(Fault::org(APP, page(html)));
    failed(&env, &exec(&env), expected, case);
    assert!(
        env.sandbox.sts_calls("AssumeRoleWithSAML").is_empty(),
        "{case}"
    );
}

#[test]
fn page_without_one_form_to_aws_is_refused_by_name() {
    let env = TestEnv::of("carol").configured();
    let good = env.sandbox.assertion("carol", AwsApp::Production);
    let one = form(AWS, &good);
    drop(env);
    for (case, kind, expected) in counted::<9, _>([
        (
            "no form",
            page("<h1>Welcome</h1>"),
            broken("okta.page.no_form", "no SAML response"),
        ),
        ("empty", page(""), broken("okta.page.no_form", "")),
        (
            "two forms",
            page(one.repeat(2)),
            broken("okta.page.second_form", "second form"),
        ),
        (
            "foreign action",
            page(form("https://evil.example/saml", &good)),
            misled("okta.page.foreign_action", "evil.example"),
        ),
        (
            "plain http",
            page(form("http://signin.aws.amazon.com/saml", &good)),
            broken("okta.page.action_plain_http", ""),
        ),
        (
            "no base64",
            page(form(AWS, "!!!!")),
            broken("okta.page.base64_alphabet", ""),
        ),
        (
            "captive portal",
            FaultKind::HtmlInsteadOfJson,
            broken("okta.page.no_form", ""),
        ),
        (
            "oversize",
            page(vec![b'x'; 1024 * 1024 + 1]),
            refused("http.too_long", "1048576"),
        ),
        ("404", status(404, "gone"), refused("okta.status", "404")),
    ]) {
        fails(case, Fault::org(APP, kind).always(), &expected);
    }
}

#[test]
fn malicious_assertion_is_refused_and_never_sent() {
    let dtd = |xml: &str| {
        format!(
            "<!DOCTYPE r [<!ENTITY a \"b\">]>{}",
            xml.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")
        )
    };
    altered_assertion_fails("dtd", dtd, &broken("saml.xml.doctype", "document type"));
    altered_assertion_fails(
        "cut short",
        |xml| xml[..xml.len() / 2].to_owned(),
        &broken("saml.xml.cut_short", "cut short"),
    );
    altered_assertion_fails(
        "one byte short",
        |xml| xml[..xml.len() - 1].to_owned(),
        &broken("saml.xml.cut_short", "cut short"),
    );
    altered_assertion_fails(
        "two roots",
        |xml| format!("{xml}<more/>"),
        &broken("saml.xml.second_root", ""),
    );
    altered_assertion_fails(
        "html",
        |_| "<html></html>".into(),
        &broken("saml.wrong_root", ""),
    );
    altered_assertion_fails(
        "another's app",
        |xml| xml.replace("urn:amazon:webservices", "urn:evil"),
        &misled("saml.audience", ""),
    );
}

#[test]
fn redirect_to_another_host_is_not_followed() {
    for path in counted::<2, _>(["/saml", "/?sessionToken=x"]) {
        let env = TestEnv::of("carol").configured();
        let elsewhere = env.sandbox.other_url() + path;
        env.sandbox
            .fault(Fault::org(APP, FaultKind::RedirectTo(elsewhere)).always());
        failed(&env, &exec(&env), &refused("http.redirect", ""), path);
    }
    for (case, target) in counted::<4, _>([
        ("plain http", "http://127.0.0.1/"),
        ("script", "javascript:alert(1)"),
        ("userinfo", "https://a:b@127.0.0.1/"),
        ("circle", "/home/amazon_aws/x"),
    ]) {
        let env = TestEnv::of("carol").configured();
        env.sandbox
            .fault(Fault::org(APP, FaultKind::RedirectTo(target.into())).always());
        failed(&env, &exec(&env), &refused("http.redirect", ""), case);
    }
}

#[test]
fn page_is_requested_again_after_a_server_error() {
    passes("503 once", Fault::org(APP, status(503, "")));
    passes("502 twice", Fault::org(APP, status(502, "")).times(2));
    passes(
        "limit, one second",
        Fault::org(APP, FaultKind::RateLimited { reset_in: Some(1) }),
    );
}

#[test]
fn server_that_stays_down_is_named_after_three_tries() {
    let env = fails(
        "500 for good",
        Fault::org(APP, status(500, "")).always(),
        &unreachable("okta.server_error", "500"),
    );
    assert_eq!(env.sandbox.requests(Server::Org, APP).len(), 3);
    fails(
        "an hour's limit",
        Fault::org(
            APP,
            FaultKind::RateLimited {
                reset_in: Some(3600),
            },
        )
        .always(),
        &unreachable("okta.rate_limited", "60 min"),
    );
}

#[test]
fn message_when_the_page_has_no_form() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::org(APP, page("<h1>Welcome</h1>")));
    insta::assert_snapshot!(exec_messages(&env), @"
    ob: cannot open AWS
      cause: this is not the page of an Okta app
      cause: the page holds no SAML response
      hint: check `aws.app` with `ob config check`, and whether a proxy or your network's \
        sign-in page answers instead
    ");
}

#[test]
fn message_when_a_redirect_leads_away() {
    let env = TestEnv::of("carol").configured();
    let elsewhere = env.sandbox.other_url();
    env.sandbox
        .fault(Fault::org(APP, FaultKind::RedirectTo(elsewhere)));
    insta::assert_snapshot!(exec_messages(&env), @r#"
    ob: cannot open AWS
      cause: cannot get an answer
      cause: 127.0.0.1: the redirect leads to OTHER
      hint: check the address in `ob config check`; is a portal in between?
      hint: if your org has moved there, set `url = "OTHER"` in [org]
      hint: if that is the sign-in page of a network (hotel, train), open it in a browser first
    "#);
}

/// AWS may hold the key that an app encrypts its assertions for; then only AWS can read the roles
/// in it.
#[test]
fn encrypted_assertion_works_with_a_given_role() {
    let env = TestEnv::of("carol").configured();
    let good = env.sandbox.assertion("carol", AwsApp::Production);
    let xml = String::from_utf8(STANDARD.decode(good).unwrap()).unwrap();
    let (before, rest) = xml.split_once("<saml2:Assertion").unwrap();
    let (_, after) = rest.split_once("</saml2:Assertion>").unwrap();
    let encrypted = format!(
        "{before}<saml2:EncryptedAssertion \
                 xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>{after}"
    );
    let html = form(AWS, &STANDARD.encode(encrypted));
    env.sandbox.fault(Fault::org(APP, page(html)).always());

    let unread = env.answered(&["exec", "--json", "--", "true"]);
    assert_eq!(unread.error(), "saml.encrypted");
    assert!(env.sandbox.sts_calls("AssumeRoleWithSAML").is_empty());

    let role = "arn:aws:iam::123456789012:role/Engineer";
    let provider = "arn:aws:iam::123456789012:saml-provider/okta";
    // The sandbox's STS cannot decrypt it either; what counts is the request to STS.
    env.answered(&[
        "exec",
        "--json",
        "-r",
        role,
        "--provider",
        provider,
        "--",
        "true",
    ]);
    let asked = env.sandbox.sts_calls("AssumeRoleWithSAML");
    assert_eq!(asked[0].form("RoleArn").as_deref(), Some(role));
    assert_eq!(asked[0].form("PrincipalArn").as_deref(), Some(provider));
}
