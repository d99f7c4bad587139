//! Security keys through the whole program at a terminal. A debug build can use the sandbox's
//! socket in place of USB; with the feature and without that socket, the machine's USB is used.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use ob_sandbox::{Options, Pipeline, Plugged, Server, Touch};

use crate::support::{Pty, TestEnv, eventually, run, without_progress};

/// An environment whose user has a key plugged in and configured as factor.
fn with_key(user: &str, options: Options) -> (TestEnv, Plugged) {
    let env = TestEnv::with(user, options);
    let settings = env.minimal_settings();
    let factor = if env.user().has_totp() {
        "totp"
    } else {
        "push"
    };
    let named = format!("factor = \"{factor}\"");
    env.write_settings(&settings.replace(&named, "factor = \"webauthn\""));
    let keys = Plugged::at(&env.path("keys"), env.user().keys()).unwrap();
    (env, keys)
}

fn ob(env: &TestEnv, arguments: &[&str]) -> Command {
    let mut command = env.ob(arguments);
    command
        .env("OB_SECURITY_KEY", env.path("keys"))
        .env("TERM", "dumb");
    command
}

/// Runs `ob` up to the prompt for the key's PIN.
fn run_until_pin(env: &TestEnv, arguments: &[&str]) -> Pty {
    let mut pty = Pty::spawn(&ob(env, arguments));
    pty.until("Password for ");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("PIN of the security key, 8 tries left (Enter for other ways): ");
    pty
}

fn pin(env: &TestEnv) -> String {
    format!("{}\n", env.user().keys()[0].pin())
}

#[test]
fn exec_runs_with_credentials_after_a_key_sign_in() {
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        let (env, keys) = with_key(
            "wendy",
            Options {
                pipeline,
                ..Options::default()
            },
        );
        let words = ["exec", "--", "sh", "-c", "echo in $AWS_ACCOUNT_ID"];
        let mut pty = run_until_pin(&env, &words);
        pty.send(&pin(&env));
        pty.until("ob: touch the security key, within ");
        pty.until("in 123456789012");
        let (status, screen) = pty.wait();
        assert!(status.success(), "{screen}");
        assert_eq!(keys.asked(), 1);
        assert_eq!(env.sandbox.key_refusals(), [""; 0]);
    }
}

#[test]
fn each_plugged_in_key_is_found_including_u2f() {
    let (env, keys) = with_key("walter", Options::default());
    for key in env.user().keys() {
        keys.replug(vec![key.clone()]);
        let mut pty = run_until_pin(&env, &["login", "--again"]);
        pty.send(&format!("{}\n", key.pin()));
        pty.until("touch the security key");
        let (status, screen) = pty.wait();
        assert!(status.success(), "{screen}");
    }
}

#[test]
fn wrong_pin_shows_tries_left_and_asks_again_unechoed() {
    for term in ["dumb", "xterm"] {
        let (env, keys) = with_key("wendy", Options::default());
        let mut login = ob(&env, &["login"]);
        let mut pty = Pty::spawn(login.env("TERM", term));
        let mut screen = pty.until("Password for ");
        pty.send(&format!("{}\n", env.user().password));
        screen += &pty.until("PIN of the security key, 8 tries left (Enter for other ways): ");
        // The PIN is typed again before the next prompt.
        pty.send("0000\n1111");
        screen += &pty.until("ob: the PIN is wrong, 7 tries left");
        screen += &pty.until("PIN of the security key, 7 tries left (Enter for other ways): ");
        pty.send(&pin(&env));
        let (status, rest) = pty.wait();
        screen += &rest;
        assert!(status.success(), "{screen}");
        for typed in ["0000", "1111", pin(&env).trim()] {
            assert!(!screen.contains(typed), "{term}: {screen}");
        }
        assert!(!screen.contains("give up"), "{term}: {screen}");
        assert_eq!(keys.asked(), 2);
    }
}

#[test]
fn empty_pin_opens_the_menu_and_echoes_nothing() {
    let (env, _keys) = with_key("wendy", Options::default());
    let mut login = ob(&env, &["login"]);
    let mut pty = Pty::spawn(login.env("TERM", "xterm"));
    pty.until("Password for ");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("other ways): ");
    pty.send("\n");
    let mut screen = pty.until("give up");
    pty.send("4711");
    pty.send("\r");
    screen += &pty.until("other ways): ");
    assert!(!screen.contains("4711"), "{screen}");
    pty.send(&pin(&env));
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");

    let mut pty = run_until_pin(&env, &["login", "--again"]);
    pty.send("\n");
    let (code, screen) = give_up(&env, pty);
    assert_eq!(code, Some(3), "{screen}");
    assert!(
        screen.contains("not answered: PIN of the security key"),
        "{screen}"
    );
}

