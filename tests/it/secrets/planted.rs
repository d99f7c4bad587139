//! A planted leak for each observer: an observer that misses it would also miss a real one.

use super::needles::{Needles, encodings};
use super::{TYPED, memory, needles, observers, trace};
use crate::support::{Pty, TestEnv, run};

fn typed() -> Needles {
    Needles::new([("typed".to_owned(), TYPED.to_owned())])
}

fn shell(env: &TestEnv, script: &str) -> std::process::Command {
    let mut command = env.command("sh");
    command.args(["-c", script]).env("LEAK", TYPED);
    command
}

#[test]
fn leak_on_standard_error_is_found_in_every_encoding() {
    let env = TestEnv::of("carol").configured();
    for (encoding, bytes) in encodings(TYPED.as_bytes()) {
        let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let ended = run(shell(&env, &format!("printf 'x{octal}y' >&2")), "");
        assert_ne!(
            observers::outputs(&ended, &typed()),
            Vec::<String>::new(),
            "{encoding}"
        );
    }
}

#[test]
fn leak_on_a_terminal_is_found() {
    let env = TestEnv::of("carol").configured();
    let mut terminal = Pty::spawn(&shell(&env, "echo \"typed: $LEAK\""));
    let (_, text) = terminal.wait();
    assert_eq!(observers::screen(&text, &typed()).len(), 1, "{text}");
}

#[test]
fn leak_into_a_file_is_found() {
    let env = TestEnv::of("carol").configured();
    run(
        shell(
            &env,
            "mkdir -p $HOME/.cache/deep && printf %s \"$LEAK\" | base64 > $HOME/.cache/deep/log",
        ),
        "",
    );
    assert_ne!(observers::machine(&env, &typed()), Vec::<String>::new());
}

#[test]
fn leak_into_a_deleted_file_is_found() {
    let env = TestEnv::of("carol").configured();
    let script = format!(
        "exec 3> \"$TMPDIR/x\"; rm \"$TMPDIR/x\"; read -r word; echo \"$word\" >&3; : {}",
        "nothing"
    );
    let trace = trace::traced(&env, &script, &format!("{TYPED}\n"));
    assert_eq!(observers::machine(&env, &typed()), Vec::<String>::new());
    assert_ne!(trace.written(&typed()), Vec::<String>::new());
    assert!(
        trace
            .opened_for_writing()
            .iter()
            .any(|path| path.ends_with("tmp/x"))
    );
}

#[test]
fn leak_into_arguments_of_an_ended_process_is_found() {
    let env = TestEnv::of("carol").configured();
    let trace = trace::traced(
        &env,
        "read -r word; /bin/true \"$word\"",
        &format!("{TYPED}\n"),
    );
    assert_ne!(trace.executed(&typed()), Vec::<String>::new());
}

#[test]
fn leak_into_arguments_of_a_running_process_is_found() {
    let env = TestEnv::of("carol").configured();
    let mut waiting = Pty::spawn(&env.ob(["login"]));
    waiting.until("assword");
    let watcher = observers::Watcher::new();
    run(shell(&env, "sh -c 'sleep 0.3; :' \"$LEAK\""), "");
    let seen = watcher.end(&typed());
    assert!(
        seen.iter().any(|line| line.starts_with("arguments")),
        "{seen:?}"
    );
}

#[test]
fn leak_into_the_environment_of_ob_is_found() {
    let env = TestEnv::of("carol").configured();
    let mut login = env.ob(["login"]);
    login.env("LEAK", TYPED);
    let mut waiting = Pty::spawn(&login);
    waiting.until("assword");
    let watcher = observers::Watcher::new();
    let seen = watcher.end(&typed());
    assert!(
        seen.iter().any(|line| line.starts_with("environment")),
        "{seen:?}"
    );
}

#[test]
fn secret_in_memory_is_found() {
    let env = TestEnv::of("carol").configured();
    env.answered(&["exec", "--", "true"]);
    let found = memory::secrets(env.agent().unwrap(), &needles(&env));
    assert!(
        found
            .iter()
            .any(|line| line.contains("secret-access-key") || line.contains("session-token")),
        "{found:?}"
    );
}
