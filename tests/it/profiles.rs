//! Profiles without an editor: `ob config add`, `edit` and `remove`, `ob list`, a profile as a
//! word, and `ob` alone.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::{Finished, Pty, TestEnv, run};

/// Carol needs no code. The settings have no profile.
fn without_profiles() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    env.write_settings_without_profiles();
    env
}

fn ob(env: &TestEnv, words: &[&str]) -> Finished {
    run(&mut env.ob(words), "")
}

fn settings(env: &TestEnv) -> String {
    fs::read_to_string(env.path("config/ob/config.toml")).unwrap()
}

const ROLE: &str = "arn:aws:iam::123456789012:role/Engineer";

#[test]
fn a_profile_is_added_listed_used_and_removed() {
    let env = without_profiles();
    env.sign_in();
    let before = settings(&env);
    let added = ob(
        &env,
        &["config", "add", "dev", "-r", ROLE, "--region", "eu-west-2"],
    );
    assert_eq!(added.code(), Some(0), "{}", added.stderr);
    assert!(
        added
            .stderr
            .contains("added the profile dev, the default one, to ")
    );
    assert!(
        added.stderr.ends_with("next: `ob exec dev -- CMD`\n"),
        "{}",
        added.stderr
    );
    let second = ob(
        &env,
        &["config", "add", "two", "-r", "Engineer", "--confirm"],
    );
    assert!(!second.stderr.contains("default"), "{}", second.stderr);
    assert!(
        settings(&env).contains("[profiles.dev]\nrole = "),
        "{}",
        settings(&env)
    );

    let list = ob(&env, &["list"]).stdout;
    assert!(
        list.starts_with(&format!("* dev  {ROLE}  eu-west-2  none yet\n")),
        "{list}"
    );
    let exec = ob(
        &env,
        &[
            "exec",
            "dev",
            "--",
            "sh",
            "-c",
            "echo $AWS_REGION $AWS_ACCOUNT_ID",
        ],
    );
    assert_eq!(exec.stdout, "eu-west-2 123456789012\n", "{}", exec.stderr);
    let list: Value = serde_json::from_str(&ob(&env, &["list", "--json"]).stdout).unwrap();
    assert_eq!(
        (&list[0]["name"], &list[0]["default"]),
        (&json!("dev"), &json!(true))
    );
    let left = list[0]["seconds_left"].as_i64().unwrap();
    assert!((600..=3600).contains(&left), "{left}");
    // The same role by its name.
    assert_eq!(
        list[1]["seconds_left"].as_i64().map(|left| left > 0),
        Some(true)
    );
    let text = ob(&env, &["list"]).stdout;
    assert!(text.contains("until ") && text.contains(" min)"), "{text}");

    for name in ["two", "dev"] {
        let removed = ob(&env, &["config", "remove", name]);
        assert_eq!(removed.code(), Some(0), "{}", removed.stderr);
    }
    assert_eq!(settings(&env), before);
}

#[test]
fn what_cannot_be_added_or_removed_is_named() {
    let env = without_profiles();
    ob(&env, &["config", "add", "dev", "-r", ROLE]);
    let before = settings(&env);
    for (words, code, error) in [
        (
            &["config", "add", "dev", "-r", ROLE][..],
            2,
            "config.profile-exists",
        ),
        (
            &["config", "add", "x", "-r", "arn:nonsense"],
            2,
            "config.flag",
        ),
        (
            &["config", "add", "x", "-r", ROLE, "--region", "nowhere!"],
            2,
            "config.flag",
        ),
        (
            &["config", "add", "x", "-r", ROLE, "--duration", "3 days"],
            2,
            "config.flag",
        ),
        (
            &["config", "add", "x", "-r", ROLE, "--prompt-color", "pink"],
            2,
            "config.flag",
        ),
        (&["config", "remove", "dve"], 2, "config.no-profile"),
        // There is no session, and no terminal for the password.
        (&["config", "add", "x"], 3, "sign-in.no-answer"),
    ] {
        let ended = run(env.ob(["--json"]).args(words), "");
        assert_eq!(ended.code(), Some(code), "{words:?}: {}", ended.stderr);
        if error != "sign-in.no-answer" {
            assert_eq!(ended.error(), error, "{words:?}");
        }
        assert_eq!(settings(&env), before, "{words:?}");
    }
    fs::write(env.path("config/ob/config.toml"), "[profiles\n").unwrap();
    let ended = ob(&env, &["config", "add", "x", "-r", ROLE]);
    assert_eq!(ended.code(), Some(2), "{}", ended.stderr);
    assert_eq!(settings(&env), "[profiles\n");
}

