//! `ob exec --refresh`.

use std::fs;

use ob_sandbox::Options;

use super::tools::{DEV, ENGINEER, dev, furnish, installed, ok, printed, who_am_i};
use crate::support::{Pty, TestEnv, run};

fn refresh(env: &TestEnv, words: &[&str]) -> std::process::Command {
    let mut command = env.ob(["exec", "--refresh", "-p", "dev", "--"].iter().chain(words));
    furnish(env, &mut command);
    command
}

#[test]
fn the_child_has_a_profile_and_no_keys_and_every_sdk_works() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    let mut shown = refresh(&env, &["env"]);
    shown
        .env("AWS_ACCESS_KEY_ID", "AKIASTALE")
        .env("AWS_SECURITY_TOKEN", "stale");
    let variables = printed(&mut shown);
    assert!(variables.contains("\nAWS_PROFILE=ob/dev\n"), "{variables}");
    for name in [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY",
        "OB_EXPIRES",
    ] {
        assert!(!variables.contains(name), "{name}");
    }
    for (_, secret) in env.sandbox.canaries() {
        assert!(!variables.contains(&secret));
    }
    for words in who_am_i() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(
            printed(&mut refresh(&env, &words)).starts_with(ENGINEER),
            "{words:?}"
        );
    }
}

/// One process of each SDK keeps calling while the credentials, which last seconds here, expire.
#[test]
fn boto3_and_the_javascript_sdk_renew_by_themselves_past_expiry() {
    let options = Options {
        session_not_on_or_after_seconds: Some(15),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options);
    env.write_settings(&(env.minimal_settings() + DEV));
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    let python = "import boto3, time\n\
        session = boto3.Session(); sts = session.client('sts'); keys = set()\n\
        for _ in range(10):\n    sts.get_caller_identity(); keys.add(session.get_credentials().get_frozen_credentials().access_key); time.sleep(2)\n\
        print(len(keys))";
    let node = "const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');\n\
        (async () => { const sts = new STSClient({}); const keys = new Set();\n\
        for (let i = 0; i < 10; i++) { await sts.send(new GetCallerIdentityCommand({}));\n\
        keys.add((await sts.config.credentials()).accessKeyId); await new Promise(r => setTimeout(r, 2000)) }\n\
        console.log(keys.size) })().catch(e => { console.error(e); process.exit(1) })";
    let venv = installed("venv/bin/python").display().to_string();
    std::thread::scope(|scope| {
        for words in [[venv.as_str(), "-c", python], ["node", "-e", node]] {
            let env = &env;
            scope.spawn(move || {
                let keys: usize = printed(&mut refresh(env, &words)).trim().parse().unwrap();
                assert!(keys >= 2, "{words:?} never renewed");
            });
        }
    });
    assert!(env.sandbox.sts_calls("AssumeRoleWithSAML").len() >= 2);
}

#[test]
fn a_missing_profile_is_offered_and_without_a_terminal_named() {
    let env = dev();
    env.sign_in();
    let answer = run(&mut refresh(&env, &["true"]), "");
    assert_eq!(answer.status.code(), Some(3), "{}", &answer.stderr);
    assert!(answer.stderr.contains("`ob config aws`"));
    let mut terminal = Pty::spawn(&refresh(&env, &["sh", "-c", "echo $AWS_PROFILE"]));
    terminal.until("[y/N] ");
    terminal.send("n\r");
    assert_eq!(terminal.wait().0.code(), Some(3));
    assert!(!env.path("home/.aws").exists());
    let mut terminal = Pty::spawn(&refresh(&env, &["sh", "-c", "echo $AWS_PROFILE"]));
    terminal.until("[y/N] ");
    terminal.send("y\r");
    let (status, seen) = terminal.wait();
    assert!(status.success() && seen.contains("\nob/dev\n"), "{seen}");
}

