//! `ob write --link`: a role's section, and profiles with `source_profile`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::discover::POLICIES;
use super::tools::{DEV, asked, boto3, failure, json, ok, prepare, printed, who_am_i};
use crate::support::{Moto, TestEnv, run};

const AUDIT: &str = "\n[profiles.audit]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\n\
    chain = [\"arn:aws:iam::210987654321:role/Admin\"]\n";
const MINE: &str = "# mine\n[default]\nregion = us-east-1 ; odd\n";

fn signed_in() -> TestEnv {
    let env = TestEnv::new();
    env.write_settings(&(env.minimal_settings() + DEV + AUDIT));
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
    // Keys of an earlier command under this name would take precedence.
    printed(&mut env.ob(["write", "-p", "audit"]));
    assert!(file(&env, "credentials").contains("[audit]"));
    let answer = json(&mut env.ob(["write", "--link", "-p", "audit", "--json"]));
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
            && config.contains(
                "[profile audit]\nrole_arn = \
                arn:aws:iam::210987654321:role/Admin\nsource_profile = 123456789012-Engineer\n"
            ),
        "{config}"
    );
    // The sandbox's STS checks the signature and the role's trust policy; moto does not.
    let moto = Moto::start();
    for words in who_am_i() {
        for sts in [&env.sandbox.sts_url(), &moto.url] {
            // The aws CLI caches what it assumed.
            let _ = fs::remove_dir_all(env.path("home/.aws/cli"));
            let mut asked = asked(&env, &words);
            asked.env("AWS_PROFILE", "audit");
            let arn = printed(asked.env("AWS_ENDPOINT_URL_STS", sts));
            let expected = "arn:aws:sts::210987654321:assumed-role/Admin/";
            assert!(arn.starts_with(expected), "{words:?} at {sts}: {arn}");
        }
    }
    let calls = env.sandbox.sts_calls("AssumeRole");
    assert!(calls.len() >= 3);
    let cleaned = json(&mut env.ob(["write", "--clean", "--json"]));
    assert_eq!(cleaned["unlinked"], serde_json::json!(["audit"]));
    assert_eq!(
        (file(&env, "config"), file(&env, "credentials")),
        (MINE.to_owned(), MINE.to_owned())
    );
}

#[test]
fn role_without_a_chain_is_linked_by_its_policies() {
    let env = signed_in();
    let moto = Moto::start();
    let iam = format!("iam_endpoint = \"{}\"\n", moto.url);
    let names = "[accounts]\n210987654321 = \"audit\"\n";
    env.write_settings(&(env.minimal_settings() + &iam + DEV + names));
    prepare(&env, &moto, POLICIES);
    let answer = run(&mut env.ob(["write", "--link", "-r", "Engineer"]), "");
    ok(&answer);
    let said = &answer.stderr;
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
    let arn = printed(boto3(&env).env("AWS_PROFILE", "audit-Admin"));
    assert!(arn.contains("assumed-role/Admin/"), "{arn}");
}