#[test]
fn a_link_to_the_settings_stays_a_link() {
    let env = without_profiles();
    let (file, real) = (
        env.path("config/ob/config.toml"),
        env.path("home/dotfiles.toml"),
    );
    fs::rename(&file, &real).unwrap();
    symlink(&real, &file).unwrap();
    let added = ob(&env, &["config", "add", "dev", "-r", ROLE]);
    assert_eq!(added.code(), Some(0), "{}", added.stderr);
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
    assert!(
        fs::read_to_string(&real)
            .unwrap()
            .contains("[profiles.dev]")
    );
}

#[test]
fn the_menu_of_roles_gives_a_profile_its_role() {
    let env = TestEnv::of("alice").configured();
    env.write_settings_without_profiles();
    env.sign_in();
    let mut command = env.ob(["config", "add", "picked"]);
    command.env("TERM", "dumb");
    let mut terminal = Pty::spawn(&command);
    terminal.until("Role (1-3, Enter for 1): ");
    terminal.send("2\r");
    let (status, seen) = terminal.wait();
    assert!(status.success(), "{seen}");
    assert!(
        settings(&env).contains("[profiles.picked]\nrole = \"arn:aws:iam::"),
        "{seen}"
    );
}

#[test]
fn an_edited_file_is_checked() {
    let env = without_profiles();
    let edit = |editor: &str| run(env.ob(["config", "edit"]).env("EDITOR", editor), "");
    let good = edit("sed -i '$a # end'");
    assert_eq!(good.code(), Some(0), "{}", good.stderr);
    assert!(
        good.stderr.contains("config.toml is good\n"),
        "{}",
        good.stderr
    );
    assert!(settings(&env).ends_with("# end\n"));
    let wrong = edit("sed -i '$a nonsense = 1'");
    assert_eq!(wrong.code(), Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("nonsense"), "{}", wrong.stderr);
    let failing = edit("false");
    assert_eq!(failing.code(), Some(1), "{}", failing.stderr);
    let missing = edit("no-such-editor --wait");
    assert!(
        missing.stderr.contains("no-such-editor"),
        "{}",
        missing.stderr
    );
    fs::remove_file(env.path("config/ob/config.toml")).unwrap();
    let none = edit("true");
    assert!(
        none.stderr.contains("`ob config init` writes one"),
        "{}",
        none.stderr
    );
}

#[test]
fn an_editor_gets_no_private_key() {
    let env = without_profiles();
    let named = "[org]\nprivate_key_env = 'CI_KEY'\n";
    let good = settings(&env).replacen("[org]\n", named, 1);
    for text in [good, "nonsense = 1\n".into()] {
        env.write_settings(&text);
        let mut edit = env.ob(["config", "edit"]);
        edit.env("CI_KEY", "canary").env("TERM", "xterm");
        edit.env("EDITOR", "sh -c 'env >$HOME/seen'");
        run(&mut edit, "");
        let seen = fs::read_to_string(env.path("home/seen")).unwrap();
        assert!(
            !seen.contains("canary") && seen.contains("TERM=xterm"),
            "{seen}"
        );
    }
}

