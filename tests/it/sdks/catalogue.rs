//! The role cache: `ob roles`, the menu, and the file behind them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use ob::model::Timestamp;
use ob_sandbox::{AwsApp, Options};
use serde_json::Value;

use super::tools::{json, local_time, ok, prepare, printed};
use crate::support::{Moto, Pty, TestEnv, eventually, run};

const ENGINEER: &str = "arn:aws:iam::123456789012:role/Engineer";
const READ_ONLY: &str = "arn:aws:iam::123456789012:role/ReadOnly";
const OKTA: &str = "arn:aws:iam::123456789012:saml-provider/okta";

/// Returns the cache file, if there is one.
fn kept(env: &TestEnv) -> Option<PathBuf> {
    let found = fs::read_dir(env.path("home/.cache/ob")).ok()?;
    let mut files: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() < 2, "{files:?}");
    files.pop()
}

/// Returns the output of `ob roles` and its messages.
fn roles(env: &TestEnv, flags: &[&str]) -> (String, String) {
    let answer = run(env.ob(["roles"]).args(flags), "");
    // The width of the columns is tested elsewhere.
    let mut list = ok(&answer).to_owned();
    while list.contains("   ") {
        list = list.replace("   ", "  ");
    }
    (list, answer.stderr.to_owned())
}

#[test]
fn cached_list_is_shown_at_once_with_its_time() {
    let env = TestEnv::of("alice");
    env.sign_in();
    let (list, said) = roles(&env, &[]);
    assert_eq!(list.lines().count(), 6);
    assert_eq!(said, "");
    env.sandbox.clear_log();
    let (again, said) = roles(&env, &[]);
    assert_eq!(again, list);
    assert!(said.starts_with("ob: as of "), "{said}");
    printed(&mut env.ob(["agent", "stop"]));
    eventually("it has stopped", || env.agents().is_empty());
    let (again, _) = roles(&env, &[]);
    assert_eq!(again, list);
    assert!(env.agents().is_empty() && env.sandbox.log().is_empty());
    // It is shown unchanged until it is read again.
    let new = "arn:aws:iam::123456789012:role/New";
    env.sandbox.role(new, 3600);
    env.sandbox.grant("alice", AwsApp::Production, OKTA, new);
    assert_eq!(roles(&env, &[]).0, list);
    let refused = run(&mut env.ob(["roles", "--refresh"]), "");
    assert_eq!(refused.status.code(), Some(3));
    env.sign_in();
    let (fresh, said) = roles(&env, &["--refresh"]);
    assert!(fresh.contains(new) && said.is_empty(), "{fresh}{said}");
    assert!(roles(&env, &[]).0.contains(new));
}

#[test]
fn json_has_the_time_of_a_cached_list() {
    let env = TestEnv::of("alice");
    env.sign_in();
    let json = |flags: &[&str]| -> Value {
        let (list, said) = roles(&env, &[&["--json"], flags].concat());
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 6);
        for role in list.as_array().unwrap() {
            assert_eq!(role["as_of"], list[0]["as_of"]);
        }
        // The table shows the same time.
        if let Some(as_of) = list[0]["as_of"].as_str() {
            let local_time = local_time(as_of);
            assert!(
                said.starts_with(&format!("ob: as of {local_time} (")),
                "{said}"
            );
        }
        list[0]["as_of"].clone()
    };
    assert_eq!(json(&[]), Value::Null);
    let as_of = json(&[]);
    let time = Timestamp::from_rfc3339(as_of.as_str().unwrap()).unwrap();
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    assert!(
        (0..60).contains(&(now.as_secs().cast_signed() - time.0)),
        "{as_of}"
    );
    assert_eq!(json(&["--refresh"]), Value::Null);
}

#[test]
fn the_last_used_come_first_and_stay_so_when_the_agent_is_gone() {
    let env = TestEnv::of("alice");
    env.sign_in();
    let (list, _) = roles(&env, &[]);
    let first = list.lines().next().unwrap();
    assert!(first.ends_with(":role/Deploy"), "{first}");
    use_by_turns(&env);
    let json = json(&mut env.ob(["roles", "--json"]));
    let used = |at: usize| {
        (
            json[at]["role"].as_str().unwrap(),
            json[at]["last_used"].is_string(),
        )
    };
    assert_eq!([used(0), used(1)], [(READ_ONLY, true), (ENGINEER, true)]);
    assert!(!used(2).1);
}

