//! Variables that decide which credentials a program uses: those that the installed SDKs read, and
//! what the SDKs use if the environment names every other identity.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex_lite::Regex;

use super::tools::{DEV, ENGINEER, dev, furnish, installed, printed, who_am_i};
use crate::support::{TestEnv, run};

/// Names in a string, or read from JavaScript's `process.env`.
const NAME: &str =
    r#"(?:['"`]|env\.)((?:AMAZON|AWS|BOTO|BOTOCORE|EC2|ECS|X_SECURITY|_AWS)_[A-Z0-9_]+)"#;

/// An environment that names other identities in every way that the SDKs know.
pub(crate) const FOREIGN: [(&str, &str); 24] = [
    ("AMAZON_ACCESS_KEY_ID", "AKIAFOREIGN"),
    ("AMAZON_SECRET_ACCESS_KEY", "foreign"),
    ("AWS_ACCESS_KEY", "AKIAFOREIGN"),
    ("AWS_BEARER_TOKEN_BEDROCK", "foreign"),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "foreign"),
    (
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "/nonexistent/foreign",
    ),
    (
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "http://127.0.0.1:9/foreign",
    ),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/foreign"),
    ("AWS_CREDENTIAL_EXPIRATION", "2001-01-01T00:00:00Z"),
    ("AWS_CREDENTIAL_FILE", "/nonexistent/foreign"),
    ("AWS_CREDENTIAL_SCOPE", "foreign"),
    ("AWS_DEFAULT_PROFILE", "foreign"),
    ("AWS_DELEGATION_TOKEN", "foreign"),
    ("AWS_PROFILE", "foreign"),
    ("AWS_ROLE_ARN", "arn:aws:iam::999999999999:role/Foreign"),
    ("AWS_ROLE_SESSION_NAME", "foreign"),
    ("AWS_SECRET_KEY", "foreign"),
    ("AWS_SECURITY_TOKEN", "foreign"),
    ("AWS_SSO_PROFILE", "foreign"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/foreign"),
    ("EC2_ACCESS_KEY", "AKIAFOREIGN"),
    ("EC2_SECRET_KEY", "foreign"),
    ("EC2_SECURITY_TOKEN", "foreign"),
    ("aws.accessKeyId", "AKIAFOREIGN"),
];

fn sources(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            sources(&path, ending, found);
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
}

