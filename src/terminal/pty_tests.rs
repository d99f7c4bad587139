//! Prompts on a real terminal: this test binary runs itself as the session leader of a pty.

mod between;
mod pty;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use pty::{Pty, status_of};

use super::{Color, Output, Question, Questions};
use crate::model::Environment;

const KIND: &str = "TEST_QUESTION";
const ABORTED: &str = "TEST_ABORTED";

/// The program that the other tests run on their pty; does nothing by itself.
#[test]
fn prompting_program() {
    let Ok(kind) = std::env::var(KIND) else {
        return;
    };
    let environment: Environment = std::env::vars_os().collect();
    let output = Output::new(Color::Never, &environment);
    let aborted = PathBuf::from(std::env::var_os(ABORTED).unwrap());
    let mut questions = Questions::new(output, &environment, move || {
        fs::write(aborted, "cancelled").unwrap();
    });
    println!("pid={}", std::process::id());
    let question = Question {
        text: "Favourite\x1b[2J",
        instead: "do without",
    };
    if kind.ends_with("taken back") {
        questions = questions.while_wanted(Box::new(|_| {
            // Long enough for the test to type meanwhile on a busy machine.
            thread::sleep(Duration::from_millis(1500));
            false
        }));
    }
    let answer = match kind.as_str() {
        "taken back" | "secret taken back" => {
            let answer = match kind.as_str() {
                "taken back" => questions.ask_line(question).map(drop),
                _ => questions.ask_secret(question).map(drop),
            };
            drop(questions);
            println!("answer={:?}", answer.map_err(|error| error.to_string()));
            let tty = File::open("/dev/tty").unwrap();
            let rest = super::line::line(&tty, "rest").unwrap();
            println!("rest={rest:?}");
            return;
        }
        "pick" => questions
            .pick(
                question,
                &["alpha", "beta", "gamma"].map(ToOwned::to_owned),
                0,
            )
            .map(|place| place.to_string()),
        "secret, then a menu" | "secret, then a secret" | "secret, then nothing" => {
            questions = questions.unseen_between();
            let first = questions.ask_secret(question).unwrap();
            println!("answered");
            let go = PathBuf::from(std::env::var_os(ABORTED).unwrap()).with_file_name("go");
            eventually(|| go.exists());
            assert_eq!(first.expose(), "first");
            match kind.as_str() {
                "secret, then nothing" => Ok("nothing".to_owned()),
                "secret, then a secret" => questions
                    .ask_secret(question)
                    .map(|secret| secret.expose().to_owned()),
                _ => questions
                    .pick(question, &["alpha", "beta"].map(ToOwned::to_owned), 0)
                    .map(|place| place.to_string()),
            }
        }
        "secret" => questions
            .ask_secret(question)
            .map(|secret| secret.expose().to_owned()),
        "line" => questions.ask_line(question),
        "confirm" => questions.confirm(question).map(|yes| yes.to_string()),
        _ => {
            let items = ["alpha", "beta", "beta", "gamma\r\n"].map(ToOwned::to_owned);
            questions
                .choose(question, &items)
                .map(|place| place.to_string())
        }
    };
    drop(questions);
    println!("answer={:?}", answer.map_err(|error| error.to_string()));
}

#[test]
fn signals_ignored_by_the_test_runner_are_reset() {
    let mut tests = Command::new("env")
        .arg("--ignore-signal=HUP,INT,QUIT,TERM")
        .arg(std::env::current_exe().unwrap())
        .arg("terminal::pty_tests::every_ending_signal")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(status_of(&mut tests).success());
}

#[test]
fn a_secret_is_not_echoed_and_arrives_whole() {
    let mut pty = Pty::asking("secret", "xterm");
    pty.expect("Favourite\\u{1b}[2J: ");
    assert!(!pty.echoes());
    pty.send("hunter two\n");
    pty.expect("answer=Ok(\"hunter two\")");
    assert_eq!(pty.ended_by(), None);
    assert!(pty.echoes() && !pty.was_aborted());
}

#[test]
fn every_ending_signal_restores_cancels_and_kills() {
    for (keys, signal) in [
        ("\x03", SIGINT),
        ("\x1c", SIGQUIT),
        ("", SIGTERM),
        ("", SIGHUP),
        ("", SIGINT),
    ] {
        let mut pty = Pty::asking("secret", "xterm");
        pty.expect("Favourite");
        pty.send("canary");
        match keys {
            "" => pty.signal(signal),
            keys => pty.send(keys),
        }
        assert_eq!(pty.ended_by(), Some(signal), "{keys:?}");
        assert!(pty.echoes() && pty.was_aborted(), "{signal}");
        pty.send("\n");
        pty.expect("\n");
        assert!(!pty.seen.contains("canary"));
    }
}

#[test]
fn half_typed_text_does_not_reach_the_shell() {
    let script = r#""$@"; read -r line; echo "left=[$line]""#;
    let mut pty = Pty::run("secret", "xterm", &["sh", "-c", script, "sh"]);
    let pid = pty.pid();
    pty.expect(": ");
    pty.send("canary");
    // The terminal does not report when it has taken the input.
    thread::sleep(Duration::from_millis(300));
    kill(pid, Signal::SIGTERM).unwrap();
    pty.expect("Terminated");
    assert!(pty.echoes());
    pty.send("\n");
    pty.expect("left=[]");
}