#[test]
fn last_used_come_first_with_a_server_clock_ahead() {
    let options = Options {
        clock_skew_seconds: 200,
        ..Options::default()
    };
    let env = TestEnv::with("carol", options);
    env.sign_in();
    roles(&env, &[]);
    use_by_turns(&env);
}

/// Uses roles alternately, most of them within one second: the order is kept, also without the
/// agent.
fn use_by_turns(env: &TestEnv) {
    let last = |role: &str| {
        let (list, _) = roles(env, &[]);
        assert!(list.lines().next().unwrap().ends_with(role), "{list}");
    };
    for role in [READ_ONLY, ENGINEER, READ_ONLY, ENGINEER, READ_ONLY] {
        printed(&mut env.ob(["exec", "-r", role, "--", "true"]));
        last(role);
    }
    printed(&mut env.ob(["agent", "stop"]));
    last(READ_ONLY);
}

#[test]
fn menu_is_shown_from_the_cache_before_a_sign_in() {
    let env = TestEnv::of("carol");
    env.sign_in();
    roles(&env, &[]);
    printed(&mut env.ob(["exec", "-r", READ_ONLY, "--", "true"]));
    roles(&env, &[]);
    printed(&mut env.ob(["agent", "stop"]));
    env.sandbox.clear_log();
    let choose = || {
        Pty::spawn(
            env.ob(["exec", "--", "printenv", "OB_ROLE"])
                .env("TERM", "dumb"),
        )
    };
    let mut terminal = choose();
    let menu = terminal.until("Role (1-2, Enter for 1): ");
    assert!(menu.contains("as of "), "{menu}");
    // The last used first, without a prompt.
    let place = |role| menu.find(role).unwrap();
    assert!(place(READ_ONLY) < place(ENGINEER), "{menu}");
    assert!(env.sandbox.log().is_empty());
    terminal.send("2\r");
    terminal.until("Password");
    terminal.send(&format!("{}\r", env.user().password));
    let (status, seen) = terminal.wait();
    assert!(status.success() && seen.contains("Engineer"), "{seen}");
    // Another terminal gets its own prompt, without a sign-in.
    let mut other = choose();
    other.until("Role (1-2, Enter for 1): ");
    other.send("1\r");
    let (status, seen) = other.wait();
    assert!(status.success() && seen.contains("Engineer"), "{seen}");
    // A choice in the menu counts as a use.
    printed(&mut env.ob(["agent", "stop"]));
    let first = roles(&env, &[]).0;
    assert!(first.lines().next().unwrap().ends_with(ENGINEER), "{first}");
}

#[test]
fn withdrawn_cached_role_clears_the_cache() {
    let env = TestEnv::of("carol");
    env.sign_in();
    roles(&env, &[]);
    let file = kept(&env).unwrap();
    let gone = fs::read_to_string(&file)
        .unwrap()
        .replace("ReadOnly", "Gone");
    fs::write(&file, gone).unwrap();
    let mut terminal = Pty::spawn(env.ob(["exec", "--", "true"]).env("TERM", "dumb"));
    terminal.until("Role (1-2, Enter for 1): ");
    terminal.send("2\r");
    let (status, seen) = terminal.wait();
    assert_eq!(status.code(), Some(4), "{seen}");
    assert!(
        seen.contains("you may not assume") && seen.contains("role/Gone"),
        "{seen}"
    );
    assert_eq!(kept(&env), None);
    // The next menu comes from Okta and is cached.
    let mut terminal = Pty::spawn(env.ob(["exec", "--", "true"]).env("TERM", "dumb"));
    let menu = terminal.until("Role (1-2, Enter for 1): ");
    assert!(
        menu.contains(READ_ONLY) && !menu.contains("as of"),
        "{menu}"
    );
    terminal.send("1\r");
    assert!(terminal.wait().0.success());
    assert!(kept(&env).is_some());
}

