//! `confirm = true` of a profile: the user is asked once in each terminal.

use crate::sdks::tools::{installed, tool};
use crate::shells::{Kind, machine, type_line};
use crate::support::{Finished, Pty, TestEnv, run};

fn careful() -> TestEnv {
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let careful = settings.replace("[profiles.prod]\n", "[profiles.prod]\nconfirm = true\n");
    assert_ne!(careful, settings);
    env.write_settings(&careful);
    env.sign_in();
    env
}

fn without_a_terminal(env: &TestEnv, words: &[&str]) -> Finished {
    run(&mut env.ob(words), "")
}

#[test]
fn it_is_asked_once_in_each_terminal() {
    let env = careful();
    Kind::Bash.furnish(&env, "");
    for _ in 0..2 {
        let mut pty = Pty::spawn(env.command("bash").arg("-i"));
        pty.until("READY> ");
        type_line(
            Kind::Bash,
            &mut pty,
            "ob exec -p prod -- echo first-\"\"time",
        );
        pty.until("Use prod (arn:aws:iam::123456789012:role/Engineer) in this terminal? [y/N] ");
        pty.send("y\r");
        pty.until("first-time");
        type_line(
            Kind::Bash,
            &mut pty,
            "ob exec -p prod -- echo second-\"\"time",
        );
        let seen = pty.until("second-time");
        assert!(!seen.contains("in this terminal?"), "{seen:?}");
        // The same for a shell that is started here, and for its renewal.
        type_line(Kind::Bash, &mut pty, "ob shell -p prod --shell bash");
        pty.until("m READY");
        type_line(Kind::Bash, &mut pty, &Kind::Bash.expire_in(100));
        let seen = pty.until("m READY");
        assert!(!seen.contains("1m"), "{seen:?}");
        type_line(Kind::Bash, &mut pty, "ob exec -p dev -- echo not-\"\"asked");
        let seen = pty.until("not-asked");
        assert!(!seen.contains("in this terminal?"), "{seen:?}");
    }
}

#[test]
fn renamed_account_and_factor_need_no_second_confirmation() {
    let env = careful();
    Kind::Bash.furnish(&env, "");
    let mut pty = Pty::spawn(env.command("bash").arg("-i"));
    pty.until("READY> ");
    type_line(
        Kind::Bash,
        &mut pty,
        "ob exec -p prod -- echo first-\"\"time",
    );
    pty.until("in this terminal? [y/N] ");
    pty.send("y\r");
    pty.until("first-time");
    env.sandbox.clear_log();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    env.write_settings(&settings.replace("acme-prod", "renamed"));
    for flags in ["", "--factor totp "] {
        let line = format!("ob exec {flags}-p prod -- echo another-\"\"time");
        type_line(Kind::Bash, &mut pty, &line);
        let seen = pty.until("another-time");
        assert!(!seen.contains("in this terminal?"), "{seen:?}");
    }
    assert!(env.sandbox.sts_calls("AssumeRoleWithSAML").is_empty());
}

#[test]
fn no_is_no_and_is_asked_again() {
    let env = careful();
    for _ in 0..2 {
        let mut pty = Pty::spawn(&env.ob(["exec", "-p", "prod", "--", "echo", "never"]));
        pty.until("in this terminal? [y/N] ");
        pty.send("\r");
        let (status, seen) = pty.wait();
        assert_eq!(status.code(), Some(3));
        assert!(seen.contains("ob: the profile prod is not used") && !seen.contains("never"));
    }
}

#[test]
fn without_a_terminal_it_fails_at_once_and_says_why() {
    let env = careful();
    for words in [
        &["exec", "-p", "prod", "--", "true"][..],
        &["shell", "-p", "prod", "--shell", "bash"],
    ] {
        let ended = without_a_terminal(&env, words);
        assert_eq!(ended.status.code(), Some(3), "{words:?}");
        assert!(ended.stderr.contains("whether to use the profile"));
        assert!(ended.stderr.contains("confirm = true"));
    }
}

#[test]
fn every_verb_that_uses_its_credentials_asks_first() {
    let env = careful();
    env.sandbox.clear_log();
    for words in [
        &["env", "-p", "prod"][..],
        &["write", "-p", "prod"],
        &["console", "-p", "prod", "--print"],
        &["roles", "--discover", "-p", "prod"],
        &["roles", "--discover", "-p", "dev", "--with", "prod"],
    ] {
        let ended = without_a_terminal(&env, words);
        assert_eq!(ended.status.code(), Some(3), "{words:?}");
        let said = &ended.stderr;
        assert!(said.contains("whether to use the profile"), "{said}");
    }
    // The role of `--with` was read through `dev`, which needs no approval.
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
    let mut pty = Pty::spawn(&env.ob(["roles", "--discover", "-p", "prod"]));
    pty.until("Use prod (arn:aws:iam::123456789012:role/Engineer) in this terminal? [y/N] ");
    pty.send("\r");
    assert_eq!(pty.wait().0.code(), Some(3));
}

