//! The result for each tool's file, and which files are read.

use super::{Home, TOOLS, hold, input};
use crate::support::run;

#[test]
fn each_tools_file_is_mapped_without_showing_secrets() {
    for (tool, _) in TOOLS {
        let home = Home::with(tool);
        let printed = home.imported(&["--print"]);
        hold(tool, &home.said(&printed));
        assert!(!home.settings().exists());
        let json = home.import(&["--print", "--json"]);
        assert!(!json.stdout.contains("canary"));
        let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
        assert_eq!(json["settings"], printed.stdout);
    }
}

#[test]
fn a_file_without_a_usual_place_is_read_when_it_is_named() {
    for (fixture_name, place, tool) in [
        ("aws-okta-processor-lines", ".aws/config", None),
        ("aws-okta-processor-lines", "config", None),
        (
            "aws-okta-processor-lines",
            ".aws/credentials",
            Some("aws-okta-processor"),
        ),
        ("aws-sts", "config.json", None),
        ("aws-sts", "theirs.json", Some("aws-sts")),
    ] {
        let home = Home::new();
        let input = input(fixture_name);
        let path = home.write(place, &input);
        let mut arguments = vec!["--print"];
        // One of the AWS files' default paths is read for this tool only.
        if !place.starts_with(".aws/") {
            arguments.push(path.to_str().unwrap());
        }
        arguments.extend(tool.iter().flat_map(|tool| ["--from", tool]));
        let printed = home.imported(&arguments);
        let said = home.said(&printed).replace(place, "FILE");
        hold(fixture_name, &said);
        arguments[0] = "--force";
        home.imported(&arguments);
        home.is_good();
    }
    let home = Home::new();
    home.write(".aws/credentials", &input("aws-okta-processor-lines"));
    assert_eq!(home.import(&["--print"]).status.code(), Some(2));
}

#[test]
fn session_policies_of_saml2aws_limit_the_profile_here_too() {
    let home = Home::new();
    let policies = [
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:iam::123456789012:policy/Own",
    ];
    let file = |list: &str| {
        let role = "role_arn = arn:aws:iam::123456789012:role/Deploy";
        format!(
            "[a]\nurl = https://acme.okta.com\n{role}\npolicy_file = ~/p.json\npolicy_arn_list = \
             {list}\n"
        )
    };
    home.write(".saml2aws", &file(&policies.join(",")));
    let said = home.said(&home.import(&["--print"]));
    let array = format!("policy_arns = [{:?}, {:?}]\n", policies[0], policies[1]);
    assert!(said.contains(&array), "{said}");
    let from = "~/.saml2aws:5: a.policy_arn_list -> profiles.a.policy_arns";
    assert!(said.contains(&format!("{from} = {}\n", policies.join(", "))));
    // Only managed policies can be taken. That the file's policy is not is reported, because the
    // profile allows more without it.
    let line = "a.policy_file left out: inline session policies are not supported";
    assert!(said.contains(line), "{said}");
    home.imported(&[]);
    home.is_good();
    for wrong in ["ReadOnlyAccess", "arn:aws:iam::aws:policy/A,,x"] {
        home.write(".saml2aws", &file(wrong));
        let checked = home.import(&["--check"]);
        let said = home.said(&checked);
        assert_eq!(checked.status.code(), Some(2), "{said}");
        assert!(
            said.contains("~/.saml2aws:5: a.policy_arn_list left out"),
            "{said}"
        );
        let whole = "a left out: without its session policies it would allow more\n";
        assert!(said.starts_with("---\n") && said.contains(whole), "{said}");
    }
}

#[test]
fn variables_are_read_only_with_the_flag() {
    let home = Home::new();
    let with = |arguments: &[&str]| {
        let mut command = home.command(&[&["config", "import", "--print"], arguments].concat());
        command.env("OKTA_AWSCLI_ORG_DOMAIN", "acme.okta.com");
        command.env("OKTA_AWSCLI_PRIVATE_KEY", "canary");
        run(&mut command, "")
    };
    let untold = with(&[]);
    assert_eq!(untold.status.code(), Some(2), "{}", &untold.stderr);
    let imported = with(&["--from-env"]);
    assert_eq!(imported.status.code(), Some(0), "{}", &imported.stderr);
    assert!(imported.stdout.contains("https://acme.okta.com"));
    assert!(imported.stderr.contains("OKTA_AWSCLI_PRIVATE_KEY left out"));
    assert!(!home.said(&imported).contains("canary"));
}

#[test]
fn an_env_file_is_read_only_when_named() {
    let home = Home::new();
    home.write(".env", &input("env"));
    assert_eq!(home.import(&["--print"]).status.code(), Some(2));
    let named = home.imported(&["--print", "--env-file", ".env"]);
    hold("env", &home.said(&named));
}