#[test]
fn unusable_cache_file_is_ignored_and_replaced() {
    let env = TestEnv::of("carol");
    env.sign_in();
    let (list, _) = roles(&env, &[]);
    let file = kept(&env).unwrap();
    let good = fs::read_to_string(&file).unwrap();
    let swap = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        fs::write(&file, good.replace(from, to)).unwrap();
    };
    let spoils: [(&str, &dyn Fn()); 7] = [
        ("cut", &|| {
            fs::write(&file, &good[..good.len() / 2]).unwrap();
        }),
        ("another user's", &|| swap("carol", "mallory")),
        ("no role", &|| swap(":role/Engineer", ":role/$(id)")),
        ("from the future", &|| swap("\"as_of\":1", "\"as_of\":9")),
        ("open to others", &|| {
            fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }),
        ("a link", &|| {
            let real = env.write("home/real", &good);
            fs::remove_file(&file).unwrap();
            symlink(real, &file).unwrap();
        }),
        ("endless", &|| {
            fs::remove_file(&file).unwrap();
            symlink("/dev/zero", &file).unwrap();
        }),
    ];
    for (case, spoil) in spoils {
        spoil();
        let (read, said) = roles(&env, &[]);
        assert_eq!((read, said.as_str()), (list.clone(), ""), "{case}");
        let (_, said) = roles(&env, &[]);
        assert!(said.starts_with("ob: as of"), "{case} was not replaced");
        assert!(fs::symlink_metadata(&file).unwrap().is_file(), "{case}");
    }
    // A hostile label is escaped like any text of a server.
    swap("AWS production", "AWS \\u001b[2J\\u0007 labs");
    let (read, _) = roles(&env, &[]);
    assert!(
        !read.contains('\u{1b}') && !read.contains('\u{7}'),
        "{read:?}"
    );
}

#[test]
fn cache_is_per_user_and_can_be_switched_off() {
    let env = TestEnv::of("carol");
    env.sign_in();
    roles(&env, &[]);
    let file = kept(&env).unwrap();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(
        (mode(&file), mode(&env.path("home/.cache/ob"))),
        (0o600, 0o700)
    );
    let text = fs::read_to_string(&file).unwrap();
    for (kind, secret) in env.sandbox.canaries() {
        assert!(!text.contains(&secret), "{kind}");
    }
    fs::remove_dir_all(env.path("home/.cache")).unwrap();
    env.write_settings(&(env.minimal_settings() + "catalogue = false\n"));
    for _ in 0..2 {
        assert_eq!(roles(&env, &[]).1, "");
    }
    assert!(!env.path("home/.cache").exists());
    // A full disk is no reason to fail.
    env.write_settings(&env.minimal_settings());
    env.write("home/.cache", "");
    assert_eq!(roles(&env, &[]).1, "");
}

#[test]
fn accounts_are_named_by_app_and_with_names_by_iam() {
    let env = TestEnv::of("alice");
    let moto = Moto::start();
    let iam = format!("iam_endpoint = \"{}\"\n", moto.url);
    env.write_settings(&(env.minimal_settings() + &iam));
    let script = "import boto3, sys; boto3.client('iam', \
        endpoint_url=sys.argv[1]).create_account_alias(AccountAlias='acme-prod')";
    prepare(&env, &moto, script);
    env.sign_in();
    env.sandbox.clear_log();
    let (list, _) = roles(&env, &[]);
    // Each of the two apps is for one account.
    assert!(
        list.contains(&format!("AWS production  {ENGINEER}\n")),
        "{list}"
    );
    assert!(
        list.contains("AWS labs  arn:aws:iam::345678901234:role/Admin\n"),
        "{list}"
    );
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 0);
    printed(&mut env.ob(["exec", "-r", "AWS labs/Admin", "--", "true"]));
    env.sandbox.clear_log();
    roles(&env, &["--names"]);
    let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
    assert_eq!(calls.len(), 2, "one for each account");
    let limits = calls.iter().map(|call| {
        (
            call.form("DurationSeconds").unwrap(),
            call.form("PolicyArns.member.1.arn").unwrap(),
        )
    });
    let least = "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned();
    assert!(limits.eq([("900".to_owned(), least.clone()), ("900".to_owned(), least)]));
    let json = json(&mut env.ob(["roles", "--json"]));
    assert_eq!(json[0]["account_alias"], "acme-prod");
    // One app for two accounts names neither, so the alias is used; a name in the settings precedes
    // both.
    env.sandbox.grant(
        "alice",
        AwsApp::Labs,
        OKTA,
        "arn:aws:iam::123456789012:role/FromLabs",
    );
    env.write_settings(&(env.minimal_settings() + &iam + "[accounts]\n345678901234 = \"labs\"\n"));
    let (list, _) = roles(&env, &["--refresh"]);
    assert!(
        list.contains(&format!("acme-prod  {ENGINEER}  AWS production\n")),
        "{list}"
    );
    assert!(
        list.contains("labs  arn:aws:iam::345678901234:role/Admin"),
        "{list}"
    );
    // Without IAM only the names are missing.
    drop(moto);
    let (list, said) = roles(&env, &["--names"]);
    assert!(
        list.contains(ENGINEER) && !said.contains("cause"),
        "{list}{said}"
    );
}
