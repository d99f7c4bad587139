//! `ob config` without a terminal, and at one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Finished, Pty, run};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Runs `ob` in a session without a terminal.
    fn ob(&self, arguments: &[&str]) -> Finished {
        let mut command = Command::new("setsid");
        command
            .arg("--wait")
            .arg(env!("CARGO_BIN_EXE_ob"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .current_dir(self.0.path());
        run(command, "")
    }

    fn write(&self, text: &str) {
        let directory = self.0.path().join(".config/ob");
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("config.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn init_writes_what_check_finds_good() {
    let home = Home::new();
    let init = [
        "config",
        "init",
        "--url",
        "acme-admin.okta.com",
        "--region",
        "eu-west-1",
    ];
    let made = home.ob(&init);
    assert_eq!(made.status.code(), Some(0), "{}", &made.stderr);
    let path = home.0.path().join(".config/ob/config.toml");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "[org]\nurl = \"https://acme.okta.com\"\n\n[aws]\nregion = \"eu-west-1\"\n"
    );
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let check = home.ob(&["config", "check", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&check.stdout).unwrap();
    assert_eq!(answer["orgs"][0], "https://acme.okta.com");
    assert_eq!(
        home.ob(&init).status.code(),
        Some(2),
        "an existing file is kept"
    );
    // Nothing else is asked for that.
    let asked = home.ob(&["config", "init"]);
    assert_eq!(asked.status.code(), Some(2));
    assert!(asked.stderr.contains("it exists already"));
}

#[test]
fn without_a_terminal_a_question_fails_at_once_and_is_named() {
    let answer = Home::new().ob(&["config", "init"]);
    assert_eq!(answer.status.code(), Some(3));
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.starts_with("ob: cannot ask: Okta org"),
        "{}",
        &answer.stderr
    );
    assert!(answer.stderr.contains("--url"));
}

#[test]
fn init_takes_a_bare_word_for_an_org_of_okta_com_and_says_so() {
    let init = |words: &[&str]| Home::new().ob(&[&["config", "init", "--print"], words].concat());
    let named = init(&["--url", "acme"]);
    assert_eq!(&named.stdout, "[org]\nurl = \"https://acme.okta.com\"\n");
    assert!(
        named
            .stderr
            .contains("taking acme for https://acme.okta.com")
    );
    for (words, says) in [
        (&["--url", "okta.com"][..], "`acme.okta.com`"),
        (
            &["--url", "acme", "--username", "https://acme.okta.com"],
            "cannot use this user name",
        ),
    ] {
        let refused = init(words);
        assert_eq!(
            (refused.status.code(), refused.stdout.as_str()),
            (Some(2), "")
        );
        assert!(refused.stderr.contains(says), "{words:?}");
    }
}

#[test]
fn invalid_answer_to_init_is_asked_again_without_a_flag() {
    let home = Home::new();
    let mut command = std::process::Command::new("setsid");
    command
        .arg(env!("CARGO_BIN_EXE_ob"))
        .args(["config", "init"])
        .env_clear()
        .env("HOME", home.0.path());
    let mut pty = Pty::spawn(&command);
    let mut seen = String::new();
    for (question, answer) in [
        ("Okta org", "okta.com\n"),
        ("Okta org", "acme\n"),
        ("User name", "https://acme.okta.com\n"),
        ("User name", "\n"),
        ("AWS region", "nowhere\n"),
        ("AWS region", "eu-west-1\n"),
        ("Link of", "\n"),
    ] {
        seen += &pty.until(question);
        seen += &pty.until("): ");
        pty.send(answer);
    }
    seen += &pty.until("your first profile? [Y/n] ");
    pty.send("n\n");
    let (status, rest) = pty.wait();
    seen += &rest;
    assert!(
        status.success() && seen.contains("write it like `eu-west-1`"),
        "{seen}"
    );
    assert!(!seen.contains("--region"), "{seen}");
    assert_eq!(
        fs::read_to_string(home.0.path().join(".config/ob/config.toml")).unwrap(),
        "[org]\nurl = \"https://acme.okta.com\"\n\n[aws]\nregion = \"eu-west-1\"\n"
    );
}

#[test]
fn help_takes_a_verb_and_suggests_no_hidden_one() {
    let home = Home::new();
    for verb in ["", "exec", "config aws"] {
        let words: Vec<&str> = verb.split_whitespace().collect();
        let help = home.ob(&[&["help"], &words[..]].concat());
        let flag = home.ob(&[&words[..], &["--help"]].concat());
        assert_eq!(&help.stdout, &flag.stdout);
        assert!(help.status.success() && !help.stdout.is_empty());
    }
    assert_eq!(home.ob(&["help", "exec", "ls"]).status.code(), Some(2));
    for (typed, hidden) in [("st", "security-key"), ("complet", "complete`")] {
        let refused = home.ob(&[typed]);
        let output = &refused.stderr;
        assert!(
            output.contains("did you mean") && !output.contains(hidden),
            "{output}"
        );
    }
}

#[test]
fn a_factor_is_checked_before_anything_is_asked() {
    let refused = Home::new().ob(&["login", "--factor", "psuh"]);
    assert_eq!(refused.status.code(), Some(2));
    let output = &refused.stderr;
    assert!(
        output.contains("`push`") && output.contains("webauthn, password"),
        "{output}"
    );
}

#[test]
fn mistakes_go_to_stderr_with_exit_two_in_words_or_json() {
    let home = Home::new();
    home.write("[org]\nurl = 'acme.okta.com'\nuser = 'alice@acme.com'\n");
    let words = home.ob(&["config", "list"]);
    assert_eq!((words.status.code(), words.stdout.as_str()), (Some(2), ""));
    assert!(
        words
            .stderr
            .contains("config.toml:3: there is no setting `org.user`")
    );
    let json = home.ob(&["config", "list", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(
        (report["error"].as_str(), report["exit"].as_u64()),
        (Some("config.invalid"), Some(2))
    );
    let typed = home.ob(&["config", "lst"]);
    assert_eq!((typed.status.code(), typed.stdout.as_str()), (Some(2), ""));
    assert!(typed.stderr.starts_with("ob: "));
}

#[test]
fn files_of_the_current_directory_do_nothing() {
    let home = Home::new();
    for name in [".env", "ob.toml", ".ob.toml", "config.toml", ".config.toml"] {
        fs::write(
            home.0.path().join(name),
            "OB_ORG_URL=https://evil.okta.com\n[org]\nurl='evil.okta.com'\n",
        )
        .unwrap();
    }
    let answer = home.ob(&["config", "check"]);
    assert!(answer.stderr.starts_with("ob: no Okta org is configured"));
}

#[test]
fn list_shows_each_profile_and_marks_the_default() {
    let home = Home::new();
    home.write(
        "default_profile = 'dev'\n[org]\nurl = 'acme.okta.com'\n[profiles.dev]\nrole = \
        'dev/Admin'\nregion = 'eu-west-1'\n[profiles.\"it's \\u001b[31m\"]\n",
    );
    let answer = home.ob(&["config", "list"]);
    assert_eq!(
        &answer.stdout,
        "* dev              dev/Admin  region=eu-west-1\n  it's \\u{1b}[31m\n"
    );
}