#[test]
fn profile_of_other_settings_or_limits_is_refused() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    ok(&run(&mut refresh(&env, &["true"]), ""));
    // The block says `-p dev` of the default settings, without limits.
    let usual = fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let limited = usual.replace("[profiles.dev]", "[profiles.dev]\nread_only = true");
    assert_ne!(limited, usual);
    let other = env.write("other.toml", limited);
    let mut command = env.ob(["exec", "--refresh", "-p", "dev", "--config"]);
    command.arg(other).args(["--", "true"]);
    furnish(&env, &mut command);
    let answer = run(&mut command, "");
    assert_eq!(answer.status.code(), Some(3), "{}", &answer.stderr);
    assert!(
        answer
            .stderr
            .contains("no profile ob/dev for these settings")
    );
    // As inside of `ob shell -p dev --read-only`.
    let mut command = env.ob(["exec", "--refresh", "--", "true"]);
    furnish(&env, &mut command);
    command.env(
        "OB_TARGET",
        "{\"config\":null,\"org\":null,\"profile\":\"dev\",\"role\":null,\
         \"provider\":null,\"region\":null,\"duration\":null,\
         \"read_only\":true,\"policy_arn\":[]}",
    );
    let answer = run(&mut command, "");
    assert_eq!(answer.status.code(), Some(2), "{}", &answer.stderr);
    assert!(answer.stderr.contains("this shell has others"));
}

#[test]
fn shell_with_its_own_duration_is_not_renewed_by_profile() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    // As inside of `ob shell -p dev --duration TIME`; the settings say one hour.
    let within = |duration: &str| {
        let mut command = env.ob(["exec", "--refresh", "--", "true"]);
        furnish(&env, &mut command);
        let shell = "{\"config\":null,\"org\":null,\"profile\":\"dev\",\"role\":null,\
         \"provider\":null,\"region\":null,\"duration\":\"TIME\",\
         \"read_only\":false,\"policy_arn\":[]}";
        command.env("OB_TARGET", shell.replace("TIME", duration));
        run(&mut command, "")
    };
    ok(&within("60m"));
    let answer = within("20m");
    let said = &answer.stderr;
    assert_eq!(answer.status.code(), Some(2), "{said}");
    assert!(
        said.contains("it differs from the profile in its duration\n"),
        "{said}"
    );
}

#[test]
fn hand_written_profile_is_matched_by_meaning() {
    let env = dev();
    env.write_settings(&(env.minimal_settings() + DEV + &DEV.replace("dev", "other")));
    env.sign_in();
    fs::create_dir(env.path("home/.aws")).unwrap();
    let with = |line: &str| {
        let section = format!("[profile ob/dev]\n{line}\nregion = eu-west-1\n");
        env.write("home/.aws/config", section);
        let used = run(
            &mut env.ob(["use", "--shell", "bash", "--never-ask", "dev"]),
            "",
        );
        let refreshed = run(&mut refresh(&env, &["true"]), "");
        assert_eq!(used.status.code(), refreshed.status.code(), "{line}");
        assert_eq!(&used.stderr, &refreshed.stderr, "{line}");
        refreshed
    };
    let file = env.path("config/ob/config.toml").display().to_string();
    for words in [
        "/usr/local/bin/ob credential --profile dev",
        "ob credential --profile=dev",
        "ob --json credential -pdev --duration 1h",
        "\"/opt/my tools/ob\" 'credential' -p dev",
        &format!("ob credential -p dev --config {file}"),
    ] {
        ok(&with(&format!("credential_process = {words}")));
    }
    let ob = env.path("bin/ob").display().to_string();
    let right = format!("credential_process = {ob} credential -p dev");
    for words in [
        "credential_process = ob credential -p other",
        "credential_process = ob credential",
        "credential_process = ob credential -p dev --read-only",
        "credential_process = ob credential -p dev --duration 20m",
        "credential_process = ob credential -p dev --config m.toml",
        "credential_process = ob --no-agent credential -p dev",
        "credential_process = ob credential -p dev ; id",
        "credential_process = ob exec -p dev -- true",
        "credential_process = ob credential --help",
        "output = json",
        &format!("{right}\ncredential_process = other"),
    ] {
        let answer = with(words);
        let said = &answer.stderr;
        assert_eq!(answer.status.code(), Some(2), "{words}: {said}");
        assert!(
            said.contains("[profile ob/dev] of yours that does something else"),
            "{said}"
        );
        assert!(said.contains(&format!("write in it: `{right}`")), "{said}");
    }
    ok(&with(&right));
    env.write("home/.aws/config", "[profile ob/dev]\n[profile ob/dev]\n");
    let answer = run(&mut refresh(&env, &["true"]), "");
    assert!(answer.stderr.contains("is there twice"));
}

