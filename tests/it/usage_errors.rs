//! Mistyped command lines, and the messages about them.

use crate::shells::machine;
use crate::support::{TestEnv, run};

/// Returns standard error and the exit code.
fn stderr_and_code(env: &TestEnv, words: &[&str]) -> (String, Option<i32>) {
    let ended = run(&mut env.ob(words), "");
    assert!(ended.stdout.is_empty(), "{words:?}");
    (ended.stderr.to_owned(), ended.status.code())
}

#[test]
fn a_profile_that_is_none_is_likened_to_those_there_are() {
    let env = machine();
    for words in [
        &["exec", "-p", "prud", "--", "true"][..],
        &["console", "-p", "Prod"],
    ] {
        let (said, code) = stderr_and_code(&env, words);
        assert!(
            said.contains("hint: did you mean `-p prod`?"),
            "{words:?}: {said}"
        );
        assert_eq!(code, Some(2));
    }
    let (said, _) = stderr_and_code(&env, &["exec", "-p", "xyzzy", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: there is no profile xyzzy
      hint: `-r ROLE` takes a role without a profile
      hint: `ob list` shows the profiles
    ");
}

#[test]
fn a_role_that_is_none_is_likened_to_those_that_were_granted() {
    let env = TestEnv::of("alice");
    env.write_settings(
        &(env.minimal_settings() + "\n[profiles.dev]\n[accounts]\n123456789012 = \"it's prod\"\n"),
    );
    env.sign_in();
    let (said, code) = stderr_and_code(&env, &["exec", "-r", "engineeer", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: you may not assume engineeer
      cause: you may assume: arn:aws:iam::123456789012:role/Engineer, arn:aws:iam::123456789012:role/Deploy, arn:aws:iam::123456789012:role/ReadOnly, arn:aws:iam::345678901234:role/Engineer, arn:aws:iam::345678901234:role/Admin, arn:aws:iam::345678901234:role/team/data/Analyst
      hint: did you mean `-r 'it'\''s prod/Engineer'` or `-r 345678901234/Engineer`?
      hint: `ob roles` shows the roles you were granted
    ");
    assert_eq!(code, Some(4));
    let (said, _) = stderr_and_code(&env, &["exec", "-r", "dev", "--", "true"]);
    assert!(said.contains("hint: did you mean `-p dev`?"), "{said}");
}

#[test]
fn a_hostile_name_is_inert_and_quoted_where_it_is_offered() {
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&(settings + "[profiles.\"x$(id);\\u001b[31m'y\"]\n"));
    let (said, _) = stderr_and_code(&env, &["exec", "-p", "x$(id);\u{1b}[31m'", "--", "true"]);
    insta::assert_snapshot!(said, @r"
    ob: there is no profile x$(id);\u{1b}[31m'
      hint: did you mean `-p 'x$(id);\u{1b}[31m'\''y'`?
      hint: `ob list` shows the profiles
    ");
}

#[test]
fn unknown_verb_or_word_gets_a_suggestion() {
    let env = machine();
    let mut seen = String::new();
    for line in [
        "execute",
        "vpn start",
        "vpn disconnect",
        "vpn statsu",
        "start",
        "whoami",
        "xyzzy",
        "credential prod",
        "list-profiles",
        "rotate",
        "exec-server",
        "dev -- aws s3 ls",
        "login bob",
        "login --user bob",
        "logout bob",
        "-p prod exec -- true",
        "login --agian",
        "status foo",
        "exec",
        "exec -p prod --",
        "vpn exec",
        "config show",
        "help execute",
        "help vpn statsu",
        "man cosnole",
        "import",
        "logs",
        "st",
        "l",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (said, code) = stderr_and_code(&env, &words);
        assert_eq!(code, Some(2), "{line}: {said}");
        seen += &format!("$ ob {line}\n{said}");
    }
    insta::assert_snapshot!(seen, @r"
    $ ob execute
    ob: there is no `ob execute`
      hint: did you mean `ob exec`?
      hint: `ob help` names the verbs
    $ ob vpn start
    ob: there is no `ob vpn start`
      hint: `ob vpn up` brings up the VPN
      hint: `ob help vpn` says how it is used
    $ ob vpn disconnect
    ob: there is no `ob vpn disconnect`
      hint: `ob vpn down` takes the VPN down
      hint: `ob help vpn` says how it is used
    $ ob vpn statsu
    ob: there is no `ob vpn statsu`
      hint: did you mean `ob vpn status`?
      hint: `ob help vpn` says how it is used
    $ ob start
    ob: there is no `ob start`
      hint: nothing needs to be started; `ob login` signs in, `ob vpn up` brings up the VPN
      hint: `ob help` names the verbs
    $ ob whoami
    ob: there is no `ob whoami`
      hint: `ob status` says who is signed in
      hint: `ob help` names the verbs
    $ ob xyzzy
    ob: there is no `ob xyzzy`
      hint: `ob help` names the verbs
    $ ob credential prod
    ob: `ob credential` does not take `prod`
      hint: `ob credential -p prod` takes a profile, `-r` a role
      hint: `ob help credential` says how it is used
    $ ob list-profiles
    ob: there is no `ob list-profiles`
      hint: `ob list` lists your profiles, `ob roles` your roles
      hint: `ob help` names the verbs
    $ ob rotate
    ob: there is no `ob rotate`
      hint: credentials renew themselves; `ob login --again` makes a new session
      hint: `ob help` names the verbs
    $ ob exec-server
    ob: there is no `ob exec-server`
      hint: `ob exec --refresh -- CMD` gives CMD credentials that renew themselves
      hint: `ob help` names the verbs
    $ ob dev -- aws s3 ls
    ob: there is no `ob dev`
      hint: `ob exec dev -- CMD` runs a command with a profile's role
      hint: `ob help` names the verbs
    $ ob login bob
    ob: `ob login` does not take `bob`
      hint: who signs in is `username` of the settings, or for once: `OB_ORG_USERNAME=NAME ob login`
      hint: `ob help login` says how it is used
    $ ob login --user bob
    ob: `ob login` does not take `--user`
      hint: who signs in is `username` of the settings, or for once: `OB_ORG_USERNAME=NAME ob login`
      hint: `ob help login` says how it is used
    $ ob logout bob
    ob: `ob logout` does not take `bob`
      hint: `--org NAME` ends the session of one of several orgs
      hint: `ob help logout` says how it is used
    $ ob -p prod exec -- true
    ob: `ob` does not take `-p`
      hint: behind the verb: `ob exec -p NAME -- CMD`
      hint: `ob help` names the verbs
    $ ob login --agian
    ob: `ob login` does not take `--agian`
      hint: did you mean `--again`?
      hint: `ob help login` says how it is used
    $ ob status foo
    ob: `ob status` does not take `foo`
      hint: `ob help status` says how it is used
    $ ob exec
    ob: there is no command to run
      hint: `ob exec -- CMD` runs one
      hint: `ob help exec` says how it is used
    $ ob exec -p prod --
    ob: there is no command to run
      hint: `ob exec -- CMD` runs one
      hint: `ob help exec` says how it is used
    $ ob vpn exec
    ob: there is no command to run
      hint: `ob vpn exec -- CMD` runs one
      hint: `ob help vpn exec` says how it is used
    $ ob config show
    ob: there is no `ob config show`
      hint: `ob list` shows the profiles, `ob config explain` every value and its file
      hint: `ob help config` says how it is used
    $ ob help execute
    ob: there is no verb execute
      hint: did you mean `ob help exec`?
      hint: `ob help` names the verbs
    $ ob help vpn statsu
    ob: there is no verb vpn statsu
      hint: did you mean `ob help vpn status`?
      hint: `ob help` names the verbs
    $ ob man cosnole
    ob: there is no verb cosnole
      hint: did you mean `ob man console`?
      hint: `ob man --list` names the pages
    $ ob import
    ob: there is no `ob import`
      hint: did you mean `ob config import`?
      hint: `ob help` names the verbs
    $ ob logs
    ob: there is no `ob logs`
      hint: did you mean `ob vpn logs`?
      hint: `ob help` names the verbs
    $ ob st
    ob: there is no `ob st`
      hint: did you mean `ob status`?
      hint: `ob help` names the verbs
    $ ob l
    ob: there is no `ob l`
      hint: did you mean `ob list` or `ob login` or `ob logout`?
      hint: `ob help` names the verbs
    ");
}

#[test]
fn usage_error_names_the_verb_that_was_typed() {
    let env = machine();
    for (line, expected) in [
        ("config con", "there is no `ob config con`"),
        ("vpn v", "there is no `ob vpn v`"),
        ("agent ag", "there is no `ob agent ag`"),
        ("login l", "`ob login` does not take `l`"),
        ("credential e", "`ob credential` does not take `e`"),
        ("vpn up --v", "`ob vpn up` does not take `--v`"),
        (
            "--org login exec -p prod --bogus -- true",
            "`ob exec` does not take `--bogus`",
        ),
        (
            "exec -p login --bogus -- true",
            "`ob exec` does not take `--bogus`",
        ),
        (
            "--org=vpn -vv exec -vx -- login",
            "`ob exec` does not take `-x`",
        ),
        ("-p login exec -- true", "`ob` does not take `-p`"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (said, code) = stderr_and_code(&env, &words);
        assert_eq!(code, Some(2), "{line}: {said}");
        assert_eq!(
            said.lines().next(),
            Some(&*format!("ob: {expected}")),
            "{line}"
        );
    }
}

#[test]
fn the_verb_that_is_most_alike_is_offered_and_not_its_opposite() {
    let (said, _) = stderr_and_code(&machine(), &["logn"]);
    assert!(said.contains("hint: did you mean `ob login`?"), "{said}");
}

#[test]
fn every_usage_error_has_one_form_in_text_colour_and_json() {
    let env = machine();
    let mut seen = String::new();
    for line in [
        "config add",
        "exec --refresh --read-only -- true",
        "exec -p a -p b -- true",
        "--color pink status",
        "login --org",
        "init zhs",
        "roles --role x",
        "write --watch --bogus",
        "--no-agent=3 status",
        "-- login",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (said, code) = stderr_and_code(&env, &words);
        assert_eq!(code, Some(2), "{line}: {said}");
        seen += &format!("$ ob {line}\n{said}");
    }
    insta::assert_snapshot!(seen, @r"
    $ ob config add
    ob: `ob config add` needs `<NAME>`
      hint: `ob help config add` says how it is used
    $ ob exec --refresh --read-only -- true
    ob: `--refresh` cannot be used with `--read-only`
      hint: `ob help exec` says how it is used
    $ ob exec -p a -p b -- true
    ob: `--profile <PROFILE>` can be given only once
      hint: `ob help exec` says how it is used
    $ ob --color pink status
    ob: `--color <WHEN>` cannot be `pink`
      cause: it can be: auto, always, never
      hint: `ob help status` says how it is used
    $ ob login --org
    ob: `--org <NAME>` needs a value
      hint: `ob help login` says how it is used
    $ ob init zhs
    ob: `<SHELL>` cannot be `zhs`
      cause: it can be: bash, zsh, fish, nu, direnv
      hint: did you mean `zsh`?
      hint: `ob help init` says how it is used
    $ ob roles --role x
    ob: `ob roles` needs `--discover` with what was typed
      hint: `ob help roles` says how it is used
    $ ob write --watch --bogus
    ob: `ob write` does not take `--bogus`
      hint: `ob help write` says how it is used
    $ ob --no-agent=3 status
    ob: `--no-agent` takes no value
      hint: `ob help status` says how it is used
    $ ob -- login
    ob: `ob` does not take `login`
      hint: without the `--` in front of it
      hint: `ob help` names the verbs
    ");
    for line in [
        "--json logn",
        "logn --json",
        "--json vpn",
        "--json config add",
        "exec --refresh --read-only --json -- true",
        "--json --color pink status",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (said, code) = stderr_and_code(&env, &words);
        assert_eq!((said.lines().count(), code), (1, Some(2)), "{line}: {said}");
        let report: serde_json::Value = serde_json::from_str(&said).unwrap();
        assert!(
            report["error"].as_str().unwrap().starts_with("usage.") && report["exit"] == 2,
            "{said}"
        );
    }
    // That `--json` is the command's.
    let (said, _) = stderr_and_code(&env, &["exec", "--bogus", "--", "--json"]);
    assert!(said.starts_with("ob: "), "{said}");
    for words in [
        &["--color", "always", "logn"],
        &["logn", "--color=always", "x"],
    ] {
        let (said, _) = stderr_and_code(&env, words);
        assert!(said.starts_with("\u{1b}[1;31mob:"), "{said:?}");
    }
}

#[test]
fn a_pasted_word_is_inert_when_it_is_no_verb() {
    let env = machine();
    for words in [
        &["\u{1b}]0;x\u{7}\u{9b}31m\u{202e}x"][..],
        &["shell", "\u{1b}[31m$(id)\nx"],
    ] {
        let (said, code) = stderr_and_code(&env, words);
        assert_eq!(code, Some(2));
        assert!(
            !said
                .chars()
                .any(|c| c.is_control() && c != '\n' || c == '\u{202e}'),
            "{said:?}"
        );
        assert_eq!(
            said.lines()
                .filter(|line| !line.starts_with("  hint: "))
                .count(),
            1,
            "{said}"
        );
    }
}

#[test]
fn profile_in_place_of_a_command_is_recognised() {
    let env = TestEnv::new();
    env.write_settings(&(env.minimal_settings() + "[profiles.prod]\n"));
    for is_signed_in in [false, true] {
        if is_signed_in {
            env.sign_in();
        }
        let (said, code) = stderr_and_code(&env, &["exec", "prod", "true"]);
        assert_eq!(code, Some(127), "{said}");
        assert!(said.contains("hint: did you mean `-p prod`?"), "{said}");
    }
}
