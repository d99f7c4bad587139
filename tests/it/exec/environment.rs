//! The environment that the command sees.

use std::collections::BTreeMap;

use super::{Way, both_ways};
use crate::support::{TestEnv, run};

both_ways! {
    what_would_mislead_an_sdk_is_gone,
    a_nested_exec_has_the_inner_role,
}

/// Parses the output of `env`.
fn variables(output: &str) -> BTreeMap<&str, &str> {
    output
        .lines()
        .filter_map(|line| line.split_once('='))
        .collect()
}

fn what_would_mislead_an_sdk_is_gone(way: Way) {
    const MISLEADING: [&str; 11] = [
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_SECURITY_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CREDENTIAL_FILE",
    ];
    let env = TestEnv::new();
    env.sign_in();
    let mut exec = env.ob(["exec", "--", "env"]);
    exec.envs(MISLEADING.map(|name| (name, "inherited")));
    exec.env("AWS_ACCESS_KEY_ID", "inherited")
        .env("AWS_PAGER", "kept");
    let ended = way.run(&mut exec);
    let variables = variables(&ended.output);
    for name in MISLEADING {
        assert_eq!(variables.get(name), None, "{name}");
    }
    assert!(
        variables["AWS_ACCESS_KEY_ID"].starts_with("ASIA"),
        "{ended:?}"
    );
    assert_eq!(variables["AWS_ACCOUNT_ID"], "123456789012");
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(variables["AWS_PAGER"], "kept");
    assert_eq!(variables["HOME"], env.path("home").to_str().unwrap());
}

fn a_nested_exec_has_the_inner_role(way: Way) {
    let env = TestEnv::of("alice");
    env.sign_in();
    let roles = env.sandbox.roles("alice", ob_sandbox::AwsApp::Production);
    let [outer, inner, ..] = &roles[..] else {
        panic!("alice has one role: {roles:?}")
    };
    let mut exec = env.ob(["exec", "-r", outer, "--", "sh", "-c"]);
    exec.arg(
        "echo $OB_ROLE $AWS_ACCESS_KEY_ID; \
         exec ob exec -r \"$0\" -- sh -c 'echo $OB_ROLE $AWS_ACCESS_KEY_ID'",
    );
    let ended = way.run(exec.arg(inner));
    let words: Vec<&str> = ended.output.split_whitespace().collect();
    let [first, first_key, second, second_key] = words[..] else {
        panic!("{ended:?}")
    };
    assert!(outer.ends_with(&format!("/{first}")), "{ended:?}");
    assert!(inner.ends_with(&format!("/{second}")), "{ended:?}");
    assert_ne!(first_key, second_key);
}

#[test]
fn unprivileged_user_runs_a_command_with_own_permissions() {
    let env = TestEnv::unprivileged("bob");
    env.sign_in();
    let exec = || env.ob(["exec", "--", "sh", "-c", "echo $(id -u) $AWS_ACCOUNT_ID"]);
    let ended = run(&mut exec(), "");
    assert_eq!(&ended.stdout, "65534 123456789012\n", "{ended:?}");
    std::os::unix::fs::chown(env.path("config/ob/config.toml"), Some(0), Some(0)).unwrap();
    let refused = run(&mut exec(), "");
    assert_eq!(
        (refused.status.code(), refused.stdout.as_str()),
        (Some(2), "")
    );
    assert!(refused.stderr.contains("config.toml"), "{refused:?}");
}
