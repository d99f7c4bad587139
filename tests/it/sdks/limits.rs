//! Session policies: `--read-only`, `--policy-arn`, and `read_only` and `policy_arns` of a profile.

use std::fs;

use serde_json::Value;

use super::tools::{DEV, dev, failure, json, printed};
use crate::support::{Pty, TestEnv, run};

const READ_ONLY: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";
const S3: &str = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";

/// Returns the session policies of an issued key.
fn policies(env: &TestEnv, key: &str) -> Vec<String> {
    env.sandbox.session_policies(key.trim()).unwrap()
}

/// Returns the access key of `ob exec` with `flags`, and the command's `OB_POLICY`.
fn given(env: &TestEnv, flags: &[&str]) -> (String, String) {
    let script = "echo $AWS_ACCESS_KEY_ID $OB_POLICY";
    let words = [&["exec"], flags, &["--", "sh", "-c", script]].concat();
    let answer = printed(&mut env.ob(words));
    let (key, policy) = answer.trim().split_once(' ').unwrap_or((answer.trim(), ""));
    (key.to_owned(), policy.to_owned())
}

#[test]
fn limited_and_full_credentials_are_never_exchanged() {
    let env = dev();
    env.sign_in();
    let flags: [(&[&str], &[&str], &str); 4] = [
        (&["-p", "dev"], &[], ""),
        (&["-p", "dev", "--read-only"], &[READ_ONLY], "read-only"),
        (
            &["-p", "dev", "--policy-arn", S3],
            &[S3],
            "AmazonS3ReadOnlyAccess",
        ),
        (
            &["-p", "dev", "--policy-arn", S3, "--policy-arn", READ_ONLY],
            &[S3, READ_ONLY],
            "AmazonS3ReadOnlyAccess,ReadOnlyAccess",
        ),
    ];
    let mut keys = Vec::new();
    for _ in 0..2 {
        for (flags, expected, policy) in &flags {
            let (key, said) = given(&env, flags);
            assert_eq!(policies(&env, &key), *expected, "{flags:?}");
            assert_eq!(said, *policy, "{flags:?}");
            keys.push(key);
        }
    }
    // Each is fetched once and cached separately.
    assert_eq!(keys[..4], keys[4..]);
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 4);
    let status = json(&mut env.ob(["status", "--json"]));
    let mut limits: Vec<_> = status["roles"].as_array().unwrap().iter().collect();
    limits.retain(|role| role["policy"] == "read-only");
    assert_eq!(limits.len(), 1, "{status}");
    assert!(printed(&mut env.ob(["status"])).contains("/Engineer (read-only), until "));
    // A nested command has its own limits, or none.
    let nested = "exec ob exec -p dev -- sh -c 'echo $AWS_ACCESS_KEY_ID $OB_POLICY'";
    let nested =
        printed(&mut env.ob(["exec", "-p", "dev", "--read-only", "--", "sh", "-c", nested]));
    assert_eq!(nested.trim(), keys[0]);
}

#[test]
fn every_verb_that_hands_out_credentials_can_limit_them() {
    let env = dev();
    let signin = format!(
        "signin_endpoint = \"{}/federation\"\n",
        env.sandbox.sts_url()
    );
    env.write_settings(&(env.minimal_settings() + &signin + DEV));
    env.sign_in();
    let limited = |words: &[&str]| printed(env.ob(words).args(["-p", "dev", "--read-only"]));
    let credential: Value = serde_json::from_str(&limited(&["credential"])).unwrap();
    let variables: Value = serde_json::from_str(&limited(&["env", "--format", "json"])).unwrap();
    let console = limited(&["console", "--print"]);
    assert!(console.starts_with("https://"), "{console}");
    let asked = env.sandbox.requests(ob_sandbox::Server::Sts, "/federation");
    let session: Value = serde_json::from_str(&asked[0].parameter("Session").unwrap()).unwrap();
    limited(&["write"]);
    let file = fs::read_to_string(env.path("home/.aws/credentials")).unwrap();
    let written = file
        .lines()
        .find_map(|line| line.strip_prefix("aws_access_key_id = "));
    for (verb, key) in [
        ("credential", credential["AccessKeyId"].as_str()),
        ("env", variables["AWS_ACCESS_KEY_ID"].as_str()),
        ("console", session["sessionId"].as_str()),
        ("write", written),
    ] {
        assert_eq!(policies(&env, key.unwrap()), [READ_ONLY], "{verb}");
    }
    let shell = limited(&["env", "--shell", "bash"]);
    assert!(shell.contains("OB_POLICY='read-only'"));
    let all = run(
        &mut env.ob(["write", "--all", "--read-only", "--file", "all"]),
        "",
    );
    assert!(all.status.success(), "{}", &all.stderr);
    for call in env.sandbox.sts_calls("AssumeRoleWithSAML") {
        let policy = call.form("PolicyArns.member.1.arn");
        assert_eq!(policy.as_deref(), Some(READ_ONLY));
    }
}

