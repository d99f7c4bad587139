//! `[labels]`: the user's names of roles and providers, wherever roles are listed or named.

use ob_sandbox::AwsApp;

use crate::support::{Pty, TestEnv, run};

/// Alice's roles, with labels appended to her settings.
fn alice(labels: &str) -> TestEnv {
    let env = TestEnv::of("alice");
    let settings = env.minimal_settings();
    env.write_settings(&format!("{settings}\n{labels}"));
    env
}

fn sign_in(env: &TestEnv) {
    let login = env.ob(["login", "--password-stdin", "--passcode-stdin"]);
    let typed = format!("{}\n{}\n", env.user().password, env.user().totp_now());
    let mut login = login;
    let output = run(&mut login, &typed);
    assert!(output.status.success(), "{}", &output.stderr);
}

fn said(env: &TestEnv, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(&mut env.ob(arguments), "");
    (
        output.status.code(),
        output.stdout.to_owned(),
        output.stderr.to_owned(),
    )
}

/// Returns the end of an ARN, `role/Name`.
fn tail(arn: &str) -> &str {
    arn.rsplit_once(':').unwrap().1
}

#[test]
fn labels_are_shown_in_lists_and_find_roles() {
    let env = alice("");
    let all = [AwsApp::Production, AwsApp::Labs].map(|app| env.sandbox.roles("alice", app));
    let one = all[0][0].clone();
    let account = one.split(':').nth(4).unwrap().to_owned();
    let settings = env.minimal_settings();
    env.write_settings(&format!(
        "{settings}\n[profiles.p]\nrole = \"{one}\"\n\n[labels.roles]\n\".*:role/\" = \
         \"Some\"\n\"{one}\" = \"The one\"\n\n\
         [labels.providers]\n\":{account}:saml-provider/\" = \"Main\"\n"
    ));
    sign_in(&env);

    let (_, roles, error) = said(&env, &["roles"]);
    assert!(
        roles
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(&format!("Main The one {one}")),
        "{roles}{error}"
    );
    let other = all.iter().flatten().find(|role| **role != one).unwrap();
    let number = other.split(':').nth(4).unwrap();
    assert!(roles.contains("  Some"), "{roles}");
    let (_, json, _) = said(&env, &["roles", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let entry = |arn: &str| {
        let entries = json.as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["role"] == arn)
            .unwrap()
            .clone()
    };
    assert_eq!(entry(&one)["label"], "The one");
    assert_eq!(entry(&one)["account_name"], "Main");
    let label = entry(other)["label"].as_str().unwrap().to_owned();
    assert!(
        ["Some".to_owned(), format!("Some ({number})")].contains(&label),
        "{label}"
    );

    for wanted in ["The one", "Main/The one"] {
        let (code, _, error) = said(&env, &["exec", "-r", wanted, "--", "true"]);
        assert_eq!(code, Some(0), "{wanted}: {error}");
    }
    // An expression that matches several roles is a prompt; without a terminal it is an error that
    // lists them by their labels.
    let (code, _, error) = said(&env, &["exec", "-r", "Some", "--", "true"]);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains(&format!("{label}: {other}")), "{error}");
    let (_, words, _) = said(&env, &["complete", "roles"]);
    for word in [
        format!("{account}/The one\n"),
        tail(&one).replace("role/", "/"),
    ] {
        assert!(words.contains(&word), "{word}: {words}");
    }
    let (_, status, _) = said(&env, &["status", "-v"]);
    assert!(status.contains(&format!("  The one  {one}")), "{status}");
    let (_, status, _) = said(&env, &["status"]);
    assert!(status.contains("\nThe one, until "), "{status}");
}

#[test]
fn the_picker_says_the_labels_too() {
    let env = alice("[labels.roles]\n\"role/\" = \"Labelled\"\n");
    sign_in(&env);
    let mut command = env.ob(["exec", "--", "true"]);
    command.env("TERM", "dumb");
    let mut pty = Pty::spawn(&command);
    let list = pty.until("Role (1-");
    let lines = list.lines().filter(|line| line.contains(":role/"));
    assert!(lines.clone().count() > 1, "{list}");
    assert!(
        lines.clone().all(|line| line.contains("Labelled")),
        "{list}"
    );
    pty.until("): ");
    pty.send("1\n");
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");
}

#[test]
fn first_matching_expression_wins_and_invalid_ones_are_errors() {
    for (first, second, expected) in [
        ("z.*|role/", "role/.", "First"),
        ("a-no-such", "role/.", "Second"),
    ] {
        let env = alice(&format!(
            "[labels.roles]\n\"{first}\" = \"First\"\n\"{second}\" = \"Second\"\n"
        ));
        sign_in(&env);
        let (_, roles, _) = said(&env, &["roles"]);
        assert!(roles.contains(expected), "{roles}");
        assert_eq!(roles.contains("First"), expected == "First", "{roles}");
    }
    let env = alice("[labels.roles]\n\"role/(\" = \"broken\"\n");
    let line = env.minimal_settings().lines().count() + 3;
    let (code, _, error) = said(&env, &["config", "check"]);
    assert_eq!(code, Some(2));
    assert!(error.contains(&format!("config.toml:{line}:")), "{error}");
    assert!(
        error.contains("neither an ARN nor a valid regular expression"),
        "{error}"
    );
}
