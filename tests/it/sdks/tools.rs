//! The real programs, which `tests/aws-tools` installs below target/.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ob::clock::Zone;
use ob::model::{Environment, Timestamp};
use serde_json::Value;

use crate::support::{Finished, Moto, TestEnv, finish_within, run};

/// The minimal settings and a profile for each role that a test needs.
pub(super) const DEV: &str =
    "\n[profiles.dev]\nrole = \"arn:aws:iam::123456789012:role/Engineer\"\n";
pub(super) const ENGINEER: &str = "arn:aws:sts::123456789012:assumed-role/Engineer/";

pub(crate) fn installed(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target")
        .join(name);
    assert!(path.exists(), "{name} is missing: run tests/aws-tools");
    path
}

/// An environment whose settings have the profile `dev`.
pub(super) fn dev() -> TestEnv {
    let env = TestEnv::new();
    env.write_settings(&(env.minimal_settings() + DEV));
    env
}

/// A program that calls the sandbox's STS. Node finds its SDK.
pub(crate) fn tool(env: &TestEnv, program: impl AsRef<Path>) -> Command {
    let mut command = env.command(program.as_ref());
    furnish(env, &mut command);
    command
}

pub(super) fn furnish(env: &TestEnv, command: &mut Command) {
    command
        .env("AWS_ENDPOINT_URL_STS", env.sandbox.sts_url())
        .env("AWS_CA_BUNDLE", env.path("ca.pem"))
        .env("NODE_EXTRA_CA_CERTS", env.path("ca.pem"))
        .env("NODE_PATH", node_path())
        .env("AWS_EC2_METADATA_DISABLED", "true");
}

const BOTO3: &str = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";

/// Three programs that call GetCallerIdentity, with their arguments.
pub(super) fn who_am_i() -> [Vec<String>; 3] {
    let sts = "const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');\
               new STSClient({}).send(new GetCallerIdentityCommand({})).then(r => console.log(r.Arn),\
               e => { console.error(e); process.exit(1) })";
    installed("node/node_modules/@aws-sdk/client-sts");
    let venv = |name: &str| installed(&format!("venv/bin/{name}")).display().to_string();
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    [
        words(&[
            &venv("aws"),
            "sts",
            "get-caller-identity",
            "--query",
            "Arn",
            "--output",
            "text",
        ]),
        words(&[&venv("python"), "-c", BOTO3]),
        words(&["node", "-e", sts]),
    ]
}

/// Returns Node's module path for what `tests/aws-tools` installed.
pub(super) fn node_path() -> PathBuf {
    installed("node/node_modules")
}

/// Returns the command for one of [`who_am_i`].
pub(super) fn asked(env: &TestEnv, words: &[String]) -> Command {
    let mut asked = tool(env, &words[0]);
    asked.args(&words[1..]);
    asked
}

/// Returns boto3's command, with a region.
pub(super) fn boto3(env: &TestEnv) -> Command {
    let mut asked = tool(env, installed("venv/bin/python"));
    asked
        .args(["-c", BOTO3])
        .env("AWS_DEFAULT_REGION", "eu-west-1");
    asked
}

/// Runs `script` by boto3 with moto's address as its argument, to prepare moto.
pub(super) fn prepare(env: &TestEnv, moto: &Moto, script: &str) {
    let mut python = env.command(installed("venv/bin/python"));
    python.args(["-c", script, &moto.url]).envs([
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ]);
    printed(&mut python);
}

pub(super) fn ok(output: &Finished) -> &str {
    assert!(
        output.status.success(),
        "{}{}",
        &output.stdout,
        &output.stderr
    );
    &output.stdout
}

/// Returns a JSON time as the messages show it, without the distance.
pub(super) fn local_time(rfc3339: &str) -> String {
    let time = Timestamp::from_rfc3339(rfc3339).unwrap();
    let local_time = Zone::of(&Environment::default()).format(time, time.plus(1));
    local_time.split_once(" (").unwrap().0.to_owned()
}

/// Runs `command`, which must succeed, and returns its output.
pub(super) fn printed(command: &mut Command) -> String {
    ok(&run(command, "")).to_owned()
}

/// Returns its output as JSON.
pub(super) fn json(command: &mut Command) -> Value {
    serde_json::from_str(&printed(command)).unwrap()
}

/// Returns exit code and error object of `command`, which has `--json`.
pub(super) fn failure(command: &mut Command) -> (i32, Value) {
    let answer = run(command, "");
    let report = serde_json::from_str(&answer.stderr).unwrap();
    (answer.status.code().unwrap(), report)
}

/// As [`run`], with a longer deadline.
///
/// # Panics
///
/// When it does not end within `limit`; it is killed then.
pub(super) fn run_long(command: &mut Command, limit: Duration) -> Finished {
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    finish_within(child, limit)
}

/// Returns one variable in the form that rows of findings use.
pub(super) fn set(name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    vec![(name, value.to_owned())]
}
