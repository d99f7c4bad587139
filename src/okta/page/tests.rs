//! Okta's pages, and pages that must be refused.

mod hostile;

use url::Url;

use super::*;
use crate::model::{Org, counted};
use crate::report::{Exit, Report};
use crate::secret::Secret;

const CLASSIC: &[u8] = include_bytes!("../../../tests/fixtures/okta/app_page_classic.html");
const IDENTITY_ENGINE: &[u8] =
    include_bytes!("../../../tests/fixtures/okta/app_page_identity_engine.html");
const SIGN_IN: &[u8] = include_bytes!("../../../tests/fixtures/okta/sign_in_classic.html");
const SIGN_IN_ENGINE: &[u8] =
    include_bytes!("../../../tests/fixtures/okta/sign_in_identity_engine.html");
const STEP_UP: &[u8] = include_bytes!("../../../tests/fixtures/okta/step_up.html");
const ERROR: &[u8] = include_bytes!("../../../tests/fixtures/okta/error.html");
const RESPONSE: &str = r#"<input name="SAMLResponse" value="QUJD">"#;

fn page(body: &str) -> String {
    format!("<!doctype html><html><head><title>x</title></head><body>{body}</body></html>")
}

/// Returns a page with a form for AWS that contains `inside`.
fn form(inside: &str) -> String {
    page(&format!(
        r#"<form method="post" action="https://signin.aws.amazon.com/saml">{inside}</form>"#
    ))
}

/// Returns a page with a form whose action is the attribute text `raw`.
fn action(raw: &str) -> String {
    page(&format!(
        r#"<form method="post" action="{raw}">{RESPONSE}</form>"#
    ))
}

fn parse_form(html: &str) -> SamlForm {
    match AppPage::parse(html.as_bytes()) {
        Ok(AppPage::SamlForm(form)) => form,
        other => panic!("{other:?}\n{html:.600}"),
    }
}

/// Returns the name of the error.
fn refusal(html: &[u8]) -> String {
    let form = AppPage::parse(html).and_then(AppPage::into_saml_form);
    match form {
        Err(error) => error.code().name().to_owned(),
        Ok(form) => panic!("{form:?}\n{:.600}", String::from_utf8_lossy(html)),
    }
}

#[test]
fn okta_pages_yield_their_form() {
    for (body, encoded, host, relay_state) in counted::<2, _>([
        (
            CLASSIC,
            include_str!("../../../tests/fixtures/saml/classic.xml"),
            "signin.aws.amazon.com",
            "",
        ),
        (
            IDENTITY_ENGINE,
            include_str!("../../../tests/fixtures/saml/identity_engine.xml"),
            "eu-west-1.signin.aws.amazon.com",
            "/console/home?region=eu-west-1",
        ),
    ]) {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(encoded);
        let form = AppPage::parse(body).unwrap().into_saml_form().unwrap();
        assert_eq!(form.saml_response.expose(), encoded);
        assert_eq!(form.relay_state.expose(), relay_state);
        assert_eq!(form.action.host_str(), Some(host));
        assert_eq!(form.check_action(Acs::Aws), Ok(()));
        let vpn = Url::parse("https://vpn.acme.com/").unwrap();
        assert_eq!(
            form.check_action(Acs::Origin(&vpn)),
            Err(PageError::ForeignAction(host.to_owned()))
        );
    }
}

#[test]
fn form_must_be_for_the_expected_service() {
    let bound = |url: &str, acs: Acs<'_>| parse_form(&action(url)).check_action(acs).is_ok();
    for url in counted::<2, _>([
        "https://us-gov-west-1.signin.amazonaws-us-gov.com/saml",
        "https://signin.amazonaws.cn/saml",
    ]) {
        assert!(bound(url, Acs::Aws), "{url}");
    }
    for url in counted::<5, _>([
        "https://signin.aws.amazon.com.evil.example/saml",
        "https://evilsignin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com:8443/saml",
        "http://localhost/saml",
        "https://vpn.acme.com/saml/acs",
    ]) {
        assert!(!bound(url, Acs::Aws), "{url}");
    }
    let vpn = Url::parse("https://vpn.acme.com:943/x").unwrap();
    assert!(bound(
        "https://vpn.acme.com:943/saml/acs",
        Acs::Origin(&vpn)
    ));
    assert!(!bound("https://vpn.acme.com/saml/acs", Acs::Origin(&vpn)));
}

