//! Files that users of the tools reported; the expected output stands beside each in
//! `tests/fixtures/import`.

use std::fs;

use super::{Home, fixture, hold};

/// Returns the output for the reported file `name` at `place`; the written settings are valid.
fn reported(name: &str, place: &str, arguments: &[&str]) -> String {
    let home = Home::new();
    home.write(place, &fs::read_to_string(fixture(name, "ini")).unwrap());
    let printed = home.imported(&[&["--print"], arguments].concat());
    let said = home.said(&printed);
    hold(name, &said);
    home.imported(arguments);
    home.is_good();
    said
}

const URL: [&str; 2] = ["--url", "acme.okta.com"];

#[test]
fn aws_okta_without_source_profiles_is_read() {
    let said = reported("aws-okta-readme-form", ".aws/config", &URL);
    for name in ["okta-dev", "okta-prod"] {
        assert!(
            said.contains(&format!(
                "[profiles.{name}]\napp = \"0oaexample1ExAmPle0h7\""
            )),
            "{said}"
        );
    }
}

#[test]
fn aws_okta_with_its_own_role_key_is_read() {
    let said = reported("aws-okta-role-key", ".aws/config", &URL);
    assert!(
        said.contains("role = \"arn:aws:iam::111111111111:role/okta-dev\""),
        "{said}"
    );
}

#[test]
fn aws_okta_with_an_app_for_each_profile_is_read() {
    let said = reported("aws-okta-url-per-profile", ".aws/config", &URL);
    assert!(said.contains("app = \"0oaexample2ExAmPle0h7\""), "{said}");
}

#[test]
fn a_comment_behind_a_header_is_no_part_of_it() {
    let said = reported("header-with-comment", ".aws/config", &URL);
    assert!(said.contains("[profiles.dev]"), "{said}");
}

#[test]
fn indented_keys_are_read() {
    let said = reported("indented-aws-config", ".aws/config", &URL);
    assert!(said.contains("region = \"us-east-1\""), "{said}");
}

#[test]
fn saml2aws_with_a_home_address_is_read() {
    let said = reported("good-saml2aws", ".saml2aws", &[]);
    assert!(
        said.contains("app = \"https://acme.okta.com/home/"),
        "{said}"
    );
}

#[test]
fn saml2aws_with_a_sign_on_address_keeps_the_app() {
    let said = reported("saml2aws-app-sso-url", ".saml2aws", &[]);
    let app = "app = \"https://acme.okta.com/app/amazon_aws/exk1fcia6d6EMsf331d8/sso/saml\"";
    assert!(said.contains(app), "{said}");
}

#[test]
fn a_tokendito_tile_says_the_org() {
    let place = ".config/tokendito/tokendito.ini";
    let said = reported("tokendito-tile-only", place, &[]);
    assert!(said.contains("url = \"https://acme.okta.com\""), "{said}");
}

#[test]
fn two_tokendito_tiles_of_two_orgs_are_two_orgs() {
    let place = ".config/tokendito/tokendito.ini";
    let said = reported("tokendito-two-tiles", place, &[]);
    assert!(
        said.contains("url = \"https://acme.oktapreview.com\""),
        "{said}"
    );
    assert!(said.contains("factor = \"push\""), "{said}");
}

#[test]
fn an_aws_config_of_no_tool_is_not_claimed() {
    let home = Home::new();
    let mine = fs::read_to_string(fixture("unrelated-aws-config", "ini")).unwrap();
    let path = home.write(".aws/config", &mine);
    for arguments in [&[][..], &["--print"], &[path.to_str().unwrap()]] {
        let none = home.import(arguments);
        let said = home.said(&none);
        assert_eq!(
            (none.status.code(), none.stdout.as_str()),
            (Some(2), ""),
            "{said}"
        );
        assert!(
            !said.contains("left out") && !said.contains("line "),
            "{said}"
        );
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), mine);
    assert!(!home.settings().exists());
}

