//! Broken, foreign and hostile files.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::Home;

#[test]
fn hostile_values_stay_values_and_are_shown_inert() {
    let home = Home::new();
    let long = "x".repeat(10 * 1024);
    let hostile = [
        "a\"\n[aws]",
        "a\" ]\u{1b}[31m",
        "$(touch pwned)",
        "a\u{0}b",
        "\u{202e}evil",
        "'; rm -rf ~",
        long.as_str(),
    ];
    for value in hostile {
        let value = value.replace('\n', "\\n");
        home.write(
            ".saml2aws",
            &format!(
                "[{value}]\nprovider = Okta\nurl = https://acme.okta.com\nusername = \
                {value}\nrole_arn = {value}\n"
            ),
        );
        let made = home.import(&["--force"]);
        let said = home.said(&made);
        assert!(!said.contains(['\u{1b}', '\u{0}', '\u{202e}']), "{said:?}");
        if made.status.success() {
            home.is_good();
        }
    }
    assert!(!home.0.path().join("pwned").exists());
}

#[test]
fn a_password_in_an_address_is_neither_taken_nor_shown() {
    let home = Home::new();
    let url = "https://alice:canary@acme.okta.com/home/amazon_aws/0oa1/272";
    home.write(".saml2aws", &format!("[a]\nurl = {url}\n"));
    home.write(
        ".okta_aws_login_config",
        &format!("[b]\napp_url = {url}\naws_rolename = x\n"),
    );
    let printed = home.import(&["--print"]);
    assert!(
        !home.said(&printed).contains("canary"),
        "{}",
        home.said(&printed)
    );
}