#[test]
fn pages_without_a_form_are_classified() {
    let AppPage::SignIn {
        state_token: Some(token),
    } = AppPage::parse(SIGN_IN).unwrap()
    else {
        panic!();
    };
    assert_eq!(token.secret().expose(), "00mEXAMPLE-state");
    assert!(!token.is_identity_engine());
    let AppPage::SignIn {
        state_token: Some(token),
    } = AppPage::parse(SIGN_IN_ENGINE).unwrap()
    else {
        panic!();
    };
    assert_eq!(token.secret().expose(), "02.id.EXAMPLE-_state~1");
    assert!(token.is_identity_engine());
    let AppPage::StepUp {
        state_token: Some(token),
    } = AppPage::parse(STEP_UP).unwrap()
    else {
        panic!();
    };
    assert_eq!(token.secret().expose(), "00mEXAMPLEstep-up");
    let text = "You are not allowed to access this app.".to_owned();
    assert_eq!(AppPage::parse(ERROR), Ok(AppPage::ErrorPage { text }));
}

#[test]
fn pages_are_classified_by_their_marks() {
    for (body, expected) in counted::<9, _>([
        (r#"<div id="okta-sign-in"></div>"#, "okta.page.sign_in"),
        (
            r#"<form><input name="stateToken" value="00mEXAMPLE"></form>"#,
            "okta.page.sign_in",
        ),
        (
            r#"<div class="x password-verification-challenge"></div>"#,
            "okta.page.password_again",
        ),
        ("<h1>App Access Locked</h1>", "okta.page.access_locked"),
        (
            r#"<div class="consent"><form><input type="submit"></form></div>"#,
            "okta.page.consent",
        ),
        (
            concat!(
                r#"<form action="https://login.example.net/adfs/ls">"#,
                r#"<input name="SAMLRequest" value="x"></form>"#
            ),
            "okta.page.idp_redirect",
        ),
        (
            "<script>location.href = '/oauth2/v1/authorize'</script>",
            "okta.page.script_only",
        ),
        (
            "<h1>Welcome to the hotel</h1><form><input name=room></form>",
            "okta.page.no_form",
        ),
        ("", "okta.page.no_form"),
    ]) {
        assert_eq!(refusal(page(body).as_bytes()), expected, "{body}");
    }
    let redirect = page(
        r#"<form action="https://login.example.net/adfs/ls"><input name="SAMLRequest"></form>"#,
    );
    let host = "login.example.net".to_owned();
    assert_eq!(
        AppPage::parse(redirect.as_bytes()),
        Ok(AppPage::IdpRedirect { host })
    );
}

const PASSWORD_AGAIN: &str = r#"<div id="password-verification-challenge">
    <h1>Please verify your password</h1>
    <form id="creds.edit.form" action="/user/verify_password" method="post">
    <input type="hidden" name="_xsrfToken" value="f9&#x2b;4a"/>
    <input name="password" type="password" value=""/>
    <input value="Verify" name="m-save" type="button"/></form></div>"#;

#[test]
fn password_form_is_filled_in_for_the_org_only() {
    let org = Org::parse("acme.okta.com").unwrap();
    let form = |html: &str| match AppPage::parse(page(html).as_bytes()) {
        Ok(AppPage::PasswordAgain { form }) => form,
        other => panic!("{other:?}"),
    };
    let post = form(PASSWORD_AGAIN).unwrap();
    let post = post.fill_in(&org, &Secret::new("a b&c")).unwrap();
    assert_eq!(
        post.url.as_str(),
        "https://acme.okta.com/user/verify_password"
    );
    assert_eq!(post.body.expose(), "_xsrfToken=f9%2B4a&password=a+b%26c");

    for elsewhere in counted::<3, _>([
        "https://evil.example/x",
        "//evil.example/x",
        "https://a@acme.okta.com/",
    ]) {
        let html = PASSWORD_AGAIN.replace("/user/verify_password", elsewhere);
        let refused = form(&html).unwrap().fill_in(&org, &Secret::new("x"));
        assert_eq!(
            refused.unwrap_err().code().name(),
            "okta.page.foreign_password"
        );
    }
    for (from, to) in counted::<7, _>([
        ("method=\"post\"", "method=\"get\""),
        ("action=\"/user/verify_password\"", ""),
        ("type=\"password\"", "type=\"text\""),
        (
            "type=\"password\"",
            "type=\"password\" formaction=\"https://evil.example\"",
        ),
        (
            "type=\"password\"",
            "type=\"password\" type=\"x\" name=\"y\"",
        ),
        (
            "<input name=\"password\"",
            "<input type=\"password\" name=\"other\"><input name=\"password\"",
        ),
        (
            "</form></div>",
            "</form><form method=post action=/x><input type=password name=p></form></div>",
        ),
    ]) {
        assert!(PASSWORD_AGAIN.contains(from));
        assert_eq!(form(&PASSWORD_AGAIN.replace(from, to)), None, "{to}");
    }
    let shown = format!("{:?}", form(PASSWORD_AGAIN));
    assert!(!shown.contains("4a"), "{shown}");
}

#[test]
fn form_is_read_as_browsers_read_it() {
    let acs = "https://signin.aws.amazon.com/saml";
    for html in counted::<13, _>([
        form(RESPONSE),
        form(
            &RESPONSE
                .to_uppercase()
                .replace("SAMLRESPONSE", "SAMLResponse"),
        ),
        page(&format!(
            "<form method=POST action={acs}><input name=SAMLResponse value=QUJD></form>"
        )),
        page(&format!(
            "<FORM METHOD='Post' ACTION='{acs}'><INPUT VALUE='QUJD' NAME='SAMLResponse'/></FORM>"
        )),
        action("https&#x3a;&#X2F;&#47;signin&#46;aws.amazon.com/saml"),
        form(&RESPONSE.replace("QUJD", "&#x51;&#85;J&#x44;")),
        form(&RESPONSE.replace("QUJD", "QU\r\nJD")),
        form(&format!(
            "<!-- <input name=SAMLResponse value=x> -->{RESPONSE}"
        )),
        form(&format!(
            "<textarea><input name=SAMLResponse value=x></textarea>{RESPONSE}"
        )),
        page("<script>'<form><input name=SAMLResponse>'</script>") + &form(RESPONSE),
        page("<noscript><form><input name=SAMLResponse></form></noscript>") + &form(RESPONSE),
        page("<style><form></style><title><form></title>") + &form(RESPONSE),
        form(&format!("{RESPONSE}<input type=submit><p>text</p>")),
    ]) {
        let form = parse_form(&html);
        assert_eq!(form.saml_response.expose(), "QUJD", "{html}");
        assert_eq!(form.action.as_str(), acs, "{html}");
        assert!(form.relay_state.is_empty());
    }
}

#[test]
fn reports_have_hints() {
    let report = |html: &[u8]| {
        let error = AppPage::parse(html)
            .and_then(AppPage::into_saml_form)
            .unwrap_err();
        Report::from(error)
    };
    assert_eq!(report(SIGN_IN).exit, Exit::SignIn);
    assert_eq!(report(ERROR).exit, Exit::Refused);
    assert!(report(ERROR).causes[0].contains("You are not allowed"));
    assert!(report(b"").hints[0].contains("proxy"));
    assert!(!format!("{:?}", AppPage::parse(CLASSIC)).contains("PD94"));
}