#[test]
fn withdrawn_prompt_discards_what_was_half_typed() {
    let mut pty = Pty::asking("taken back", "xterm");
    pty.expect(": ");
    pty.send("canary");
    pty.expect("answer=Err(\"the question was withdrawn\")");
    assert!(pty.echoes());
    pty.send("mine\n");
    pty.expect("rest=Some(\"mine\")");
}

#[test]
fn typing_after_a_withdrawn_secret_is_discarded() {
    for end in ["canary-end\n", "canary-end"] {
        let mut pty = Pty::asking("secret taken back", "xterm");
        pty.expect(": ");
        pty.send("canary-half");
        pty.expect("thrown away until Enter or a pause");
        pty.send("canary-on");
        // The rest arrives later, as when a user types.
        thread::sleep(Duration::from_millis(300));
        pty.send(end);
        pty.expect("answer=Err(\"the question was withdrawn\")");
        let mut screen = pty.line.clone();
        assert!(pty.echoes());
        pty.send("mine\n");
        pty.expect("rest=Some(\"mine\")");
        screen += &pty.line;
        assert!(!screen.contains("canary"), "{screen:?}");
    }
}

#[test]
fn signal_while_discarding_restores_the_terminal() {
    let mut pty = Pty::asking("secret taken back", "xterm");
    pty.expect("thrown away");
    pty.send("canary\x03");
    assert_eq!(pty.ended_by(), Some(SIGINT));
    assert!(pty.echoes() && pty.was_aborted());
}

#[test]
fn stopped_prompt_restores_the_terminal_and_asks_again() {
    let mut pty = Pty::run("secret", "xterm", &["sh", "-c", "\"$@\"; true", "sh"]);
    let pid = pty.pid();
    pty.expect("Favourite");
    pty.expect(": ");
    pty.send("half");
    pty.send("\x1a");
    eventually(|| is_stopped(pid));
    assert!(pty.echoes());
    kill(pid, Signal::SIGCONT).unwrap();
    pty.expect("Favourite");
    eventually(|| !pty.echoes());
    pty.send("whole\n");
    pty.expect("answer=Ok(\"whole\")");
    assert!(pty.echoes() && !pty.was_aborted());
}

#[test]
fn without_a_shell_to_come_back_from_control_z_does_nothing() {
    let mut pty = Pty::asking("secret", "xterm");
    pty.expect(": ");
    pty.send("\x1a");
    pty.send("whole\n");
    pty.expect("answer=Ok(");
    assert_eq!(pty.ended_by(), None);
}

fn is_stopped(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ")
        .next()
        .is_some_and(|rest| rest.starts_with('T'))
}

fn eventually(holds: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "it never came true");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn menu_filters_by_typing_and_ends_on_control_c() {
    let mut pty = Pty::asking("choose", "xterm");
    pty.expect("gamma\\u{d}\\u{a}");
    pty.send("beta (2");
    pty.expect("beta (2");
    pty.send("\r");
    pty.expect("answer=Ok(\"2\")");
    assert_eq!(pty.ended_by(), None);
    assert!(pty.echoes());

    let mut pty = Pty::asking("choose", "xterm");
    pty.expect("gamma");
    pty.send("\x03");
    assert_eq!(pty.ended_by(), Some(SIGINT));
    assert!(pty.echoes() && pty.was_aborted());

    let mut pty = Pty::asking("choose", "xterm");
    pty.expect("gamma");
    pty.send("\x1b");
    pty.expect("answer=Err(\"no answer was given\")");
    assert!(pty.echoes());
}

#[test]
fn short_menu_takes_arrows_enter_escape_and_no_letter() {
    let typed = "jkhlq \t\x05\u{1b}jmy pin is jk ";
    let (up, down) = ("\x1b[A", "\x1b[B");
    for (keys, answer) in [
        (vec![typed, "\r"], "Ok(\"0\")"),
        (vec![down, typed, "\r"], "Ok(\"1\")"),
        (vec![up, "\r"], "Ok(\"2\")"),
        (vec![up, down, down, up, "\r"], "Ok(\"0\")"),
        (vec![typed, "\x1b"], "Err(\"no answer was given\")"),
    ] {
        let mut pty = Pty::asking("pick", "xterm");
        pty.expect("gamma");
        for key in &keys {
            pty.send(key);
            // An escape sequence arrives in one piece; Escape alone is followed by a pause.
            thread::sleep(Duration::from_millis(100));
        }
        pty.expect(&format!("answer={answer}"));
        assert!(!pty.line.contains("pin"), "{keys:?}: {:?}", pty.line);
        assert_eq!(pty.ended_by(), None);
        assert!(pty.echoes());
    }
    let mut pty = Pty::asking("pick", "xterm");
    pty.expect("gamma");
    pty.send("\x03");
    assert_eq!(pty.ended_by(), Some(SIGINT));
    assert!(pty.echoes() && pty.was_aborted());
}

#[test]
fn dumb_terminal_gets_a_numbered_menu() {
    let mut pty = Pty::asking("choose", "dumb");
    pty.expect("(1-4, Enter for 1): ");
    pty.send("4\n");
    pty.expect("answer=Ok(\"3\")");
    let mut pty = Pty::asking("line", "dumb");
    pty.expect(": ");
    pty.send("\x04");
    pty.expect("answer=Err(\"no answer was given\")");
    let mut pty = Pty::asking("confirm", "xterm");
    pty.expect("[y/N] ");
    pty.send("Yes\n");
    pty.expect("answer=Ok(\"true\")");
}