#[test]
fn another_factor_replaces_the_key_without_a_new_password() {
    let (env, keys) = with_key("wendy", Options::default());
    keys.replug(Vec::new());
    let mut pty = Pty::spawn(&ob(&env, &["login"]));
    pty.until("Password for ");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("ob: no security key is plugged in");
    pty.until("Security key (1-3, Enter for 1): ");
    pty.send("2\n");
    let factors = pty.until("Verify with (1-2, Enter for 1): ");
    let totp = factors
        .lines()
        .find(|line| line.contains("authenticator app code"))
        .unwrap();
    pty.send(&format!("{}\n", totp.split_whitespace().next().unwrap()));
    pty.until("(Enter for other ways): ");
    pty.send(&format!("{}\n", env.user().totp_now()));
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");
}

/// Waits until the agent cancels the transaction at Okta, because the client has ended.
fn wait_until_cancelled(env: &TestEnv) {
    eventually("the transaction is cancelled", || {
        let path = "/api/v1/authn/cancel";
        env.sandbox.requests(Server::Org, path).len() == 1
    });
}

/// Gives up at the first prompt about the key; returns the exit code and the screen.
fn give_up(env: &TestEnv, mut pty: Pty) -> (Option<i32>, String) {
    pty.until("Security key (1-3, Enter for 1): ");
    pty.send("3\n");
    let (status, screen) = pty.wait();
    wait_until_cancelled(env);
    (status.code(), screen)
}

/// Cuts off the number that was typed.
fn after_the_answer(screen: &str) -> &str {
    screen.trim().trim_start_matches("3\n")
}

/// Returns the prompt: after a blocked PIN only another factor is left.
fn prompt_after(fault: &Value) -> &'static str {
    match fault == "PinBlocked" {
        true => "Security key (1-2, Enter for 1): ",
        false => "Security key (1-3, Enter for 1): ",
    }
}

#[test]
fn each_key_failure_is_named_and_ends_the_transaction() {
    let (env, keys) = with_key("wendy", Options::default());
    for (fault, message, name) in [
        (json!("NoKey"), "no security key is plugged in", "none"),
        (json!("NoAccess"), "may not be opened by you", "no_access"),
        (json!("OnlyU2f"), "speaks U2F only", "only_u2f"),
        (
            json!("NotEnrolled"),
            "is not set up for you at this org",
            "not_enrolled",
        ),
        (json!("NoPin"), "the org wants a PIN", "no_pin"),
        (
            json!({ "WrongPin": { "left": 1 } }),
            "the PIN is wrong, 1 try left",
            "wrong_pin",
        ),
        (
            json!("PinPaused"),
            "takes no PIN any more until it is unplugged",
            "pin_paused",
        ),
        (json!("PinBlocked"), "the PIN is blocked", "pin_blocked"),
        (
            json!("NotRecognised"),
            "did not recognise you",
            "not_recognised",
        ),
        (
            json!("TimedOut"),
            "nobody touched the security key in time",
            "timed_out",
        ),
        (
            json!({ "Refused": "\u{1b}[31mred\nob: fake" }),
            "refuses: \\u{1b}[31mred\\u{a}ob: fake",
            "refused",
        ),
    ] {
        env.sandbox.clear_log();
        keys.fail(fault.clone());
        let mut pty = Pty::spawn(&ob(&env, &["login", "--json"]));
        pty.until("Password for ");
        pty.send(&format!("{}\n", env.user().password));
        pty.until(message);
        let choices = pty.until(prompt_after(&fault));
        let last = choices.lines().rev().find(|line| line.contains("give up"));
        pty.send(&format!(
            "{}\n",
            last.unwrap().split_whitespace().next().unwrap()
        ));
        let (status, screen) = pty.wait();
        assert_eq!(status.code(), Some(3), "{screen}");
        let name = format!("\"security_key.{name}\"");
        assert!(screen.contains(&name), "{name} {screen}");
        wait_until_cancelled(&env);
    }
}

