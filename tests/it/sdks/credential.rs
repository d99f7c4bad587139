//! `ob credential`.

use std::time::Instant;

use serde_json::Value;

use super::tools::{ENGINEER, asked, dev, json, printed, who_am_i};
use crate::support::SOON;
use crate::support::{Pty, TestEnv, run};

fn credential(env: &TestEnv) -> Value {
    json(&mut env.ob(["credential", "-p", "dev"]))
}

#[test]
fn without_a_session_it_exits_3_without_network_or_agent() {
    let env = dev();
    let begun = Instant::now();
    let answer = run(&mut env.ob(["credential", "-p", "dev"]), "");
    assert!(begun.elapsed() < SOON);
    assert_eq!(
        (answer.status.code(), answer.stdout.as_str()),
        (Some(3), "")
    );
    assert!(answer.stderr.contains("`ob login`"), "{}", &answer.stderr);
    assert!(env.agents().is_empty());
    assert_eq!(env.sandbox.log().len(), 0);
    // The same with an agent without a session, and with a private agent.
    env.status();
    env.sign_in();
    printed(&mut env.ob(["logout"]));
    env.sandbox.clear_log();
    for words in [
        &["credential", "-p", "dev"][..],
        &["--no-agent", "credential", "-p", "dev"],
    ] {
        let answer = run(&mut env.ob(words), "");
        assert_eq!(
            (answer.status.code(), answer.stdout.as_str()),
            (Some(3), "")
        );
    }
    assert_eq!(env.sandbox.log().len(), 0);
}

#[test]
fn it_prints_version_1_and_the_same_credentials_to_all() {
    let env = dev();
    env.sign_in();
    let first = credential(&env);
    assert_eq!(first["Version"], 1);
    assert_eq!(first["AccountId"], "123456789012");
    for key in [
        "AccessKeyId",
        "SecretAccessKey",
        "SessionToken",
        "Expiration",
    ] {
        assert!(first[key].is_string(), "{key}");
    }
    assert_eq!(first, credential(&env));
    assert_eq!(
        printed(&mut env.ob(["credential", "--profile", "dev"])),
        format!("{first}\n")
    );
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn it_never_asks_even_in_a_terminal() {
    let env = TestEnv::of("carol");
    env.write_settings(&(env.minimal_settings() + "[profiles.any]\nregion = \"eu-west-1\"\n"));
    env.sign_in();
    let mut terminal = Pty::spawn(&env.ob(["credential", "-p", "any"]));
    let (status, seen) = terminal.wait();
    assert_eq!(status.code(), Some(3), "{seen}");
    assert!(
        seen.contains("which role to assume") && seen.contains("Engineer"),
        "{seen}"
    );
    // A session that has ended at the server causes no prompt either.
    env.sandbox.end_sessions();
    let mut terminal = Pty::spawn(&env.ob(["credential", "-r", "Engineer"]));
    let (status, seen) = terminal.wait();
    assert_eq!(status.code(), Some(3), "{seen}");
    assert!(!seen.contains("Password"), "{seen}");
}

#[test]
fn aws_cli_boto3_and_js_sdk_take_a_credential_process() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    for words in who_am_i() {
        let arn = printed(asked(&env, &words).env("AWS_PROFILE", "ob/dev"));
        assert!(arn.starts_with(ENGINEER), "{words:?}: {arn}");
    }
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}
