//! `ob write`.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Server};
use serde_json::Value;

use super::tools::{
    DEV, ENGINEER, asked, boto3, dev, failure, json, ok, printed, run_long, who_am_i,
};
use crate::support::{Pty, TestEnv, eventually, run, text};

const MINE: &str = "; old\r\n[default]\r\n  aws_access_key_id=AKIA ; mine\r\n\r\n[ work ]  # \
    two\r\nrole_arn =\r\n  arn\r\n[twice]\r\n[twice]\r\n";

fn file(env: &TestEnv) -> String {
    fs::read_to_string(env.path("home/.aws/credentials")).unwrap()
}

fn sections(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
        .collect()
}

/// A signed-in user with many roles.
fn many(extra_roles: usize, latency: u64) -> TestEnv {
    let options = Options {
        extra_roles,
        latency: Duration::from_millis(latency),
        ..Options::default()
    };
    let env = TestEnv::with("alice", options);
    let names = "[accounts]\n123456789012 = \"prod\"\n";
    env.write_settings(&(env.minimal_settings() + names));
    env.sign_in();
    env.sandbox.clear_log();
    env
}

#[test]
fn aws_cli_boto3_and_js_sdk_take_the_credentials_file() {
    let env = dev();
    env.sign_in();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let path = env.write("home/.aws/credentials", "[default]\nregion = x\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let answer = json(&mut env.ob(["write", "-p", "dev", "--json"]));
    assert_eq!(answer["written"][0]["section"], "dev");
    assert!(file(&env).contains("\nx_security_token_expires = 20"));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for words in who_am_i() {
        let mut asked = asked(&env, &words);
        asked
            .env("AWS_PROFILE", "dev")
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_DEFAULT_REGION", "eu-west-1");
        assert!(printed(&mut asked).starts_with(ENGINEER), "{words:?}");
    }
    ok(&run(&mut env.ob(["write", "--clean"]), ""));
    assert_eq!(file(&env), "[default]\nregion = x\n");
}

#[test]
fn odd_files_keep_every_byte_that_is_not_ours() {
    let env = dev();
    env.sign_in();
    fs::create_dir(env.path("home/.aws")).unwrap();
    env.write("home/.aws/credentials", MINE);
    for _ in 0..2 {
        ok(&run(&mut env.ob(["write", "-p", "dev"]), ""));
        assert!(file(&env).starts_with(MINE));
    }
    let removed = printed(&mut env.ob(["write", "--clean", "--json"]));
    assert!(removed.contains("[\"dev\"]"), "{removed}");
    assert_eq!(file(&env), MINE);
    // In another place, by flag and by the tools' own variable.
    let other = env.path("home/other");
    ok(&run(
        env.ob(["write", "-p", "dev", "--file"]).arg(&other),
        "",
    ));
    assert_eq!(sections(&fs::read_to_string(&other).unwrap()), ["dev"]);
    let mut by_variable = env.ob([
        "write",
        "-r",
        "Engineer",
        "--name-template",
        "{account}.{role}",
    ]);
    ok(&run(
        by_variable.env("AWS_SHARED_CREDENTIALS_FILE", &other),
        "",
    ));
    assert_eq!(
        sections(&fs::read_to_string(&other).unwrap()),
        ["dev", "123456789012.Engineer"]
    );
    assert_eq!(file(&env), MINE);
}

#[test]
fn unwritable_file_is_named_before_prompts_and_unchanged() {
    let env = dev();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let path = env.write("home/.aws/credentials", MINE);
    let refused = |expected: &str, flags: &[&str]| {
        let words = ["--json", "write", "-p", "dev"];
        let (code, report) = failure(&mut env.ob(words.iter().chain(flags)));
        assert_eq!(report["error"], expected);
        assert_ne!(code, 0);
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    refused("aws.file.read_only", &[]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let real = env.path("home/.aws/real");
    fs::rename(&path, &real).unwrap();
    symlink(&real, &path).unwrap();
    refused("aws.file.link", &[]);
    assert_eq!(fs::read_to_string(&real).unwrap(), MINE);
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"\xff\xfe").unwrap();
    refused("aws.file.not_text", &[]);
    fs::write(&path, MINE).unwrap();
    refused("aws.name_template", &["--name-template", "{nope}"]);
    assert!(env.agents().is_empty());
    // A conflict of section names shows only when the credentials are there.
    env.sign_in();
    refused("aws.file.foreign_section", &["--name-template", "work"]);
    refused(
        "aws.file.duplicate_section",
        &["--name-template", "twice", "--replace"],
    );
    assert_eq!(file(&env), MINE);
    ok(&run(
        &mut env.ob(["write", "-p", "dev", "--name-template", "work", "--replace"]),
        "",
    ));
    assert!(!file(&env).contains("role_arn"));
    assert_eq!(fs::read_dir(env.path("home/.aws")).unwrap().count(), 2);
}

#[test]
fn a_full_disk_leaves_the_old_credentials() {
    let env = dev();
    env.sign_in();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let script = "mount -t tmpfs -o size=8k none \"$HOME/.aws\" && cd \"$HOME/.aws\" && printf \
        '[default]\\n' > credentials \
        && head -c 4096 /dev/zero > filler && ob --json write -p dev; code=$?; cat credentials; \
        ls -A; exit $code";
    let answer = run(env.command("unshare").args(["-m", "sh", "-c", script]), "");
    assert!(
        answer.stderr.contains("\"aws.file.disk_full\""),
        "{}",
        answer.stderr.as_str()
    );
    assert_eq!(
        (answer.status.code(), answer.stdout.as_str()),
        (Some(1), "[default]\ncredentials\nfiller\n")
    );
}

/// 80 ms of latency, 32 calls at a time: the number of round trips in sequence counts.
#[test]
fn five_hundred_roles_take_few_round_trips_one_behind_the_other() {
    // Three times the 80 ms of the goal, so that a busy machine's own delays stay small beside it.
    let env = many(494, 240);
    let begun = Instant::now();
    // Most of the time is the sandbox's, which parses 500 assertions with 500 roles.
    let answer = run_long(
        &mut env.ob(["write", "--all", "--json"]),
        Duration::from_secs(240),
    );
    let answer = ok(&answer);
    eprintln!("500 roles at 80 ms: {:?} in all", begun.elapsed());
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["written"].as_array().unwrap().len(), 500);
    let text = file(&env);
    let names = sections(&text);
    assert_eq!(names.len(), 500);
    for name in [
        "prod-Engineer",
        "345678901234-Engineer",
        "345678901234-Analyst",
        "345678901234-Bulk-0494",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
    assert_eq!(calls.len(), 500);
    let mut on_connection: HashMap<u64, usize> = HashMap::new();
    for call in &calls {
        *on_connection.entry(call.connection).or_default() += 1;
    }
    let in_a_row = on_connection.values().copied().max().unwrap();
    eprintln!(
        "{} connections, at most {in_a_row} calls in a row",
        on_connection.len()
    );
    assert!(on_connection.len() <= 33);
    assert!(
        in_a_row * 32 * 10 <= 500 * 12,
        "{in_a_row} round trips, more than 1.2 × 500/32"
    );
    // One page for each app and one for the tiles.
    assert_eq!(env.sandbox.requests(Server::Org, "/").len(), 3);
}

#[test]
fn throttling_backs_off_and_finishes() {
    let env = many(34, 0);
    let slow_down = FaultKind::RateLimited { reset_in: None };
    env.sandbox
        .fault(Fault::sts("AssumeRoleWithSAML", slow_down).times(150));
    let answer = json(&mut env.ob(["write", "--all", "--json"]));
    assert_eq!(
        (
            answer["written"].as_array().unwrap().len(),
            &answer["refused"]
        ),
        (40, &serde_json::json!([]))
    );
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 190);
}

#[test]
fn interrupt_leaves_a_valid_file_with_finished_roles() {
    let env = many(94, 0);
    fs::create_dir(env.path("home/.aws")).unwrap();
    let mine = "# mine\n[default]\nregion = x\n";
    env.write("home/.aws/credentials", mine);
    env.sandbox.fault(
        Fault::sts("AssumeRoleWithSAML", FaultKind::Hang)
            .after(40)
            .always(),
    );
    let mut writing = Pty::spawn(&env.ob(["write", "--all"]));
    writing.until("ob: 40/100 roles");
    writing.send("\u{3}");
    let (ended, said) = writing.wait();
    assert_eq!(ended.signal(), Some(2), "{said}");
    assert!(said.contains("wrote the 40 of 100 roles"), "{said}");
    let written = file(&env);
    assert!(written.starts_with(mine));
    assert_eq!(sections(&written).len(), 40 + 1);
    assert_eq!(fs::read_dir(env.path("home/.aws")).unwrap().count(), 1);
    let name = sections(&written)[1].to_owned();
    let arn = printed(boto3(&env).env("AWS_PROFILE", name));
    assert!(arn.starts_with("arn:aws:sts::"));
}

#[test]
fn refused_role_is_named_and_spoils_no_other() {
    let env = many(0, 0);
    env.sandbox.grant(
        "alice",
        AwsApp::Production,
        "arn:aws:iam::123456789012:saml-provider/okta",
        "arn:aws:iam::123456789012:role/Ghost",
    );
    let answer = run(&mut env.ob(["write", "--all"]), "");
    assert_eq!(answer.status.code(), Some(4));
    let said = &answer.stderr;
    assert!(
        said.contains("wrote 6 of 7 roles") && said.contains("role/Ghost"),
        "{said}"
    );
    assert_eq!(sections(&file(&env)).len(), 6);
}

#[test]
fn watch_renews_before_expiry_and_ends_without_a_session() {
    let options = Options {
        session_not_on_or_after_seconds: Some(12),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options);
    env.write_settings(&(env.minimal_settings() + DEV));
    env.sign_in();
    let mut watching = env.ob(["write", "-p", "dev", "--watch"]);
    let child = watching
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let path = env.path("home/.aws/credentials");
    eventually("the first is written", || path.exists());
    let first = file(&env);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(14) {
        let arn = printed(boto3(&env).env("AWS_PROFILE", "dev"));
        assert!(arn.starts_with(ENGINEER));
        std::thread::sleep(Duration::from_secs(1));
    }
    assert_ne!(file(&env), first);
    env.sandbox.end_sessions();
    let ended = child.wait_with_output().unwrap();
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(
        said.contains("; renewing at ") && said.contains("the file is as it was"),
        "{said}"
    );
    assert_eq!(sections(&file(&env)), ["dev"]);
}
