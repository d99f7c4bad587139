//! The settings file that import writes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Home, TOOLS, input};

#[test]
fn what_import_writes_config_check_finds_good() {
    for (tool, _) in TOOLS {
        let home = Home::with(tool);
        home.imported(&["--url", "acme.okta.com", "--from", tool]);
        let mode = fs::metadata(home.settings()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let written = fs::read_to_string(home.settings()).unwrap();
        assert!(!written.contains("canary"), "{written}");
        home.is_good();
    }
}

#[test]
fn all_tools_at_once_make_one_file_that_is_good() {
    let home = Home::new();
    for (tool, place) in TOOLS {
        home.write(place, &input(tool));
    }
    home.imported(&["--url", "acme.okta.com"]);
    home.is_good();
}

#[test]
fn second_profile_of_a_name_gets_its_tools_name() {
    let home = Home::new();
    let section = |name: &str, role: &str| {
        format!("[{name}]\nurl = https://acme.okta.com\nrole_arn = {role}\n")
    };
    home.write(
        ".okta_aws_login_config",
        "[DEFAULT]\nokta_org_url = https://acme.okta.com\naws_rolename = One\n",
    );
    home.write(
        ".saml2aws",
        &(section("default", "Two") + &section("dev", "Three")),
    );
    home.write(
        ".config/tokendito/tokendito.ini",
        "[default]\nokta_org = https://acme.okta.com\naws_role_arn = Four\n",
    );
    let check = home.import(&["--check", "--json"]);
    let check: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
    let names = ["default", "default-saml2aws", "default-tokendito", "dev"];
    assert_eq!(check["profiles"], serde_json::json!(names));
    assert_eq!(check["renamed"][0]["from"], "default");
    assert_eq!(check["renamed"][0]["to"], "default-saml2aws");
    let made = home.import(&[]);
    let said = home.said(&made);
    assert_eq!(made.status.code(), Some(0), "{said}");
    for line in [
        "~/.saml2aws: default is called default-saml2aws here: an earlier file has a profile of \
         that name\n",
        "~/.saml2aws:3: default.role_arn -> profiles.default-saml2aws.role = Two\n",
        "~/.config/tokendito/tokendito.ini: default is called default-tokendito here",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let written = fs::read_to_string(home.settings()).unwrap();
    assert!(written.starts_with("default_profile = \"default\"\n"));
    for (name, role) in names.into_iter().zip(["One", "Two", "Four", "Three"]) {
        let table = format!("[profiles.{name}]\nrole = \"{role}\"\n");
        assert!(written.contains(&table), "{table}: {written}");
    }
    home.is_good();
}

#[test]
fn a_profile_that_two_files_have_alike_is_taken_once() {
    let home = Home::new();
    let files = ["one.ini", "two.ini"]
        .map(|name| home.write(name, "[a]\nurl = https://acme.okta.com\nrole_arn = One\n"));
    let [one, two] = files.each_ref().map(|path| path.to_str().unwrap());
    let printed = home.import(&["--print", "--from", "saml2aws", one, two]);
    let said = home.said(&printed);
    assert!(
        said.contains("~/two.ini: a left out: an earlier file has the same profile\n"),
        "{said}"
    );
    assert!(!said.contains("a-saml2aws"), "{said}");
}

#[test]
fn same_profile_under_another_name_is_taken_once() {
    let home = Home::new();
    let file = |role: &str| format!("[default]\nurl = https://acme.okta.com\nrole_arn = {role}\n");
    let files = [("a.ini", "One"), ("b.ini", "Two"), ("c.ini", "Two")]
        .map(|(name, role)| home.write(name, &file(role)));
    let mut arguments = vec!["--check", "--json", "--from", "saml2aws"];
    arguments.extend(files.iter().map(|path| path.to_str().unwrap()));
    let check = home.import(&arguments);
    let check: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
    let names = ["default", "default-saml2aws"];
    assert_eq!(check["profiles"], serde_json::json!(names), "{check}");
    let left = &check["left_out"][0];
    assert!(left["file"].as_str().unwrap().ends_with("c.ini"), "{check}");
    assert_eq!(left["why"], "an earlier file has the same profile");
    let taken = check["taken"].to_string();
    assert!(!taken.contains("default-saml2aws-2"), "{taken}");
}

#[test]
fn the_default_profile_is_said_to_be_taken() {
    let home = Home::new();
    home.write(
        ".saml2aws",
        "[only]\nurl = https://acme.okta.com\nrole_arn = One\n",
    );
    let said = home.said(&home.imported(&["--print"]));
    assert!(
        said.starts_with("default_profile = \"only\"\n")
            && said.contains("~/.saml2aws: only -> default_profile = only\n"),
        "{said}"
    );
}

#[test]
fn settings_that_are_there_are_kept_unless_forced() {
    let home = Home::with("saml2aws");
    home.write(".config/ob/config.toml", "[org]\nurl = \"kept.okta.com\"\n");
    let kept = home.import(&[]);
    assert_eq!(kept.status.code(), Some(2));
    assert!(
        kept.stderr.contains("`ob config import --force`"),
        "{}",
        &kept.stderr
    );
    assert!(
        fs::read_to_string(home.settings())
            .unwrap()
            .contains("kept")
    );
    home.imported(&["--force"]);
    assert!(
        !fs::read_to_string(home.settings())
            .unwrap()
            .contains("kept")
    );
}