#[test]
fn what_is_not_understood_is_named_with_its_line() {
    let home = Home::new();
    for (place, content, expected) in [
        (
            ".okta/okta.yaml",
            "awscli:\n  idps: { a: b }\n",
            ":2: awscli.idps left out: not a plain `key: value`",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n\tprofiles:\n",
            ":2: left out: a tab",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  profiles:\n    a: &x\n",
            ":3: awscli.profiles.a left out: not a plain",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  profiles:\n    a:\n      k: 1\n     l: 2\n",
            ":5: left out: its indentation",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  a: 1\n  a: 2\n",
            ":3: awscli.a left out: this key",
        ),
        (
            ".okta/okta.yaml",
            "awscli:\n  a: |\n    canary\n",
            ":2: awscli.a left out: not a plain",
        ),
        (".saml2aws", "[a]\nurl\n", ":2: left out: neither"),
        (
            ".saml2aws",
            "[a]\n[a]\n",
            ":2: imported nevertheless: this section",
        ),
        (
            ".saml2aws",
            "[a]\nurl = x\n  canary\n",
            ":3: left out: neither",
        ),
        (
            ".okta_aws_login_config",
            "[a]\ninherits = b\n[b]\ninherits = a\n",
            "`inherits`",
        ),
        (
            ".oktaws/acme.toml",
            "username = 'a'\nprofiles = = canary\n",
            "line 2: not TOML",
        ),
        (
            ".config/tokendito/tokendito.ini",
            "[default]\nokta_org\n",
            ":2: left out: neither",
        ),
        (
            ".okta/config.properties",
            "OKTA_ORG=acme.okta.com\nOKTA_USERNAME\n",
            ":2: left out: neither",
        ),
        (
            ".aws/config",
            "[okta]\naws_saml_url = x\naws_saml_url = y\n",
            ":3: left out: this key",
        ),
        (
            ".aws/config",
            "[default]\ncredential_process = aws-okta-processor 'canary\n",
            ":2: default.credential_process left out: a command line",
        ),
        (
            ".awsoktaprocessor",
            "[defaults]\naws_okta_user=a\naws_okta_user=b\n",
            ":3: left out: this key",
        ),
        (
            "config.json",
            "{\n \"region\": canary\n}",
            "line 2: not JSON",
        ),
    ] {
        let path = home.write(place, content);
        let mut arguments = vec!["--check"];
        // This tool has no default path.
        arguments.extend(place.ends_with(".json").then_some(place));
        let answer = home.import(&arguments);
        let said = home.said(&answer);
        assert_eq!(answer.status.code(), Some(2), "{said}");
        assert!(
            said.contains(expected) && !said.contains("canary"),
            "{content:?}: {said}"
        );
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_file_that_anybody_may_write_is_refused() {
    let home = Home::with("saml2aws");
    let path = home.0.path().join(".saml2aws");
    fs::set_permissions(path, Permissions::from_mode(0o666)).unwrap();
    let answer = home.import(&["--check"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(answer.stderr.contains(".saml2aws"));
}

/// A role limited by session policies; those of `default` cannot be read.
const UNREADABLE: &str = "[default]\nurl = https://acme.okta.com\n\
    role_arn = arn:aws:iam::123456789012:role/Engineer\npolicy_arn_list = ReadOnlyAccess\n";
const ADMIN: &str =
    "url = https://acme.okta.com\nrole_arn = arn:aws:iam::123456789012:role/Admin\n";

#[test]
fn no_profile_becomes_the_default_because_another_was_left_out() {
    let home = Home::new();
    home.write(".saml2aws", &format!("{UNREADABLE}[prod-admin]\n{ADMIN}"));
    let said = home.said(&home.imported(&["--print"]));
    assert!(said.contains("[profiles.prod-admin]"), "{said}");
    assert!(!said.contains("default_profile"), "{said}");
    // A profile of the same name in another file is not used instead.
    home.write(".saml2aws", UNREADABLE);
    home.write(
        ".config/tokendito/tokendito.ini",
        "[default]\nokta_org = https://acme.okta.com\naws_role_arn = Admin\n",
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(said.contains("[profiles.default]"), "{said}");
    assert!(!said.contains("default_profile"), "{said}");
}

#[test]
fn settings_of_a_left_out_profile_are_not_reported_as_taken() {
    let home = Home::new();
    home.write(".saml2aws", UNREADABLE);
    for arguments in [&[][..], &["--print"]] {
        let none = home.import(arguments);
        assert_eq!(
            (none.status.code(), none.stdout.as_str()),
            (Some(2), ""),
            "{}",
            home.said(&none)
        );
        assert_eq!(
            home.said(&none),
            "---\n\
             ~/.saml2aws:4: default.policy_arn_list left out: not the ARN of a managed policy (arn:aws:iam::aws:policy/ReadOnlyAccess)\n\
             ~/.saml2aws: default left out: without its session policies it would allow more\n\
             ob: no profile could be taken\n  \
             cause: each is left out, because one of its values is invalid\n  \
             hint: `ob config import --check` names the values; correct them there, or `ob config \
             init` asks\n"
        );
        let json = home.import(&[arguments, &["--json"]].concat());
        assert_eq!(json.status.code(), Some(2));
        let all: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(all["taken"], serde_json::json!([]));
        assert_eq!(all["left_out"].as_array().unwrap().len(), 2, "{all}");
        let error: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
        assert_eq!(error["error"], "import.no_profile");
    }
    assert!(!home.settings().exists());
    // The next profile's own settings are taken and reported, though the left-out one had the same.
    home.write(".saml2aws", &format!("{UNREADABLE}[a]\n{ADMIN}"));
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.contains("~/.saml2aws:6: a.url -> org.url = https://acme.okta.com\n")
            && !said.contains("default.url"),
        "{said}"
    );
}

/// Two tools have their profiles in `~/.aws/config`.
#[test]
fn file_of_two_tools_is_named_once() {
    let home = Home::new();
    let said = home.said(&home.import(&[]));
    assert!(said.contains("nothing to import"), "{said}");
    assert_eq!(said.matches("/.aws/config: not there").count(), 1, "{said}");
    home.write(
        ".saml2aws",
        "[a]\nurl = https://acme.okta.com\nprovider = Okta\n",
    );
    fs::create_dir_all(home.0.path().join(".aws/config")).unwrap();
    let said = home.said(&home.import(&["--print"]));
    assert_eq!(said.matches("/.aws/config").count(), 1, "{said}");
}