#[test]
fn message_when_no_key_is_plugged_in() {
    let (env, keys) = with_key("wendy", Options::default());
    keys.replug(Vec::new());
    let mut pty = Pty::spawn(&ob(&env, &["login"]));
    pty.until("Password for ");
    pty.send(&format!("{}\n", env.user().password));
    let (code, screen) = give_up(&env, pty);
    assert_eq!(code, Some(3), "{screen}");
    insta::assert_snapshot!(without_progress(after_the_answer(&screen)), @r"
    ob: cannot verify with the security key
      cause: no security key is plugged in
      hint: plug it in, then `ob login`
    ");
}

#[test]
fn untouched_key_times_out() {
    let (env, keys) = with_key(
        "wendy",
        Options {
            // As long as a busy machine may take until the key is used.
            state_token_seconds: 8,
            ..Options::default()
        },
    );
    keys.touch(Touch::Never);
    let mut pty = run_until_pin(&env, &["login"]);
    pty.send(&pin(&env));
    pty.until("touch the security key, within ");
    pty.until("ob: nobody touched the security key in time");
    pty.until("Security key (1-3, Enter for 1): ");
    pty.send("3\n");
    let (status, screen) = pty.wait();
    assert_eq!(status.code(), Some(3), "{screen}");
}

#[test]
fn ctrl_c_while_the_key_waits_ends_the_transaction() {
    let (env, keys) = with_key("wendy", Options::default());
    keys.touch(Touch::After(Duration::from_secs(60)));
    let mut pty = run_until_pin(&env, &["login"]);
    pty.send(&pin(&env));
    pty.until("touch the security key");
    pty.send("\u{3}");
    let (status, screen) = pty.wait();
    assert!(!status.success(), "{screen}");
    wait_until_cancelled(&env);
}

#[test]
fn without_a_terminal_it_ends_and_uses_no_key() {
    let (env, keys) = with_key("wendy", Options::default());
    let mut login = ob(&env, &["login", "--password-stdin"]);
    let ended = run(&mut login, format!("{}\n", env.user().password));
    assert_eq!(ended.status.code(), Some(3));
    let stderr = &ended.stderr;
    assert!(
        stderr.contains("the touch of a security key is needed, and nobody is here"),
        "{stderr}"
    );
    assert_eq!(keys.asked(), 0);
}

#[cfg(not(feature = "fido2"))]
#[test]
fn without_the_feature_the_error_says_how_to_build_it() {
    let env = TestEnv::of("wendy");
    let mut command = env.ob(["login", "--password-stdin", "--factor", "webauthn"]);
    let ended = run(&mut command, format!("{}\n", env.user().password));
    assert_eq!(ended.status.code(), Some(3));
    insta::assert_snapshot!(without_progress(&ended.stderr), @"
ob: cannot sign wendy@acme.com in at 127.0.0.1
  cause: this ob cannot talk to a security key
  cause: it was built without the feature `fido2`
  cause: Okta offers: security key (YubiKey 5) [a security key: needs a build with `--features \
    fido2`], authenticator app code (Wendy's phone)
  hint: build it so: `cargo install --path . --features fido2` (Debian: needs libudev-dev)
  hint: or take another factor: `--factor totp`
");
    let settings = env.minimal_settings();
    env.write_settings(&settings.replace("[aws]", "client_id = \"0oa1\"\n\n[aws]"));
    let mut command = env.ob(["login", "--password-stdin", "--factor", "webauthn"]);
    let ended = run(&mut command, format!("{}\n", env.user().password));
    let stderr = &ended.stderr;
    assert!(stderr.contains("sign_in = \"browser\""), "{stderr}");
}

#[cfg(feature = "fido2")]
#[test]
fn with_the_feature_usb_is_searched_and_no_key_found() {
    let env = TestEnv::of("wendy");
    let mut command = env.ob(["login", "--factor", "webauthn"]);
    command.env("TERM", "dumb");
    let mut pty = Pty::spawn(&command);
    pty.until("Password for ");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("ob: no security key is plugged in");
    let (code, screen) = give_up(&env, pty);
    assert_eq!(code, Some(3), "{screen}");
    assert!(
        screen.contains("cannot verify with the security key"),
        "{screen}"
    );
}

#[test]
fn doctor_reports_a_key_factor_that_the_build_lacks() {
    let (env, _keys) = with_key("wendy", Options::default());
    let doctor = |with_key: bool| {
        let mut command = env.ob(["doctor", "--json"]);
        if with_key {
            command.env("OB_SECURITY_KEY", env.path("keys"));
        }
        let ended = run(&mut command, "");
        let findings: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        let has_finding = |name: &str| findings.iter().any(|one| one["name"] == name);
        (has_finding("security_key"), has_finding("variables"))
    };
    assert_eq!(doctor(false), (!cfg!(feature = "fido2"), false));
    assert_eq!(doctor(true), (false, false));
}
