//! Pages of Okta apps: an accepted form can be submitted to no other address.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ob::okta::page::{AppPage, MAX_PAGE_BYTES};
use ob::report::Report;

use super::Harness;

pub(crate) const HARNESS: Harness = Harness {
    name: "page",
    dictionary: &[
        "<!doctype html>",
        "<html><head><title>x</title></head><body>",
        "</body></html>",
        "<form ",
        "<form method=post action=\"https://signin.aws.amazon.com/saml\">",
        "</form>",
        "<input name=SAMLResponse value=QUJD>",
        "<input name=\"SAMLResponse\" type=\"hidden\" value=\"QUJD\"/>",
        "<input name=RelayState value=x>",
        "<INPUT ",
        "method=post ",
        "action=http://evil.example/ ",
        "action=https://a:b@signin.aws.amazon.com/ ",
        "action=javascript:x ",
        "https://signin.aws.amazon.com/saml",
        "http://evil.example/",
        "https://",
        "http://",
        "a:b@",
        "127.0.0.1",
        "javascript:",
        "//",
        "QUI=",
        "%3D",
        "formaction=x ",
        "form=x ",
        "name=SAMLResponse ",
        "value=\"QU&#x4a;D\"",
        "<base href=https://evil.example/>",
        "<meta http-equiv=refresh content=0>",
        "<template>",
        "</template>",
        "<script>",
        "</script>",
        "<textarea>",
        "</textarea>",
        "<noscript>",
        "<plaintext>",
        "<select>",
        "<table>",
        "<svg>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&#x2b;",
        "&nbsp",
        "stateToken = '00a\\x2Db'",
        "\"",
        "'",
        "<",
        ">",
        "=",
        "\0",
        " ",
    ],
    templates: &[
        (
            "<html><form method=post action=\"",
            "\"><input name=SAMLResponse value=QUJD></form></html>",
        ),
        (
            "<html><form method=post action=\"https://signin.aws.amazon.com/saml\">",
            "<input name=SAMLResponse value=QUJD></form></html>",
        ),
        (
            "<html><form method=post action=https://signin.aws.amazon.com/saml>\
             <input name=SAMLResponse value=\"",
            "\"></form></html>",
        ),
    ],
    target,
};

fn target(bytes: &[u8]) {
    let page = AppPage::parse(bytes);
    assert!(bytes.len() <= MAX_PAGE_BYTES || page.is_err());
    match page.and_then(AppPage::into_saml_form) {
        Ok(form) => {
            let loopback = matches!(
                form.action.host_str(),
                Some("localhost" | "127.0.0.1" | "[::1]")
            );
            assert!(
                form.action.scheme() == "https" || (form.action.scheme() == "http" && loopback)
            );
            assert!(form.action.username().is_empty() && form.action.password().is_none());
            let value = form.saml_response.expose();
            assert!(!value.is_empty() && STANDARD.decode(value).is_ok());
            assert!(form.relay_state.expose().len() <= 4096);
        }
        Err(error) => {
            let report = Report::from(error);
            assert!(report.name().starts_with("okta.page."), "{}", report.name());
            assert!(!report.hints.is_empty(), "{} has no hint", report.name());
        }
    }
}