#[test]
fn settings_match_by_any_path_and_with_or_without_org() {
    let env = dev();
    env.sign_in();
    let settings = env.minimal_settings().replace("[org]", "[orgs.acme]");
    let other =
        settings.lines().next().unwrap().replace("acme", "b") + "\nurl = \"https://b.okta.com\"\n";
    env.write(
        "m.toml",
        settings.clone() + DEV + "org = \"acme\"\n" + &other,
    );
    fs::create_dir(env.path("sub")).unwrap();
    std::os::unix::fs::symlink(env.path("m.toml"), env.path("link.toml")).unwrap();
    let ob = |words: &str| {
        let mut command = env.ob(words.split(' '));
        furnish(&env, &mut command);
        run(command.current_dir(env.path("")), "")
    };
    let answer = ob("--config m.toml --org acme exec --refresh -p dev -- true");
    let said = &answer.stderr;
    assert_eq!(answer.status.code(), Some(3), "{said}");
    let hint = "`ob --config m.toml --org acme config aws` writes it";
    assert!(said.contains(hint), "{said}");
    for written in ["--config m.toml", "--org acme --config sub/../m.toml"] {
        ok(&ob(&format!("{written} config aws")));
        let block = fs::read_to_string(env.path("home/.aws/config")).unwrap();
        let file = env.path("m.toml").display().to_string();
        assert!(
            block.contains(&format!("ob credential -p dev --config {file}\n")),
            "{block}"
        );
        for flags in [
            "--config m.toml",
            "--config m.toml --org acme",
            "--config sub/../m.toml",
            "--config link.toml",
        ] {
            ok(&ob(&format!("{flags} exec --refresh -p dev -- true")));
        }
    }
    // A link may change its target, so it is kept as it is.
    ok(&ob("--config link.toml config aws"));
    let block = fs::read_to_string(env.path("home/.aws/config")).unwrap();
    assert!(block.contains("/link.toml\n"), "{block}");
    let answer = ob("--config m.toml --org b exec --refresh -p dev -- true");
    assert_ne!(answer.status.code(), Some(0));
}

#[test]
fn keys_that_take_precedence_are_refused() {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    let mine = "[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = \
        x\n[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = y\n";
    fs::write(env.path("home/.aws/credentials"), mine).unwrap();
    let words = &who_am_i()[0];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let answer = run(&mut refresh(&env, &words), "");
    assert!(ok(&answer).starts_with(ENGINEER));
    assert!(answer.stderr.contains("[default]"), "{}", &answer.stderr);
    // The user's own profiles still work.
    let key =
        "import boto3; print(boto3.Session(profile_name='work').get_credentials().access_key)";
    let python = installed("venv/bin/python").display().to_string();
    assert_eq!(
        printed(&mut refresh(&env, &[&python, "-c", key])),
        "AKIAWORK\n"
    );
    fs::write(
        env.path("home/.aws/credentials"),
        "[ob/dev]\naws_access_key_id = A\n",
    )
    .unwrap();
    let answer = run(&mut refresh(&env, &["true"]), "");
    assert_eq!(answer.status.code(), Some(2));
    assert!(
        answer.stderr.contains("has keys for ob/dev"),
        "{}",
        &answer.stderr
    );
}
