//! `ob config explain` and `ob doctor`, compared with what real SDKs use.

use std::fs;

use serde_json::Value;

use super::tools::{dev, installed, json, node_path, printed};
use crate::support::{TestEnv, run};

const STATIC: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = \
    x\n[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = y\n";

fn explained(env: &TestEnv, variables: &[(&str, &str)]) -> (String, String) {
    let mut explain = env.ob(["config", "explain", "--json"]);
    let answer = json(explain.envs(variables.iter().copied()));
    let of = |at: usize| {
        answer["programs"][at]["credentials"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    (of(0), of(1))
}

/// Returns the access keys that boto3 and the JavaScript SDK use.
fn taken(env: &TestEnv, variables: &[(&str, &str)]) -> (String, String) {
    let python = "import boto3\ntry: print(boto3.Session().get_credentials().access_key)\nexcept \
        Exception as e: print(type(e).__name__)";
    let node = "const { STSClient } = require('@aws-sdk/client-sts');\
        new STSClient({}).config.credentials().then(c => console.log(c.accessKeyId), e => \
        console.log(e.name))";
    let venv = installed("venv/bin/python").display().to_string();
    let ask = |words: [&str; 3]| {
        let mut command = env.command(words[0]);
        command
            .args(&words[1..])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_DEFAULT_REGION", "eu-west-1")
            .env("AWS_REGION", "eu-west-1")
            .env("NODE_PATH", node_path())
            .envs(variables.iter().copied());
        printed(&mut command).trim().to_owned()
    };
    (ask([&venv, "-c", python]), ask(["node", "-e", node]))
}

#[test]
fn what_explain_says_is_what_boto3_and_the_javascript_sdk_take() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    fs::write(env.path("home/.aws/credentials"), STATIC).unwrap();
    let keys = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "z"),
    ];
    let with = |more: (&'static str, &'static str)| [keys[0], keys[1], more];
    let meaning = |key: &str| match key {
        "AKIAENV" => "the keys in the environment (AWS_ACCESS_KEY_ID)".to_owned(),
        "AKIADEFAULT" => "the keys written under [default]".to_owned(),
        "AKIAWORK" => "the keys written under [work]".to_owned(),
        "ProfileNotFound" | "CredentialsProviderError" => {
            "none: AWS_PROFILE names ghost, which is in neither file".to_owned()
        }
        key if key.starts_with("ASIACANARY") => "the credential_process of [ob/dev]".to_owned(),
        other => other.to_owned(),
    };
    for variables in [
        &[][..],
        &keys,
        &[("AWS_PROFILE", "ob/dev")],
        &[("AWS_PROFILE", "work")],
        &[("AWS_PROFILE", "ghost")],
        &[("AWS_DEFAULT_PROFILE", "work")],
        &with(("AWS_PROFILE", "work")),
        &with(("AWS_PROFILE", "ob/dev")),
        &with(("AWS_DEFAULT_PROFILE", "work")),
    ] {
        let (python, node) = taken(&env, variables);
        assert_eq!(
            explained(&env, variables),
            (meaning(&python), meaning(&node)),
            "{variables:?}"
        );
    }
}

#[test]
fn explain_shows_each_setting_and_its_source() {
    let env = dev();
    let text = printed(
        env.ob(["config", "explain"])
            .env("OB_AWS_REGION", "us-east-1"),
    );
    let file = env.path("config/ob/config.toml").display().to_string();
    let line = |key: &str| {
        text.lines()
            .find(|line| line.trim_start().starts_with(key))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("aws.region").ends_with("= us-east-1  (OB_AWS_REGION)"),
        "{text}"
    );
    assert!(
        line("profiles.dev.role").contains(&format!("({file}:")),
        "{text}"
    );
}

pub(super) fn doctor(
    env: &TestEnv,
    variables: &[(&str, &str)],
) -> (Option<i32>, Vec<(String, String, String)>) {
    let mut command = env.ob(["doctor", "--json"]);
    let answer = run(command.envs(variables.iter().copied()), "");
    let list: Vec<Value> = serde_json::from_str(&answer.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = list
        .iter()
        .map(|one| (text(&one["name"]), text(&one["state"]), text(&one["hint"])));
    (answer.status.code(), found.collect())
}

pub(super) fn state(found: &[(String, String, String)], name: &str) -> String {
    let one = found.iter().find(|(known, ..)| known == name);
    one.map_or_else(|| "absent".into(), |(_, state, _)| state.clone())
}

#[test]
fn doctor_asks_no_server_and_finds_nothing_on_a_good_machine() {
    let env = dev();
    let (code, found) = doctor(&env, &[]);
    assert_eq!(
        (code, state(&found, "agent").as_str()),
        (Some(0), "note"),
        "{found:?}"
    );
    assert!(env.agents().is_empty() && env.sandbox.log().is_empty());
    env.sign_in();
    env.sandbox.clear_log();
    let (code, found) = doctor(&env, &[]);
    assert_eq!(code, Some(0), "{found:?}");
    for name in ["settings", "ca_bundle", "agent", "session", "clock"] {
        assert_eq!(state(&found, name), "good", "{name}");
    }
    assert!(env.sandbox.log().is_empty());
}

#[test]
fn doctor_names_what_is_wrong_and_what_to_type() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    fs::write(env.path("home/.aws/credentials"), STATIC).unwrap();
    let config = env.path("home/.aws/config");
    let moved = fs::read_to_string(&config)
        .unwrap()
        .replace("bin/ob", "gone/ob");
    fs::write(&config, moved).unwrap();
    let variables = [
        ("AWS_SECURITY_TOKEN", "stale"),
        ("AWS_PROFILE", "ghost"),
        ("AWS_ACCESS_KEY_ID", "A"),
        ("AWS_CREDENTIAL_EXPIRATION", "2020-01-01T00:00:00Z"),
        ("OB_ORG_ULR", "x"),
    ];
    let (code, found) = doctor(&env, &variables);
    assert_eq!(code, Some(1));
    for name in [
        "aws.stale_token",
        "aws.ghost",
        "aws.expired",
        "aws.block",
        "variables",
    ] {
        assert_eq!(state(&found, name), "wrong", "{name}: {found:?}");
    }
    for name in ["aws.both", "aws.default"] {
        assert_eq!(state(&found, name), "note", "{name}");
    }
    for (name, state, hint) in &found {
        assert!(
            state == "good" || hint.contains('`') || name == "agent.confinement" || name == "sudo",
            "{name}: {hint}"
        );
    }
    // Without the flags it would write for other settings.
    fs::copy(env.path("config/ob/config.toml"), env.path("m.toml")).unwrap();
    let mut named = env.ob(["--config", "m.toml", "doctor"]);
    let said = run(named.current_dir(env.path("")), "").stdout;
    assert!(
        said.contains("`ob --config m.toml config aws` writes it anew"),
        "{said}"
    );
    env.write_settings("[org]\nurl = 7\n");
    let (code, found) = doctor(&env, &[]);
    assert_eq!(
        (code, state(&found, "settings").as_str()),
        (Some(1), "wrong")
    );
}
