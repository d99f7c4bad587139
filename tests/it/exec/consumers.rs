//! Real programs with the credentials: the AWS CLI and boto3 call GetCallerIdentity. moto answers,
//! independently of this project, and the sandbox's STS, which checks more.

use std::process::Command;

use crate::support::{Moto, TestEnv, consumers, run};

/// A machine whose STS is moto's, for bob: moto accepts only assertions with one role.
fn with_moto() -> (TestEnv, Moto) {
    let (env, moto) = (TestEnv::new(), Moto::start());
    let settings = env
        .minimal_settings()
        .replace(&env.sandbox.sts_url(), &moto.url);
    env.write_settings(&settings);
    env.sign_in();
    (env, moto)
}

/// Returns the ARN of bob's assumed role.
fn assumed(env: &TestEnv) -> String {
    let role = env
        .sandbox
        .roles("bob", ob_sandbox::AwsApp::Production)
        .remove(0);
    let name = role
        .replace(":iam:", ":sts:")
        .replace(":role/", ":assumed-role/");
    format!("{name}/{}", env.user().login)
}

/// Returns `ob exec` of a program of [`consumers`] that calls the STS at `sts`.
fn exec(env: &TestEnv, sts: &str, program: &str, arguments: &[&str]) -> Command {
    let program = consumers().join(program);
    let mut command = env.ob(["exec", "--", program.to_str().unwrap()]);
    command
        .args(arguments)
        .env("AWS_ENDPOINT_URL_STS", sts)
        .env("AWS_CA_BUNDLE", env.path("ca.pem"))
        // Other identities, which the program would use otherwise.
        .envs([("AWS_PROFILE", "missing"), ("AWS_SECURITY_TOKEN", "stale")]);
    command
}

/// Runs it and returns its output.
fn output(command: &mut Command) -> String {
    let ended = run(command, "");
    assert!(ended.status.success(), "{}", &ended.stderr);
    ended.stdout.trim_end().to_owned()
}

const CLI: [&str; 6] = [
    "sts",
    "get-caller-identity",
    "--query",
    "Arn",
    "--output",
    "text",
];
const BOTO3: [&str; 2] = [
    "-c",
    "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])",
];

#[test]
fn the_aws_cli_is_the_assumed_role_to_moto() {
    let (env, moto) = with_moto();
    assert_eq!(
        output(&mut exec(&env, &moto.url, "aws", &CLI)),
        assumed(&env)
    );
}

#[test]
fn boto3_is_the_assumed_role_to_moto() {
    let (env, moto) = with_moto();
    assert_eq!(
        output(&mut exec(&env, &moto.url, "python3", &BOTO3)),
        assumed(&env)
    );
}

#[test]
fn the_aws_cli_and_boto3_are_the_assumed_role_to_the_strict_sts() {
    let env = TestEnv::new();
    env.sign_in();
    let sts = env.sandbox.sts_url();
    assert_eq!(output(&mut exec(&env, &sts, "aws", &CLI)), assumed(&env));
    assert_eq!(
        output(&mut exec(&env, &sts, "python3", &BOTO3)),
        assumed(&env)
    );
}

#[test]
fn a_chained_role_is_the_last_one_to_moto() {
    let (env, moto) = with_moto();
    let role = env
        .sandbox
        .roles("bob", ob_sandbox::AwsApp::Production)
        .remove(0);
    let settings = env
        .minimal_settings()
        .replace(&env.sandbox.sts_url(), &moto.url);
    let profile = format!(
        "\n[profiles.admin]\nrole = \"{role}\"\nchain = \
         [\"arn:aws:iam::210987654321:role/Admin\"]\n"
    );
    env.write_settings(&format!("default_profile = \"admin\"\n{settings}{profile}"));
    let arn = output(&mut exec(&env, &moto.url, "aws", &CLI));
    assert!(
        arn.starts_with("arn:aws:sts::210987654321:assumed-role/Admin/"),
        "{arn}"
    );
}
