//! The progress bar of `ob write --all`, on all kinds of terminals and without one.

use std::time::Duration;

use ob_sandbox::Options;

use crate::support::{Pty, TestEnv, run};

/// A hundred roles, with slow answers, so that the bar is drawn many times.
fn many() -> TestEnv {
    let options = Options {
        extra_roles: 94,
        latency: Duration::from_millis(250),
        ..Options::default()
    };
    let env = TestEnv::with("alice", options);
    env.sign_in();
    env
}

/// Returns what a terminal of `columns` receives.
fn seen(env: &TestEnv, columns: u16, term: &str) -> String {
    let mut command = env.command("sh");
    let script = format!("stty cols {columns}; exec ob write --all");
    let command = command.args(["-c", &script]).env("TERM", term);
    let (status, seen) = Pty::spawn(command.env_remove("NO_COLOR")).wait();
    assert!(status.success(), "{seen}");
    seen
}

#[test]
fn the_bar_keeps_to_its_line_and_leaves_nothing_behind() {
    let env = many();
    for columns in [20, 80] {
        let seen = seen(&env, columns, "xterm");
        // The message breaks between words.
        let seen = seen.replace("\n  ", " ");
        let (drawn, said) = seen.split_once("ob: wrote ").unwrap();
        let bar = if columns < 40 {
            "/100 "
        } else {
            "/100 roles [="
        };
        assert!(drawn.contains(bar), "{drawn:?}");
        assert!(said.contains(", 92 more to "), "{said:?}");
        assert!(!drawn.contains('\n'), "it scrolled: {drawn:?}");
        // Each drawing begins at the line's start and is never wider than the terminal.
        for line in drawn.split(['\r', '\u{1b}']) {
            let shown = line.trim_start_matches("[K");
            assert!(shown.chars().count() <= columns.into(), "{line:?}");
        }
        assert!(
            drawn.ends_with("\r\u{1b}[K"),
            "it was not taken off: {drawn:?}"
        );
        assert!(!drawn.contains("\u{1b}[3"), "colour: {drawn:?}");
        assert!(drawn.is_ascii(), "{drawn:?}");
    }
    let dumb = seen(&env, 80, "dumb");
    assert!(
        dumb.starts_with("ob: wrote ") && !dumb.contains('\u{1b}'),
        "{dumb:?}"
    );
    let piped = run(&mut env.ob(["write", "--all"]), "");
    let said = &piped.stderr;
    assert!(
        said.starts_with("ob: wrote ") && said.lines().count() == 1,
        "{said:?}"
    );
}
