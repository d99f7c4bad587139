//! Sign-in prompts at a real terminal: another factor, a numbered list, a new password.

use std::thread;
use std::time::Duration;

use ob_sandbox::{Options, Pipeline, PushOutcome, PushScript};

use crate::support::{Pty, TestEnv};

/// Returns the number at the start of the last line that contains `what`.
fn number_of(screen: &str, what: &str) -> String {
    let line = screen.lines().rev().find(|line| line.contains(what));
    let line = line.unwrap_or_else(|| panic!("no {what} in {screen}"));
    line.split_whitespace().next().unwrap().to_owned()
}

fn judy() -> (TestEnv, Pty) {
    let env = TestEnv::of("judy");
    let mut command = env.ob(["login", "--factor", "email"]);
    command.env("TERM", "dumb");
    let pty = Pty::spawn(&command);
    (env, pty)
}

#[test]
fn empty_line_offers_alternatives_and_explains_unusable() {
    let (env, mut pty) = judy();
    pty.until("Password for judy@acme.com");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("(Enter for other ways): ");
    pty.send("\n");
    let ways = pty.until("Instead of the code (1-3, Enter for 2): ");
    pty.send(&format!("{}\n", number_of(&ways, "use another factor")));
    let factors = pty.until("Verify with (1-13, Enter for 1): ");
    pty.send(&format!(
        "{}\n",
        number_of(&factors, "another identity provider")
    ));
    pty.until("needs a browser");
    let factors = pty.until("Verify with (1-13, Enter for 1): ");
    pty.send(&format!("{}\n", number_of(&factors, "security question")));
    pty.until("What is the food you least liked as a child? (Enter for other ways): ");
    pty.send(&format!("{}\n", env.user().security_answer));
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");
    assert!(screen.contains("signed in"), "{screen}");
}

#[test]
fn empty_password_asks_again_and_end_of_input_is_named() {
    let (_env, mut pty) = judy();
    for keys in ["\n", "\n", "\n"] {
        pty.until("Password for judy@acme.com");
        pty.send(keys);
    }
    let (status, screen) = pty.wait();
    assert_eq!(status.code(), Some(3));
    assert!(screen.contains("no password was typed"), "{screen}");
    let (_env, mut pty) = judy();
    pty.until("Password for judy@acme.com");
    pty.send("\u{4}");
    let (status, screen) = pty.wait();
    assert_eq!(status.code(), Some(3));
    assert!(screen.contains("no password was typed"), "{screen}");
    // Named in the error, and not asked again.
    assert_eq!(screen.matches("Password for").count(), 1, "{screen}");
}

/// A user who notices a typing error types the password again before the next prompt.
#[test]
fn input_typed_before_a_refusal_is_discarded() {
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        let options = Options {
            pipeline,
            ..Options::default()
        };
        let env = TestEnv::with("carol", options);
        let mut shell = env.command("sh");
        shell.args([
            "-c",
            "ob login; echo \"over=$?\"; read -r line; echo \"left=[$line]\"",
        ]);
        let mut pty = Pty::spawn(&shell);
        let mut screen = pty.until("Password for carol@acme.com");
        pty.send("first-guess\nsecond-guess\nthird");
        screen += &pty.until("over=4");
        pty.send("mine\n");
        screen += &pty.until("left=[mine]");
        assert!(
            !screen.contains("guess") && !screen.contains("third"),
            "{screen}"
        );
        assert!(pty.wait().0.success());
    }
}

/// Runs `script` up to dave's push, which stays unapproved.
fn run_until_push(script: &str) -> (TestEnv, Pty, String) {
    let env = TestEnv::of("dave");
    env.sandbox.push(PushScript {
        outcome: PushOutcome::Never,
        ..PushScript::approve()
    });
    let mut pty = Pty::spawn(env.command("sh").args(["-c", script]));
    let mut screen = pty.until("Password for dave@acme.com");
    pty.send(&format!("{}\n", env.user().password));
    screen += &pty.until("approve it on your phone");
    (env, pty, screen)
}

