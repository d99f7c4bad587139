//! The same settings in other spellings: quotes, odd headers, each form of an app's address,
//! incomplete profiles.

use super::*;

const TILE: &str = "https://acme.okta.com/home/amazon_aws/0oa1/272";

/// Returns the output for `content` at `place`; the written settings are valid.
fn said(place: &str, content: &str) -> String {
    let home = Home::new();
    home.write(place, content);
    let printed = home.imported(&["--print"]);
    home.imported(&[]);
    home.is_good();
    home.said(&printed)
}

#[test]
fn a_quoted_value_keeps_its_signs_and_loses_its_quotes() {
    for (value, expected) in [
        ("`alice#1`", "'alice#1'"),
        ("\"alice # 1\" ; comment", "'alice # 1'"),
        ("'alice; 1'# comment", "'alice; 1'"),
        ("alice ; comment", "'alice'"),
        ("al`ice", "'al`ice'"),
        ("\"alice", "'\"alice'"),
    ] {
        let said = said(
            ".saml2aws",
            &format!("[default]\nurl = `{TILE}?a#b`\nusername = {value}\nprovider = Okta\n"),
        );
        let expected = expected.trim_matches('\'');
        let line = format!("default.username -> org.username = {expected}\n");
        assert!(
            said.contains(&line) && said.contains(&format!("app = \"{TILE}\"")),
            "{said}"
        );
    }
}

#[test]
fn each_form_of_an_apps_address_is_its_embed_link() {
    let sign_on = "https://acme.okta.com/app/acme_aws_1/exk1/sso/saml";
    for (url, app) in [
        (format!("{TILE}/"), TILE),
        (format!("{TILE}?fromHome=true#x"), TILE),
        ("acme.okta.com/home/amazon_aws/0oa1/272".to_owned(), TILE),
        (TILE.replace("acme", "acme-admin"), TILE),
        (
            "https://acme.okta.com/login/login.htm?fromURI=%2Fhome%2Famazon_aws%2F0oa1%2F272"
                .to_owned(),
            TILE,
        ),
        (format!("{sign_on}/"), sign_on),
        (format!("{sign_on}?RelayState=x"), sign_on),
    ] {
        let said = said(
            ".saml2aws",
            &format!("[default]\nurl = {url}\nprovider = Okta\n"),
        );
        assert!(said.contains(&format!("app = \"{app}\"")), "{url}: {said}");
        assert!(!said.contains("left out"), "{url}: {said}");
    }
}

#[test]
fn a_page_that_is_no_app_is_named_and_the_org_taken() {
    for (url, is_named) in [
        ("https://acme.okta.com/sso/saml2/0oa1", true),
        ("https://acme.okta.com/app/exk1/sso/saml/metadata", true),
        (
            "https://acme.okta.com/login?fromURI=https://evil.example/home/x/0oa1/1",
            true,
        ),
        ("https://acme.okta.com/app/UserHome", false),
        ("https://acme.okta.com/", false),
    ] {
        let said = said(
            ".saml2aws",
            &format!("[default]\nurl = {url}\nprovider = Okta\n"),
        );
        assert!(said.contains("url = \"https://acme.okta.com\""), "{said}");
        let line = "~/.saml2aws:2: default.url left out: only the org is taken of it";
        assert_eq!(said.contains(line), is_named, "{said}");
        assert!(!said.contains("app = "), "{said}");
    }
}

#[test]
fn a_tab_in_a_header_parts_its_words() {
    let role = "arn:aws:iam::111111111111:role/Dev";
    let said = said(
        ".aws/config",
        &format!("[okta]\naws_saml_url = {TILE}\n[profile\tdev]\nrole_arn = {role}\n"),
    );
    assert!(said.contains("[profiles.dev]"), "{said}");
}

#[test]
fn a_source_profile_that_leads_nowhere_is_named() {
    let role = "arn:aws:iam::111111111111:role/Dev";
    let said = said(
        ".aws/config",
        &format!(
            "[okta]\naws_saml_url = {TILE}\n[profile a]\nrole_arn = {role}\nsource_profile = none\n\
             [profile b]\nrole_arn = {role}\nsource_profile = b\n"
        ),
    );
    for line in ["config:3: a left out", "config:6: b left out"] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("default_profile"), "{said}");
}

#[test]
fn a_profile_without_its_org_is_given_to_none_of_several() {
    let said = said(
        ".config/tokendito/tokendito.ini",
        "[d]\nokta_username = carol\n\
         [a]\nokta_tile = https://acme.okta.com/home/amazon_aws/0oa1/272\n\
         [b]\nokta_tile = https://acme.oktapreview.com/home/amazon_aws/0oa2/272\n",
    );
    assert!(
        said.contains("tokendito.ini: d left out: its org's address"),
        "{said}"
    );
    assert!(!said.contains("username = \"carol\""), "{said}");
}

#[test]
fn settings_that_lack_the_org_are_printed_with_a_hint() {
    let home = Home::new();
    home.write(
        ".aws/config",
        "[okta]\naws_saml_url = home/amazon_aws/0oa1/272\n",
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(said.contains("ob config import --url"), "{said}");
    let said = home.said(&home.imported(&["--print", "--url", "acme.okta.com"]));
    assert!(!said.contains("--url"), "{said}");
}