#[test]
fn aws_tools_get_nothing_through_its_profile_also_after_a_yes() {
    let env = careful();
    let wrote = without_a_terminal(&env, &["config", "aws"]);
    let said = &wrote.stderr;
    for line in [
        "next: `AWS_PROFILE=ob/dev aws",
        "ob: AWS tools cannot use ob/prod, because prod has `confirm = true`: `ob exec -p prod -- \
         CMD` asks",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    Kind::Bash.furnish(&env, "");
    let mut pty = Pty::spawn(env.command("bash").arg("-i"));
    pty.until("READY> ");
    type_line(Kind::Bash, &mut pty, "ob exec -p prod -- true");
    pty.until("in this terminal? [y/N] ");
    pty.send("y\r");
    pty.until("READY> ");
    for (profile, expected) in [
        ("prod", "`confirm = true`"),
        ("dev", ":assumed-role/Engineer/"),
    ] {
        let mut asked = tool(&env, installed("venv/bin/aws"));
        asked.args(["sts", "get-caller-identity"]);
        asked.env("AWS_PROFILE", format!("ob/{profile}"));
        let answer = run(&mut asked, "");
        let said = answer.stdout.to_owned() + &answer.stderr;
        assert!(said.contains(expected), "{said}");
    }
    type_line(
        Kind::Bash,
        &mut pty,
        "ob credential -p prod; echo code-\"\"$?",
    );
    let seen = pty.until("code-3");
    assert!(seen.contains("`confirm = true`"), "{seen}");
    type_line(
        Kind::Bash,
        &mut pty,
        "ob use --shell bash prod; echo code-\"\"$?",
    );
    let seen = pty.until("code-3");
    assert!(seen.contains("`confirm = true`"), "{seen}");
}

#[test]
fn what_never_asks_never_gets_it() {
    let env = careful();
    for words in [
        &["credential", "-p", "prod"][..],
        &["use", "--shell", "bash", "prod"],
        &["exec", "--refresh", "-p", "prod", "--", "true"],
    ] {
        let ended = without_a_terminal(&env, words);
        assert_eq!(ended.status.code(), Some(3), "{words:?}");
        let said = &ended.stderr;
        assert!(ended.stdout.is_empty() && said.contains("`confirm = true`"));
        assert!(said.contains("`ob exec -p prod -- CMD`"), "{said}");
    }
}

#[test]
fn a_new_session_asks_for_the_profile_again() {
    let env = careful();
    Kind::Bash.furnish(&env, "");
    let mut pty = Pty::spawn(env.command("bash").arg("-i"));
    pty.until("READY> ");
    for _ in 0..2 {
        type_line(Kind::Bash, &mut pty, "ob exec -p prod -- true");
        pty.until("in this terminal? [y/N] ");
        pty.send("y\r");
        pty.until("READY> ");
        env.sandbox.forget_used_codes();
        let mut again = env.ob(["login", "--again"]);
        let again = run(again.args(env.answer_flags()), env.answers());
        assert!(again.status.success(), "{}", &again.stderr);
    }
    // A process that has left the terminal does not belong to it.
    type_line(Kind::Bash, &mut pty, "ob exec -p prod -- true");
    pty.until("in this terminal? [y/N] ");
    pty.send("y\r");
    pty.until("READY> ");
    let line = "setsid -w ob exec -p prod -- true; echo c\"\"ode-$?.";
    type_line(Kind::Bash, &mut pty, line);
    pty.until("code-3.");
}

#[test]
fn signing_out_forgets_what_was_agreed() {
    let env = careful();
    Kind::Bash.furnish(&env, "");
    let mut pty = Pty::spawn(env.command("bash").arg("-i"));
    pty.until("READY> ");
    for _ in 0..2 {
        type_line(Kind::Bash, &mut pty, "ob exec -p prod -- true");
        pty.until("in this terminal? [y/N] ");
        pty.send("y\r");
        pty.until("READY> ");
        type_line(Kind::Bash, &mut pty, "ob logout");
        pty.until("READY> ");
        env.sign_in();
    }
}