#[test]
fn a_file_that_was_changed_meanwhile_is_not_overwritten() {
    let env = TestEnv::of("alice").configured();
    env.sign_in();
    let mut command = env.ob(["config", "add", "picked"]);
    command.env("TERM", "dumb");
    let mut terminal = Pty::spawn(&command);
    terminal.until("Role (1-3, Enter for 1): ");
    let other = settings(&env) + "# by another program\n";
    env.write_settings(&other);
    terminal.send("2\r");
    let (status, seen) = terminal.wait();
    assert_eq!(status.code(), Some(1), "{seen}");
    assert!(seen.contains("was changed meanwhile"), "{seen}");
    assert_eq!(settings(&env), other);
}

#[test]
fn a_profile_may_be_a_word() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let by_word = ob(&env, &["exec", "dev", "--", "sh", "-c", "echo $OB_PROFILE"]);
    assert_eq!(by_word.stdout, "dev\n", "{}", by_word.stderr);
    let with_flags = ob(
        &env,
        &[
            "exec",
            "--min-ttl",
            "1m",
            "dev",
            "--",
            "sh",
            "-c",
            "echo $OB_PROFILE",
        ],
    );
    assert_eq!(with_flags.stdout, "dev\n", "{}", with_flags.stderr);
    let env_by_word = ob(&env, &["env", "dev", "--format", "json"]);
    assert_eq!(env_by_word.code(), Some(0), "{}", env_by_word.stderr);
    let written = ob(&env, &["write", "dev"]);
    assert_eq!(written.code(), Some(0), "{}", written.stderr);
    // The first word after `--` is the command, whatever its name is.
    let command = ob(&env, &["exec", "--", "dev", "--", "true"]);
    assert_eq!(command.code(), Some(127), "{}", command.stderr);
    for words in [
        &["exec", "dve", "--", "true"][..],
        &["env", "dve"],
        &["console", "dve"],
    ] {
        let ended = ob(&env, words);
        assert!(
            ended.stderr.contains("there is no profile dve"),
            "{}",
            ended.stderr
        );
    }
    let behind = ob(&env, &["exec", "dev", "--min-ttl", "1m", "--", "true"]);
    assert_eq!(behind.code(), Some(2), "{}", behind.stderr);
    assert!(
        behind
            .stderr
            .contains("options stand before the profile: --min-ttl")
            && behind.stderr.contains("`ob exec --min-ttl 1m dev -- CMD`"),
        "{}",
        behind.stderr
    );
    let both = ob(&env, &["console", "dev", "-p", "dev"]);
    assert_eq!(both.code(), Some(2), "{}", both.stderr);
    let no_verb = ob(&env, &["dev", "--", "true"]);
    assert!(
        no_verb.stderr.contains("`ob exec dev -- CMD` runs"),
        "{}",
        no_verb.stderr
    );
}

#[test]
fn ob_alone_says_what_to_type_next() {
    let env = without_profiles();
    let next = || {
        let ended = ob(&env, &[]);
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        ended.stderr
    };
    assert_eq!(
        next(),
        "next: `ob login` signs you in; `ob help` lists the verbs\n"
    );
    env.sign_in();
    assert!(next().contains("`ob config add NAME`"));
    ob(&env, &["config", "add", "my dev", "-r", ROLE]);
    assert!(next().contains("`ob exec 'my dev' -- CMD`"));
    env.write_settings("nonsense = 1\n");
    assert!(next().contains("`ob config check`"));
    fs::remove_file(env.path("config/ob/config.toml")).unwrap();
    assert!(next().contains("`ob config init`"));
}

#[test]
fn an_org_that_does_not_exist_is_refused_by_every_verb() {
    let env = TestEnv::of("carol").configured();
    for words in [
        &["status"][..],
        &["list"],
        &["roles"],
        &["agent", "status"],
        &["config", "list"],
        &["vpn", "status"],
        &["exec", "--", "true"],
        &[],
    ] {
        let ended = run(env.ob(["--json", "--org", "nope"]).args(words), "");
        assert_eq!(
            ended.error(),
            "config.no-org",
            "{words:?}: {}",
            ended.stderr
        );
    }
    let help = run(&mut env.ob(["--org", "nope", "help"]), "");
    assert_eq!(help.code(), Some(0), "{}", help.stderr);
}