#[test]
fn input_typed_before_a_success_is_discarded() {
    let script = "ob login; echo \"over=$?\"; read -r line; echo \"left=[$line]\"";
    let (env, mut pty, mut screen) = run_until_push(script);
    pty.send("second-secret\nthird");
    // The terminal takes typed input asynchronously and does not report when.
    thread::sleep(Duration::from_millis(100));
    env.sandbox.approve_push();
    screen += &pty.until("over=0");
    pty.send("mine\n");
    screen += &pty.until("left=[mine]");
    assert!(
        !screen.contains("second") && !screen.contains("third"),
        "{screen}"
    );
    assert!(pty.wait().0.success());
}

#[test]
fn input_typed_before_a_command_reaches_the_command() {
    for verb in ["exec", "shell"] {
        let script = match verb {
            "exec" => "ob exec -- sh -c 'read -r line; echo \"got=[$line]\"'",
            _ => "ob shell --shell bash",
        };
        let (env, mut pty, _) = run_until_push(script);
        pty.send("echo \"for $OB_PROFILE$OB_ROLE\"\n");
        thread::sleep(Duration::from_millis(100));
        env.sandbox.approve_push();
        match verb {
            "exec" => pty.until("got=[echo \"for $OB_PROFILE$OB_ROLE\"]"),
            _ => pty.until("for Engineer"),
        };
    }
}

/// A process that changes the terminal from the background is stopped.
#[test]
fn background_sign_in_reports_its_failure_and_ends() {
    let script = "set -m; ob login; ob agent stop; bg >/dev/null; wait %1; echo \"over=$?\"";
    let (_env, mut pty, _) = run_until_push(script);
    pty.send("\u{1a}");
    let screen = pty.until("over=");
    assert!(screen.contains("ob: "), "{screen}");
    let (_, code) = pty.wait();
    assert_eq!(code.trim(), "1", "{screen}");
}

#[test]
fn a_code_that_was_sent_is_typed() {
    let (env, mut pty) = judy();
    pty.until("Password for judy@acme.com");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("Code sent by email to j...y@acme.com (Enter for other ways): ");
    let code = env.sandbox.delivered("judy", "email").unwrap();
    pty.send(&format!("{code}\n"));
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains(&code), "{screen}");
}

#[test]
fn new_password_is_typed_twice() {
    new_password(&TestEnv::of("frank"));
}

#[test]
fn new_password_is_typed_twice_in_identity_engine() {
    let options = Options {
        pipeline: Pipeline::Idx,
        ..Options::default()
    };
    new_password(&TestEnv::with("frank", options));
}

fn new_password(env: &TestEnv) {
    let mut pty = Pty::spawn(&env.ob(["login"]));
    pty.until("Password for frank@acme.com");
    pty.send(&format!("{}\n", env.user().password));
    pty.until("has expired");
    for (first, second, then) in [
        ("one-password", "another-one", "the passwords do not match"),
        ("short", "short", "at least 8 characters"),
        ("long enough", "long enough", "Authenticator app code"),
    ] {
        pty.until("New password for frank@acme.com");
        pty.send(&format!("{first}\n"));
        pty.until("Repeat the new password");
        pty.send(&format!("{second}\n"));
        pty.until(then);
    }
    pty.send(&format!("{}\n", env.user().totp_now()));
    let (status, screen) = pty.wait();
    assert!(status.success(), "{screen}");
    assert!(!screen.contains("long enough"), "{screen}");
}

#[test]
fn unanswered_push_is_sent_again_on_enter() {
    for pipeline in [Pipeline::V1, Pipeline::Idx] {
        let options = Options {
            pipeline,
            ..Options::default()
        };
        let env = TestEnv::with("dave", options);
        env.sandbox.push(PushScript {
            waits: 0,
            outcome: PushOutcome::TimeOut,
            ..PushScript::approve()
        });
        let mut command = env.ob(["login"]);
        command.env("TERM", "dumb");
        let mut pty = Pty::spawn(&command);
        pty.until("Password for dave@acme.com");
        pty.send(&format!("{}\n", env.user().password));
        pty.until("The push was not approved (");
        pty.until("): ");
        env.sandbox.approve_push();
        pty.send("\n");
        let (status, screen) = pty.wait();
        assert!(status.success(), "{pipeline:?}: {screen}");
        // The second push is sent after the question.
        assert!(screen.contains("sent a push"), "{screen}");
    }
}