#[test]
fn a_profile_limits_itself_and_no_flag_lifts_that() {
    let env = dev();
    let profiles = format!(
        "{DEV}[profiles.look]\nrole = \"Engineer\"\nread_only = true\n\
         [profiles.s3]\nrole = \"Engineer\"\npolicy_arns = [\"{S3}\"]\n"
    );
    env.write_settings(&(env.minimal_settings() + &profiles));
    env.sign_in();
    for (flags, expected) in [
        (&["-p", "look"][..], READ_ONLY),
        (&["-p", "look", "--read-only"], READ_ONLY),
        (&["-p", "s3"], S3),
        (&["-p", "s3", "--policy-arn", READ_ONLY], READ_ONLY),
    ] {
        let (key, _) = given(&env, flags);
        assert_eq!(policies(&env, &key), [expected], "{flags:?}");
    }
    // The profile's `credential_process` renews with the same limits.
    printed(&mut env.ob(["config", "aws"]));
    let credential = json(&mut env.ob(["credential", "-p", "look"]));
    let key = credential["AccessKeyId"].as_str().unwrap();
    assert_eq!(policies(&env, key), [READ_ONLY]);
    let policy = printed(&mut env.ob([
        "exec",
        "--refresh",
        "-p",
        "look",
        "--",
        "sh",
        "-c",
        "echo $OB_POLICY",
    ]));
    assert_eq!(policy, "read-only\n");
    for (flags, expected) in [
        (
            &["-p", "look", "--policy-arn", S3][..],
            "config.session_policy",
        ),
        (&["-p", "s3", "--read-only"], "config.session_policy"),
        (&["-p", "dev", "--policy-arn", "S3"], "aws.session_policy"),
        (
            &[
                "-p",
                "dev",
                "--policy-arn",
                "arn:aws:iam::210987654321:policy/x",
            ],
            "aws.session_policy",
        ),
        (
            &["-p", "dev", "--policy-arn", "arn:aws-cn:iam::aws:policy/x"],
            "aws.session_policy",
        ),
    ] {
        let words = [&["--json", "exec"], flags, &["--", "true"]].concat();
        let (code, report) = failure(&mut env.ob(words));
        assert_eq!(report["error"], expected, "{flags:?}");
        assert_eq!(code, 2, "{flags:?}");
    }
    let both = format!("[profiles.x]\nread_only = true\npolicy_arns = [\"{S3}\"]\n");
    env.write_settings(&(env.minimal_settings() + &both));
    let answer = run(&mut env.ob(["config", "check"]), "");
    assert!(
        answer.stderr.contains("AWS would allow what either allows"),
        "{}",
        &answer.stderr
    );
}

#[test]
fn a_shell_renews_as_limited_as_it_was_started() {
    let env = dev();
    env.sign_in();
    let shell = env.ob(["shell", "-p", "dev", "--read-only", "--shell", "bash"]);
    let mut shell = Pty::spawn(&shell);
    shell.until("/Engineer ");
    shell.send("echo \"<$OB_POLICY>\"; printf %s \"$OB_TARGET\" >target; exit\n");
    shell.until("<read-only>");
    shell.wait();
    let target = fs::read_to_string(env.path("home/target")).unwrap();
    let renewed = printed(
        env.ob(["shell", "--renew", "bash"])
            .env("OB_TARGET", target),
    );
    let (_, key) = renewed.split_once("AWS_ACCESS_KEY_ID='").unwrap();
    let (key, _) = key.split_once('\'').unwrap();
    assert_eq!(policies(&env, key), [READ_ONLY]);
}

#[test]
fn chain_is_limited_at_its_end_and_lasts_an_hour() {
    let env = dev();
    let profiles = "\n[profiles.audit]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\n\
        chain = [\"arn:aws:iam::210987654321:role/Admin\"]\nread_only = true\n";
    env.write_settings(&(env.minimal_settings() + profiles));
    env.sign_in();
    let (key, policy) = given(&env, &["-p", "audit"]);
    assert_eq!(policies(&env, &key), [READ_ONLY]);
    assert_eq!(policy, "read-only");
    let first = &env.sandbox.sts_calls("AssumeRoleWithSAML")[0];
    assert_eq!(first.form("PolicyArns.member.1.arn"), None);
    let long = run(
        &mut env.ob(["exec", "-p", "audit", "--duration", "4h", "--", "true"]),
        "",
    );
    let said = &long.stderr;
    assert!(
        long.status.success()
            && said.contains("at the end of a chain AWS grants an hour at most, not the 4h"),
        "{said}"
    );
    let usual = env.minimal_settings() + "duration = \"8h\"\n" + profiles;
    env.write_settings(&usual);
    let check = run(&mut env.ob(["config", "check"]), "");
    let said = &check.stderr;
    assert!(
        check.status.success() && said.contains("audit") && said.contains("an hour at most"),
        "{said}"
    );
}
