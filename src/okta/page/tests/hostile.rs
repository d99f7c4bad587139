//! Forms that are refused, each with its own error.

use proptest::prelude::*;

use super::*;

#[test]
fn action_must_be_an_absolute_https_url() {
    for (raw, expected) in counted::<17, _>([
        (
            "http://signin.aws.amazon.com/saml",
            "okta.page.action_plain_http",
        ),
        (
            "https://a:b@signin.aws.amazon.com/saml",
            "okta.page.action_user_info",
        ),
        (
            "https://signin.aws.amazon.com@evil.example/saml",
            "okta.page.action_user_info",
        ),
        ("/saml", "okta.page.action_relative"),
        ("saml", "okta.page.action_relative"),
        ("?x", "okta.page.action_relative"),
        ("//evil.example/saml", "okta.page.action_relative"),
        ("javascript:alert(1)", "okta.page.action_scheme"),
        ("JaVa&#x53;cript:alert(1)", "okta.page.action_scheme"),
        ("data:text/html,x", "okta.page.action_scheme"),
        ("file:///etc/passwd", "okta.page.action_scheme"),
        ("", "okta.page.action_empty"),
        (" ", "okta.page.action_empty"),
        ("https://", "okta.page.action_invalid"),
        ("https://signin.aws .com/", "okta.page.action_invalid"),
        (
            "ht&#9;tps://signin.aws.amazon.com/",
            "okta.page.action_invalid",
        ),
        (
            "https://signin.aws.amazon.com:99999/",
            "okta.page.action_invalid",
        ),
    ]) {
        assert_eq!(refusal(action(raw).as_bytes()), expected, "{raw}");
    }
    let missing = page(&format!("<form method=post>{RESPONSE}</form>"));
    assert_eq!(refusal(missing.as_bytes()), "okta.page.action_empty");
}

#[test]
fn ambiguous_pages_are_refused() {
    let good = format!(
        r#"<form method="post" action="https://signin.aws.amazon.com/saml">{RESPONSE}</form>"#
    );
    let other = format!("<form action='https://evil.example/'>{RESPONSE}</form>");
    let search = "<form action='https://evil.example/'><input name=q></form>";
    for (body, expected) in counted::<28, _>([
        (good.repeat(2), "okta.page.second_form"),
        (format!("{other}{good}"), "okta.page.second_form"),
        (format!("{good}{other}"), "okta.page.second_form"),
        (format!("{search}{other}{good}"), "okta.page.second_form"),
        (
            format!("{good}<template>{other}</template>"),
            "okta.page.second_form",
        ),
        (search.replace("</form>", &good), "okta.page.nested_form"),
        (
            format!("{search}<input form=f name=SAMLResponse>{good}"),
            "okta.page.form_attribute",
        ),
        (format!("<form>{good}"), "okta.page.nested_form"),
        (
            good.replace("<input", "<form><input"),
            "okta.page.nested_form",
        ),
        (
            good.replace(RESPONSE, &RESPONSE.repeat(2)),
            "okta.page.two_responses",
        ),
        (
            format!("{RESPONSE}{good}"),
            "okta.page.response_outside_form",
        ),
        (RESPONSE.to_owned(), "okta.page.response_outside_form"),
        (
            format!("<template>{good}</template>"),
            "okta.page.inert_form",
        ),
        (
            good.replace("<input", "<input form=other"),
            "okta.page.form_attribute",
        ),
        (
            format!(
                "{}<button form=f formaction='https://evil.example/'></button>",
                good.replace("<form", "<form id=f")
            ),
            "okta.page.form_attribute",
        ),
        (
            good.replace(
                "</form>",
                "<button formaction='https://evil.example/'></button></form>",
            ),
            "okta.page.form_action",
        ),
        (
            good.replace("<input", "<input formaction=x"),
            "okta.page.form_action",
        ),
        (
            format!("<base href='https://evil.example/'>{good}"),
            "okta.page.base_tag",
        ),
        (
            format!("<meta HTTP-EQUIV=Refresh content='0;url=https://evil.example/'>{good}"),
            "okta.page.meta_refresh",
        ),
        (
            good.replace("<form ", "<form action='https://evil.example/' "),
            "okta.page.duplicate_attribute",
        ),
        (
            good.replace("value=", "value='eA==' value="),
            "okta.page.duplicate_attribute",
        ),
        (good.replace("\"post\"", "\"get\""), "okta.page.method"),
        (good.replace("method=\"post\"", ""), "okta.page.method"),
        (
            good.replace(
                "</form>",
                "<input name=RelayState><input name=RelayState></form>",
            ),
            "okta.page.two_relay_states",
        ),
        (
            good.replace(
                "</form>",
                &format!("<input name=RelayState value={}></form>", "x".repeat(4097)),
            ),
            "okta.page.relay_state_too_long",
        ),
        (good.replace("</form>", ""), "okta.page.cut_short"),
        (format!("<plaintext>{good}"), "okta.page.no_form"),
        (format!("<textarea>{good}"), "okta.page.no_form"),
    ]) {
        assert_eq!(refusal(page(&body).as_bytes()), expected, "{body:.300}");
    }
}