#[test]
fn an_odd_line_is_named_and_the_rest_is_taken() {
    let role = "role_arn = arn:aws:iam::111111111111:role/Dev\n";
    let home = Home::new();
    home.write(
        ".saml2aws",
        &format!(
            "\u{feff}[dev]\r\n  url = https://acme.okta.com # ours\r\n    {role}nonsense\r\nurl: \
             x\r\n\r\n[dev]\r\nregion : eu-west-1\r\n"
        ),
    );
    let said = home.said(&home.imported(&["--print"]));
    for line in [
        "url = \"https://acme.okta.com\"\n",
        "role = \"arn:aws:iam::111111111111:role/Dev\"\n",
        "region = \"eu-west-1\"\n",
        "~/.saml2aws:1: imported nevertheless: a byte order mark stands before the text\n",
        "~/.saml2aws:4: left out: neither a section, a comment nor `key = value`\n",
        "~/.saml2aws:5: left out: this key is there twice, first in line 2\n",
        "~/.saml2aws:7: imported nevertheless: this section is there twice, first in line 1\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    home.imported(&[]);
    home.is_good();
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_others() {
    let home = Home::with("saml2aws");
    home.write(".oktaws/acme.toml", "username = = a\n");
    let said = home.said(&home.imported(&["--print"]));
    assert!(said.contains("[profiles.default]"), "{said}");
    assert!(
        said.contains("~/.oktaws/acme.toml: left out: line 1: not TOML"),
        "{said}"
    );
    assert_eq!(home.import(&["--check"]).status.code(), Some(2));
}

#[test]
fn a_key_of_several_lines_does_not_stop_the_rest_of_a_yaml_file() {
    let home = Home::new();
    home.write(
        ".okta/okta.yaml",
        "awscli:\n  profiles:\n    m2m:\n      private-key: |\n        canary\n      org-domain: \
         acme.okta.com\n      aws-region: eu-west-1\n",
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("region = \"eu-west-1\"") && !said.contains("canary"),
        "{said}"
    );
    let line = "~/.okta/okta.yaml:4: awscli.profiles.m2m.private-key left out: not a plain";
    assert!(said.contains(line), "{said}");
}

#[test]
fn a_lost_profile_makes_no_other_one_the_default() {
    let home = Home::new();
    let line = "credential_process = aws-okta-processor authenticate";
    home.write(
        ".aws/config",
        &format!("[profile a]\n{line} --user\n[profile b]\n{line} -o acme.okta.com -r Dev\n"),
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("[profiles.b]") && !said.contains("default_profile"),
        "{said}"
    );
    assert!(
        said.contains("~/.aws/config:2: a.credential_process left out"),
        "{said}"
    );
}

#[test]
fn latin_1_lines_are_named_and_the_rest_is_taken() {
    let home = Home::new();
    let path = home.write(".saml2aws", "");
    fs::write(
        path,
        b"# f\xfcr\n[a]\nurl = https://acme.okta.com\nusername = ren\xe9\nregion = eu-west-1\n",
    )
    .unwrap();
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("region = \"eu-west-1\"") && !said.contains("username"),
        "{said}"
    );
    for line in [1, 4] {
        assert!(
            said.contains(&format!("~/.saml2aws:{line}: left out: it is not UTF-8")),
            "{said}"
        );
    }
}

#[test]
fn each_mfa_word_of_saml2aws_is_taken_or_answered() {
    for (word, factor) in [
        ("Auto", None),
        ("PUSH", Some("push")),
        ("SMS", Some("sms")),
        ("EMAIL", Some("email")),
        ("TOTP", Some("totp")),
        ("OKTA", Some("totp")),
        ("FIDO", Some("webauthn")),
        ("YUBICO TOKEN:HARDWARE", Some("yubikey")),
        ("SYMANTEC", Some("token")),
        ("DUO", None),
    ] {
        let home = Home::new();
        home.write(
            ".saml2aws",
            &format!("[a]\nurl = https://acme.okta.com\nmfa = {word}\n"),
        );
        let said = home.said(&home.imported(&["--print"]));
        match factor {
            Some(factor) => assert!(said.contains(&format!("factor = \"{factor}\"")), "{said}"),
            None => assert!(!said.contains("factor ="), "{said}"),
        }
        assert_eq!(said.contains("a.mfa left out"), word == "DUO", "{said}");
    }
}

#[test]
fn a_policy_file_keeps_the_profile_out() {
    let home = Home::new();
    let role = "role_arn = arn:aws:iam::111111111111:role/Dev\n";
    let limited = format!("[a]\nurl = https://acme.okta.com\n{role}policy_file = ~/p.json\n");
    home.write(
        ".saml2aws",
        &(limited + "[b]\nurl = https://acme.okta.com\n" + role),
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("[profiles.b]") && !said.contains("profiles.a"),
        "{said}"
    );
    for line in [
        "~/.saml2aws:4: a.policy_file left out: inline session policies are not supported",
        "~/.saml2aws: a left out: its session policy cannot be imported, and without it the \
         profile would allow more\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn a_name_that_settings_cannot_have_is_changed_with_a_message() {
    let home = Home::new();
    let section = |name: &str| format!("[{name}]\nurl = https://acme.okta.com\nusername = a\n");
    home.write(
        ".saml2aws",
        &(section("a\u{7}b") + &section("a.b \"c\"") + &section("ü]x")),
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("is called a-b here: its name has characters"),
        "{said}"
    );
    home.imported(&[]);
    home.is_good();
}

#[test]
fn the_older_names_of_keys_are_taken() {
    let home = Home::new();
    home.write(
        ".aws/okta_auth",
        "[default]\nokta_aws_tile = \
         https://acme.oktapreview.com/home/amazon_aws/0oa1/123\nmfa_method = push\n",
    );
    home.write(
        ".okta/okta.yaml",
        "awscli:\n  profiles:\n    web:\n      org-domain: acme.okta.com\n      oie-client-id: \
         0oa1client\n",
    );
    let said = home.said(&home.imported(&["--print"]));
    for line in [
        "client_id = \"0oa1client\"",
        "url = \"https://acme.oktapreview.com\"",
        "app = \"https://acme.oktapreview.com/home/amazon_aws/0oa1/123\"",
        "factor = \"push\"",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    home.imported(&[]);
    home.is_good();
}

#[test]
fn an_app_that_is_only_a_path_is_found_at_the_org() {
    let home = Home::new();
    home.write(
        ".aws/config",
        "[profile a]\naws_saml_url = app/amazon_aws/exk1/sso/saml\nrole_arn = \
         arn:aws:iam::111111111111:role/A\n",
    );
    let said = home.said(&home.imported(&[&["--print"][..], &URL].concat()));
    let app = "app = \"https://acme.okta.com/app/amazon_aws/exk1/sso/saml\"";
    assert!(said.contains(app), "{said}");
}