/// Returns the names that the files below these directories read.
fn names_below(folders: &[PathBuf], ending: &str) -> BTreeSet<String> {
    let pattern = Regex::new(NAME).unwrap();
    let mut files = Vec::new();
    for folder in folders {
        sources(folder, ending, &mut files);
    }
    assert!(files.len() > 20, "{folders:?}");
    let mut names = BTreeSet::new();
    for file in files {
        let bytes = fs::read(file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        names.extend(
            pattern
                .captures_iter(&text)
                .map(|found| found[1].to_owned()),
        );
    }
    names
}

fn subfolders(folder: &Path, below: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let folders = entries.map(|entry| entry.unwrap().path().join(below));
    folders.filter(|folder| folder.is_dir()).collect()
}

/// Returns the names in a file of `tests/fixtures/aws`.
fn decided(name: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/aws");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn installed_sdks_read_no_variable_without_a_decision() {
    let packages = subfolders(&installed("venv/lib"), "site-packages");
    let python = |names: &[&str]| -> Vec<PathBuf> {
        let joined = names.iter().map(|name| packages[0].join(name));
        joined.collect()
    };
    let modules = installed("node/node_modules");
    let javascript: Vec<PathBuf> = ["@aws", "@aws-sdk", "@smithy"]
        .into_iter()
        .flat_map(|scope| subfolders(&modules.join(scope), "dist-cjs"))
        .collect();
    for (file, folders, ending) in [
        (
            "botocore.txt",
            python(&["botocore", "boto3", "s3transfer"]),
            ".py",
        ),
        ("awscli.txt", python(&["awscli"]), ".py"),
        ("javascript.txt", javascript, ".js"),
    ] {
        let found = names_below(&folders, ending);
        let decided = decided(file);
        let new: Vec<_> = found.difference(&decided).collect();
        assert!(
            new.is_empty(),
            "{file}: decide in src/aws/variables.rs about {new:?} and write it down"
        );
        let gone: Vec<_> = decided.difference(&found).collect();
        assert!(gone.is_empty(), "{file}: no longer read: {gone:?}");
    }
}

/// Runs a command with the foreign identities in its environment.
fn with_foreign_identities(env: &TestEnv, mut command: Command) -> Command {
    furnish(env, &mut command);
    command.envs(FOREIGN);
    command
}

fn signed_in() -> TestEnv {
    let env = dev();
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    env
}

/// Ways in which a program gets the role: a bash line that runs `"$@"` with it.
const WAYS: [(&str, &str); 4] = [
    ("exec", r#"exec ob exec -p dev -- "$@""#),
    ("exec --refresh", r#"exec ob exec --refresh -p dev -- "$@""#),
    ("env", r#"eval "$(ob env -p dev --shell bash)" && "$@""#),
    ("use", r#"eval "$(ob init bash)" && ob use dev && "$@""#),
];

#[test]
fn real_sdks_take_the_role_among_foreign_variables() {
    let env = signed_in();
    let [_, python, node] = who_am_i();
    for (way, line) in WAYS {
        for words in [&python, &node] {
            let mut bash = env.command("bash");
            bash.args(["-c", line, "bash"]).args(words);
            let arn = printed(&mut with_foreign_identities(&env, bash));
            assert!(arn.starts_with(ENGINEER), "{way}: {words:?}: {arn}");
        }
    }
}

#[test]
fn no_foreign_identity_is_passed_on() {
    let env = signed_in();
    let shell =
        r#"printf 'exec "$@" >&3\n' >~/.bashrc; exec ob shell -p dev --shell bash 3>&1 >/dev/null"#;
    for (way, line) in WAYS.into_iter().chain([("shell", shell)]) {
        let mut bash = env.command("bash");
        let line = line.replace("\"$@\"", "/usr/bin/env");
        bash.args(["-c", &line, "bash"]);
        let answer = run(&mut with_foreign_identities(&env, bash), "");
        let seen = &answer.stdout;
        assert!(
            seen.contains("OB_PROFILE=dev\n"),
            "{way}: {seen}{}",
            &answer.stderr
        );
        for (name, value) in FOREIGN {
            // A shell drops names that it cannot represent, or passes on names that no SDK reads.
            let shell_made = matches!(way, "env" | "use") && name.contains('.');
            let line = format!("{name}={value}");
            let is_there = seen.lines().any(|seen| seen == line);
            assert!(!is_there || shell_made, "{way}: {line}");
        }
    }
}

#[test]
fn a_shell_that_leaves_a_profile_leaves_every_identity() {
    let env = signed_in();
    for leave in ["ob use ''", "ob use --unset"] {
        let line = format!(
            "eval \"$(ob init bash)\" && ob use dev && \
             export AWS_BEARER_TOKEN_X=foreign AWS_ROLE_ARN=foreign && {leave} && env"
        );
        let mut bash = env.command("bash");
        bash.args(["-c", &line]);
        let seen = printed(&mut with_foreign_identities(&env, bash));
        let left = seen.lines().filter(|line| line.contains("foreign"));
        let left: Vec<_> = left.filter(|line| !line.starts_with("aws.")).collect();
        assert!(left.is_empty(), "{leave}: {left:?}");
        assert!(!seen.contains("AWS_PROFILE="), "{leave}: {seen}");
    }
}

#[test]
fn keys_of_the_same_name_stop_a_switch() {
    let env = signed_in();
    env.write(
        "home/.aws/credentials",
        "[ob/dev]\naws_access_key_id = A\naws_secret_access_key = s\n",
    );
    let refused = run(&mut env.ob(["use", "--shell", "bash", "dev"]), "");
    assert_eq!(refused.status.code(), Some(2));
    let said = &refused.stderr;
    assert!(said.contains("has keys for ob/dev"), "{said}");
    assert!(refused.stdout.is_empty());
}

/// Settings with two machine identities besides the user's.
fn with_machine_keys(env: &TestEnv, more: &str) {
    let settings = env.minimal_settings();
    let others = "\n[orgs.ci]\nurl = \"https://ci.okta.com\"\nsign_in = \"machine\"\nclient_id = \
        \"a\"\n\
        key_id = \"k\"\nprivate_key_env = \"CI_KEY\"\n\
        [orgs.\"bot.two\"]\nurl = \"https://bot.okta.com\"\nsign_in = \"machine\"\nclient_id = \
        \"a\"\n\
        key_id = \"k\"\nprivate_key_env = \"BOT_KEY\"\n";
    env.write_settings(&format!("{more}{settings}{DEV}{others}"));
}

#[test]
fn keys_of_other_orgs_reach_no_program() {
    let env = TestEnv::new();
    let browser = env.write(
        "bin/browser",
        "#!/bin/sh\nenv >\"$TMPDIR/seen\"\ncurl -s \"$1\" >/dev/null\n",
    );
    fs::set_permissions(
        &browser,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    with_machine_keys(
        &env,
        &format!("browser_command = [\"{}\"]\n", browser.display()),
    );
    env.sign_in();
    printed(&mut env.ob(["config", "aws"]));
    let keys = [("CI_KEY", "secret-of-ci"), ("BOT_KEY", "secret-of-bot")];
    let shell =
        r#"printf 'exec env >&3\n' >~/.bashrc; exec ob shell -p dev --shell bash 3>&1 >/dev/null"#;
    for line in [
        "exec ob exec -p dev -- env",
        "exec ob exec --refresh -p dev -- env",
        "ob exec -p dev -- env | grep -c . && exec ob exec --verbose -p dev -- env",
        shell,
    ] {
        let mut bash = env.command("bash");
        let seen = printed(bash.args(["-c", line]).envs(keys));
        assert!(seen.contains("OB_PROFILE=dev"), "{line}: {seen}");
        assert!(!seen.contains("secret-of"), "{line}: {seen}");
    }
    let signin = format!(
        "signin_endpoint = \"{}/federation\"\n",
        env.sandbox.sts_url()
    );
    let settings = fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let settings = settings.replacen("[aws]\n", &format!("[aws]\n{signin}"), 1);
    env.write_settings(&settings);
    let mut console = env.ob(["console", "-p", "dev"]);
    printed(console.envs(keys).envs(FOREIGN));
    let seen = fs::read_to_string(env.path("tmp/seen")).unwrap();
    assert!(seen.contains("HOME="), "{seen}");
    assert!(
        !seen.contains("secret-of") && !seen.contains("oreign"),
        "{seen}"
    );
}

#[test]
fn the_session_of_aws_login_is_explained_and_found() {
    let env = dev();
    fs::create_dir_all(env.path("home/.aws")).unwrap();
    fs::create_dir(env.path("home/keys")).unwrap();
    env.write(
        "home/.aws/config",
        "[profile work]\nlogin_session = arn:aws:iam::123456789012:user/alice\n",
    );
    env.write(
        "home/keys/0a1b.json",
        "{\"accessToken\": {\"accessKeyId\": \"ASIA\"}}",
    );
    let with = |words: &[&str]| {
        let mut command = env.ob(words);
        command
            .env("AWS_PROFILE", "work")
            .env("AWS_LOGIN_CACHE_DIRECTORY", "~/keys");
        run(&mut command, "").stdout.to_owned()
    };
    let keys = env.path("home/keys").display().to_string();
    let explained = with(&["config", "explain"]);
    let lines = explained
        .lines()
        .filter(|line| line.contains("`aws login` session of [work]"));
    assert_eq!(
        lines.filter(|line| line.ends_with(&keys)).count(),
        4,
        "{explained}"
    );
    let found = with(&["doctor"]);
    let expected = format!("note   {keys} holds the keys of a session of `aws login`, in clear\n");
    assert!(found.contains(&expected), "{found}");
}

/// The precedence that `src/aws/provider_chain.rs` is written from.
#[test]
fn the_sdks_look_where_they_did_and_in_that_order() {
    let env = dev();
    let script = "import botocore.session, botocore.credentials as c\n\
        print(' '.join(p.METHOD for p in \
        c.create_credential_resolver(botocore.session.Session()).providers))";
    let mut python = env.command(installed("venv/bin/python"));
    assert_eq!(
        printed(python.args(["-c", script])).trim(),
        "env assume-role assume-role-with-web-identity sso shared-credentials-file login \
         custom-process \
         config-file ec2-credentials-file boto-config container-role iam-role"
    );
    let modules = installed("node/node_modules/@aws-sdk");
    let in_order = |package: &str, from: &str, words: &[&str]| {
        let file = modules.join(package).join("dist-cjs/index.js");
        let text = fs::read_to_string(file).unwrap();
        let mut rest = &text[text
            .find(from)
            .unwrap_or_else(|| panic!("{package}: {from}"))..];
        for word in words {
            let at = rest
                .find(word)
                .unwrap_or_else(|| panic!("{package}: {word}"));
            rest = &rest[at..];
        }
    };
    in_order(
        "credential-provider-ini",
        "const resolveProfileData = ",
        &[
            "isAssumeRoleProfile(data",
            "isStaticCredsProfile(data)",
            "isWebIdentityProfile(data)",
            "isProcessProfile(data)",
            "isSsoProfile(data)",
            "isLoginProfile(data)",
        ],
    );
    in_order(
        "credential-provider-node",
        "const defaultProvider = ",
        &[
            "fromEnv(init)",
            "fromSSO(init)",
            "fromIni(init)",
            "fromProcess(init)",
            "fromTokenFile(init)",
            "remoteProvider(init)",
        ],
    );
}