#[test]
fn what_cannot_be_linked_is_named_and_both_files_stay() {
    let env = signed_in();
    let config = env.path("home/.aws/config");
    let refused = |expected: &str, theirs: &str, profile: &str, flags: &[&str]| {
        if file(&env, "config") != theirs {
            env.write("home/.aws/config", theirs);
        }
        let words = [&["--json", "write", "--link", "-p", profile], flags].concat();
        let (_, report) = failure(&mut env.ob(words));
        assert_eq!(report["error"], expected, "{report}");
        let files = (file(&env, "config"), file(&env, "credentials"));
        assert_eq!(files, (theirs.to_owned(), MINE.to_owned()), "{expected}");
        assert_eq!(fs::read_dir(env.path("home/.aws")).unwrap().count(), 2);
    };
    refused("write.link_policy", MINE, "audit", &["--read-only"]);
    let same = ["--name-template", "same"];
    refused("aws.name_template", MINE, "audit", &same);
    fs::set_permissions(&config, Permissions::from_mode(0o400)).unwrap();
    refused("aws.file.read_only", MINE, "audit", &[]);
    fs::set_permissions(&config, Permissions::from_mode(0o600)).unwrap();
    // Hand-written, or ambiguous: the keys are written only if the link can be.
    for (expected, theirs) in [
        ("aws.file.foreign_section", "[profile audit]\nregion = x\n"),
        (
            "aws.file.duplicate_section",
            "[profile audit]\n[profile audit]\n",
        ),
        ("aws.file.unclear_section", "[a]\nx =\n  [profile audit]\n"),
        ("aws.file.markers", "# <<< ob link\n"),
    ] {
        refused(expected, theirs, "audit", &[]);
    }
    // The user's keys under the link's name, which some tools would use instead.
    let keys = "[audit]\naws_access_key_id = AKIA\naws_secret_access_key = x\n";
    env.write("home/.aws/credentials", keys);
    env.write("home/.aws/config", MINE);
    let words = ["--json", "write", "--link", "-p", "audit"];
    let (_, report) = failure(&mut env.ob(words));
    assert_eq!(report["error"], "aws.file.foreign_section");
    let files = (file(&env, "config"), file(&env, "credentials"));
    assert_eq!(files, (MINE.to_owned(), keys.to_owned()));
    ok(&run(env.ob(words).arg("--replace"), ""));
    assert!(!file(&env, "credentials").contains("AKIA"));
    ok(&run(&mut env.ob(["write", "--clean"]), ""));
    env.write("home/.aws/credentials", MINE);
    let default = AUDIT.replace("audit", "default");
    env.write_settings(&(env.minimal_settings() + DEV + AUDIT + &default));
    refused("aws.file.default_link", MINE, "default", &[]);
    let config = config.to_str().unwrap();
    refused("aws.file.both", MINE, "audit", &["--file", config]);
}

#[test]
fn clean_removes_keys_despite_a_broken_config_file() {
    let env = signed_in();
    ok(&run(&mut env.ob(["write", "--link", "-p", "audit"]), ""));
    let broken = file(&env, "config") + "# <<< ob link\n";
    env.write("home/.aws/config", &broken);
    let (code, report) = failure(&mut env.ob(["--json", "write", "--clean"]));
    assert_eq!((code, &report["error"]), (1, &"aws.file.markers".into()));
    let hints = report["hints"].to_string();
    assert!(
        hints.contains("took [123456789012-Engineer] out of"),
        "{hints}"
    );
    let files = (file(&env, "config"), file(&env, "credentials"));
    assert_eq!(files, (broken, MINE.to_owned()));
}

#[test]
fn malformed_config_file_is_reported_before_a_sign_in() {
    let env = TestEnv::new();
    env.write_settings(&(env.minimal_settings() + DEV + AUDIT));
    fs::create_dir(env.path("home/.aws")).unwrap();
    env.write("home/.aws/config", "# >>> ob link\n");
    let (_, report) = failure(&mut env.ob(["--json", "write", "--link", "-p", "audit"]));
    assert_eq!(report["error"], "aws.file.markers");
    assert!(env.agents().is_empty());
}

/// A file that is a mount of a container cannot be replaced, which only the rename shows.
#[test]
fn both_files_are_replaced_or_neither() {
    let env = signed_in();
    for name in ["config", "credentials"] {
        let script = format!(
            "cd \"$HOME/.aws\" && mount --bind {name} {name} && ob --json write --link -p audit; \
             echo $?; ls -A"
        );
        let answer = run(env.command("unshare").args(["-m", "sh", "-c", &script]), "");
        let report: Value = serde_json::from_str(&answer.stderr).unwrap();
        assert_eq!(report["error"], "aws.file.write", "{report}");
        let failed = format!("{name}\"");
        assert!(report["summary"].to_string().ends_with(&failed), "{report}");
        assert_eq!(&answer.stdout, "1\nconfig\ncredentials\n");
        for name in ["config", "credentials"] {
            assert_eq!(file(&env, name), MINE);
        }
    }
}
