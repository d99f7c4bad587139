//! What is typed while nothing is asked.

use std::fs;
use std::thread;
use std::time::Duration;

use nix::libc::{SIGINT, SIGTERM};
use nix::sys::signal::{Signal, kill};
use nix::unistd::tcgetpgrp;

use super::{Pty, eventually, is_stopped};

#[test]
fn typing_between_prompts_is_neither_shown_nor_read() {
    for (kind, term, question, answer, expected) in [
        ("secret", "xterm", ": ", "second\n", "answer=Ok(\"second\")"),
        ("menu", "xterm", "beta", "canary\r", "answer=Ok(\"0\")"),
        (
            "menu",
            "dumb",
            "(1-2, Enter for 1): ",
            "2\n",
            "answer=Ok(\"1\")",
        ),
    ] {
        let mut pty = Pty::asking(&format!("secret, then a {kind}"), term);
        pty.expect(": ");
        pty.send("first\n");
        pty.expect("answered");
        // The last of it is not a whole line.
        pty.send("canary\ncanary");
        // The terminal takes what is typed in its own time, and has no way to say when.
        thread::sleep(Duration::from_millis(100));
        fs::write(pty.directory.path().join("go"), "").unwrap();
        pty.expect("Favourite");
        let mut screen = pty.line.clone();
        pty.expect(question);
        screen += &pty.line;
        pty.send(answer);
        pty.expect(expected);
        screen += &pty.line;
        assert!(!screen.contains("canary"), "{kind} {term}: {screen:?}");
        assert_eq!(pty.ended_by(), None);
        assert!(pty.echoes());
    }
}

#[test]
fn signal_between_prompts_restores_the_terminal() {
    for (keys, signal) in [("\x03", SIGINT), ("", SIGTERM)] {
        let mut pty = Pty::asking("secret, then a secret", "xterm");
        pty.expect(": ");
        pty.send("first\n");
        pty.expect("answered");
        eventually(|| !pty.echoes());
        match keys {
            "" => pty.signal(signal),
            keys => pty.send(keys),
        }
        assert_eq!(pty.ended_by(), Some(signal), "{keys:?}");
        assert!(pty.echoes() && pty.was_aborted(), "{signal}");
    }
}

#[test]
fn process_in_the_background_between_prompts_ends() {
    let script =
        r#"set -m; "$@"; bg >/dev/null; wait; echo "over"; read -r line; echo "left=[$line]""#;
    let mut pty = Pty::run("secret, then nothing", "xterm", &["sh", "-c", script, "sh"]);
    let pid = pty.pid();
    pty.expect(": ");
    pty.send("first\n");
    pty.expect("answered");
    eventually(|| !pty.echoes());
    pty.send("\x1a");
    // The shell has the terminal as it was, and goes on without us.
    eventually(|| pty.echoes());
    eventually(|| !is_stopped(pid));
    fs::write(pty.directory.path().join("go"), "").unwrap();
    pty.expect("answer=Ok(\"nothing\")");
    pty.expect("over");
    assert!(pty.echoes());
    pty.send("mine\n");
    pty.expect("left=[mine]");
}

/// The kernel stops a background process that changes the terminal.
#[test]
fn continued_in_the_background_is_not_stopped_by_the_tty() {
    let script = r#"set -m; "$@"; bg >/dev/null; wait; echo "over""#;
    for signal in [None, Some(Signal::SIGTERM)] {
        let mut pty = Pty::run("secret, then nothing", "xterm", &["sh", "-c", script, "sh"]);
        let pid = pty.pid();
        pty.expect(": ");
        pty.send("first\n");
        pty.expect("answered");
        eventually(|| !pty.echoes());
        kill(pid, Signal::SIGSTOP).unwrap();
        // The shell has seen it once the terminal is the shell's again.
        eventually(|| tcgetpgrp(&pty.master).unwrap() != pid && !is_stopped(pid));
        match signal {
            Some(signal) => kill(pid, signal).unwrap(),
            None => {
                fs::write(pty.directory.path().join("go"), "").unwrap();
                pty.expect("answer=Ok(\"nothing\")");
            }
        }
        pty.expect("over");
        assert_eq!(pty.was_aborted(), signal.is_some());
    }
}
