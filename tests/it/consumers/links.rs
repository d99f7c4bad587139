//! `ob write --link`: a role's section, and profiles that go on from it by themselves.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::discover::POLICIES;
use super::tools::{DEV, installed, node_path, ok, printed, tool, who_am_i};
use crate::support::{Moto, TestEnv, run, text};

const AUDIT: &str = "\n[profiles.audit]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\n\
    chain = [\"arn:aws:iam::210987654321:role/Admin\"]\n";
const MINE: &str = "# mine\n[default]\nregion = us-east-1 ; odd\n";

fn signed_in() -> TestEnv {
    let env = TestEnv::new();
    env.write_settings(&(env.usual_settings() + DEV + AUDIT));
    env.sign_in();
    fs::create_dir(env.path("home/.aws")).unwrap();
    env.write("home/.aws/config", MINE);
    env.write("home/.aws/credentials", MINE);
    env
}

fn file(env: &TestEnv, name: &str) -> String {
    fs::read_to_string(env.path("home/.aws").join(name)).unwrap()
}

#[test]
fn the_aws_tools_go_on_along_a_chain_by_themselves() {
    let env = signed_in();
    // What an earlier command wrote under the name would be taken instead.
    printed(&mut env.ob(["write", "-p", "audit"]));
    assert!(file(&env, "credentials").contains("[audit]"));
    let answer = printed(&mut env.ob(["write", "--link", "-p", "audit", "--json"]));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        answer["linked"][0],
        serde_json::json!({
            "profile": "audit",
            "role": "arn:aws:iam::210987654321:role/Admin",
            "source_profile": "123456789012-Engineer",
        })
    );
    assert!(!file(&env, "credentials").contains("[audit]"));
    let config = file(&env, "config");
    assert!(
        config.starts_with(MINE)
            && config.contains("[profile audit]\nrole_arn = arn:aws:iam::210987654321:role/Admin\nsource_profile = 123456789012-Engineer\n"),
        "{config}"
    );
    // The sandbox's STS checks the signature and whom the role trusts; moto's is somebody else's.
    let moto = Moto::start();
    for words in who_am_i() {
        for sts in [&env.sandbox.sts_url(), &moto.url] {
            // The aws CLI keeps what it assumed.
            let _ = fs::remove_dir_all(env.path("home/.aws/cli"));
            let mut asked = tool(&env, &words[0]);
            asked
                .args(&words[1..])
                .env("AWS_PROFILE", "audit")
                .env("AWS_ENDPOINT_URL_STS", sts)
                .env("NODE_PATH", node_path());
            let arn = printed(&mut asked);
            let expected = "arn:aws:sts::210987654321:assumed-role/Admin/";
            assert!(arn.starts_with(expected), "{words:?} at {sts}: {arn}");
        }
    }
    let calls = env.sandbox.sts_calls("AssumeRole");
    assert!(calls.len() >= 3);
    let cleaned = printed(&mut env.ob(["write", "--clean", "--json"]));
    let cleaned: Value = serde_json::from_str(&cleaned).unwrap();
    assert_eq!(cleaned["unlinked"], serde_json::json!(["audit"]));
    assert_eq!(
        (file(&env, "config"), file(&env, "credentials")),
        (MINE.to_owned(), MINE.to_owned())
    );
}

#[test]
fn a_role_without_a_chain_is_linked_to_the_roles_its_policies_name() {
    let env = signed_in();
    let moto = Moto::start();
    let iam = format!("iam_endpoint = \"{}\"\n", moto.url);
    let names = "[accounts]\n210987654321 = \"audit\"\n";
    env.write_settings(&(env.usual_settings() + &iam + DEV + names));
    let mut policies = env.command(installed("venv/bin/python"));
    policies.args(["-c", POLICIES, &moto.url]).envs([
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ]);
    printed(&mut policies);
    let answer = run(&mut env.ob(["write", "--link", "-r", "Engineer"]), "");
    ok(&answer);
    let said = text(&answer.stderr);
    assert!(said.contains("role/Audit* is a pattern"), "{said}");
    let config = file(&env, "config");
    for line in [
        "[profile audit-Admin]",
        "role_arn = arn:aws:iam::210987654321:role/Admin",
        "[profile 345678901232-Deploy]",
        "source_profile = 123456789012-Engineer",
    ] {
        assert!(config.contains(line), "{line}: {config}");
    }
    let mut asked = tool(&env, &who_am_i()[1][0]);
    asked
        .args(&who_am_i()[1][1..])
        .env("AWS_PROFILE", "audit-Admin");
    assert!(printed(&mut asked).contains("assumed-role/Admin/"));
}

#[test]
fn what_cannot_be_linked_is_named_and_both_files_stay() {
    let env = signed_in();
    let refused = |expected: &str, flags: &[&str]| {
        let words = [&["--json", "write", "--link", "-p", "audit"], flags].concat();
        let answer = run(&mut env.ob(words), "");
        let report: Value = serde_json::from_slice(&answer.stderr).unwrap();
        assert_eq!(report["error"], expected);
        assert_eq!(file(&env, "credentials"), MINE, "{expected}");
    };
    refused("write.link_policy", &["--read-only"]);
    refused("aws.name_template", &["--name-template", "same"]);
    let config = env.path("home/.aws/config");
    fs::set_permissions(&config, Permissions::from_mode(0o400)).unwrap();
    refused("aws.file.read_only", &[]);
    fs::set_permissions(&config, Permissions::from_mode(0o600)).unwrap();
    let theirs = "[profile audit]\nregion = x\n";
    env.write("home/.aws/config", theirs);
    let answer = run(
        &mut env.ob(["--json", "write", "--link", "-p", "audit"]),
        "",
    );
    assert!(text(&answer.stderr).contains("\"aws.file.foreign_section\""));
    assert_eq!(file(&env, "config"), theirs);
}