#[test]
fn forms_without_a_response_are_ignored() {
    let good = format!(
        r#"<form method="post" action="https://signin.aws.amazon.com/saml">{RESPONSE}</form>"#
    );
    for other in [
        "<form action='/search'><input name=q></form>",
        "<form><button formaction='https://evil.example/'>x</button></form>",
        "<form method=post method=get action='https://evil.example/'></form>",
        "<form><input name=RelayState value=a><input name=RelayState value=b></form>",
        "<noscript><form action='https://evil.example/'><input type=submit></form></noscript>",
        "<form id=search action='/search'><input name=q></form><button form=search>x</button>",
    ] {
        for body in [format!("{other}{good}"), format!("{good}{other}")] {
            let form = AppPage::parse(page(&body).as_bytes())
                .and_then(AppPage::into_saml_form)
                .unwrap_or_else(|error| panic!("{body}: {error}"));
            assert_eq!(form.saml_response.expose(), "QUJD");
            assert_eq!(form.relay_state.expose(), "");
        }
    }
    let left_open = page(&format!("{good}<form action='/search'><input name=q>"));
    assert_eq!(parse_form(&left_open).saml_response.expose(), "QUJD");
}

#[test]
fn response_must_be_strict_base64() {
    for (value, expected) in counted::<14, _>([
        ("", "okta.page.response_empty"),
        ("\r\n", "okta.page.response_empty"),
        ("QU JD", "okta.page.base64_white_space"),
        (" QUJD", "okta.page.base64_white_space"),
        ("QU\tJD", "okta.page.base64_white_space"),
        ("QU-_", "okta.page.base64_url_safe"),
        ("QUI%3D", "okta.page.base64_percent"),
        ("QUI", "okta.page.base64_padding"),
        ("QUJD=", "okta.page.base64_padding"),
        ("QUJ=", "okta.page.base64_padding"),
        ("Q=JD", "okta.page.base64_padding"),
        ("====", "okta.page.base64_padding"),
        ("QU*D", "okta.page.base64_alphabet"),
        ("QUJ\u{416}", "okta.page.base64_alphabet"),
    ]) {
        let html = form(&RESPONSE.replace("QUJD", value));
        assert_eq!(refusal(html.as_bytes()), expected, "{value:?}");
    }
    let large = form(&RESPONSE.replace("QUJD", &"QUJD".repeat(174_763)));
    assert_eq!(refusal(large.as_bytes()), "okta.page.response_too_large");
}

#[test]
fn other_content_is_refused() {
    let latin: Vec<u8> = form(RESPONSE)
        .replace("<title>x", "<title>Zo\u{eb}")
        .chars()
        .map(|c| c as u8)
        .collect();
    let wide: Vec<u8> = form(RESPONSE)
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let attributes: String = (0..100_000).map(|n| format!(" a{n}=1")).collect();
    let many_attributes = form(&format!("<input{attributes}>{RESPONSE}"));
    for (what, bytes, expected) in counted::<6, _>([
        ("latin-1", latin, "okta.page.charset"),
        (
            "UTF-16",
            [b"\xfe\xff", &wide[..]].concat(),
            "okta.page.charset",
        ),
        ("gzip", b"\x1f\x8b\x08\0".to_vec(), "okta.page.compressed"),
        (
            "1 MiB + 1",
            vec![b' '; MAX_PAGE_BYTES + 1],
            "okta.page.too_large",
        ),
        (
            "100k attributes",
            many_attributes[..MAX_PAGE_BYTES.min(many_attributes.len())].into(),
            "okta.page.too_many_attributes",
        ),
        (
            "JSON",
            br#"{"errorCode":"E0000005"}"#.to_vec(),
            "okta.page.no_form",
        ),
    ]) {
        assert_eq!(refusal(&bytes), expected, "{what}");
    }
}

#[test]
fn deeply_nested_tags_are_parsed() {
    let nested = form(&format!("{RESPONSE}{}", "<ul><li>".repeat(100_000)));
    assert_eq!(parse_form(&nested).saml_response.expose(), "QUJD");
}

#[test]
fn truncated_page_yields_no_form() {
    for (body, what) in counted::<2, _>([(CLASSIC, "classic"), (IDENTITY_ENGINE, "engine")]) {
        let end = body.windows(7).rposition(|tag| tag == b"</html>").unwrap();
        let response = body
            .windows(12)
            .rposition(|name| name == b"SAMLResponse")
            .unwrap();
        for cut in (0..end + 6).filter(|cut| *cut > response || cut % 7 == 0) {
            let form = AppPage::parse(&body[..=cut]).and_then(AppPage::into_saml_form);
            assert!(form.is_err(), "{what} {cut}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = AppPage::parse(&bytes);
    }

    #[test]
    fn accepted_form_has_an_https_action(
        body in concat!(
            "(<form |<input |<template>|</template>|</form>|method=post |action=|",
            "https://signin\\.aws\\.amazon\\.com/ |http://evil/ |name=SAMLResponse |value=QUJD |",
            ">|<script>|</script>|<!--|-->|\"|'|x| ){0,40}"
        )
    ) {
        if let Ok(AppPage::SamlForm(form)) = AppPage::parse(page(&body).as_bytes()) {
            prop_assert_eq!(form.action.scheme(), "https");
            prop_assert_eq!(form.saml_response.expose(), "QUJD");
        }
    }
}
