//! One leak for each observer: who does not find it would not find ob's either.

use super::needles::{Needles, disguises};
use super::{TYPED, memory, needles, observers, trace};
use crate::scene::{Scene, run};
use crate::support::Pty;

fn typed() -> Needles {
    Needles::new([("typed".to_owned(), TYPED.to_owned())])
}

fn shell(scene: &Scene, script: &str) -> std::process::Command {
    let mut command = scene.command("sh");
    command.args(["-c", script]).env("LEAK", TYPED);
    command
}

#[test]
fn a_leak_on_standard_error_is_found_in_every_disguise() {
    let scene = Scene::of("carol");
    for (disguise, bytes) in disguises(TYPED.as_bytes()) {
        let octal: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
        let ended = run(shell(&scene, &format!("printf 'x{octal}y' >&2")), "");
        assert_ne!(
            observers::outputs(&ended, &typed()),
            Vec::<String>::new(),
            "{disguise}"
        );
    }
}

#[test]
fn a_leak_on_a_terminal_is_found() {
    let scene = Scene::of("carol");
    let mut terminal = Pty::spawn(&shell(&scene, "echo \"typed: $LEAK\""));
    let (_, text) = terminal.wait();
    assert_eq!(observers::screen(&text, &typed()).len(), 1, "{text}");
}

#[test]
fn a_leak_into_a_file_is_found() {
    let scene = Scene::of("carol");
    run(
        shell(
            &scene,
            "mkdir -p $HOME/.cache/deep && printf %s \"$LEAK\" | base64 > $HOME/.cache/deep/log",
        ),
        "",
    );
    assert_ne!(observers::machine(&scene, &typed()), Vec::<String>::new());
}

#[test]
fn a_leak_into_a_file_that_is_gone_again_is_found() {
    let scene = Scene::of("carol");
    let script = format!(
        "exec 3> \"$TMPDIR/x\"; rm \"$TMPDIR/x\"; read -r word; echo \"$word\" >&3; : {}",
        "nothing"
    );
    let trace = trace::traced(&scene, &script, &format!("{TYPED}\n"));
    assert_eq!(observers::machine(&scene, &typed()), Vec::<String>::new());
    assert_ne!(trace.written(&typed()), Vec::<String>::new());
    assert!(
        trace
            .opened_for_writing()
            .iter()
            .any(|path| path.ends_with("tmp/x"))
    );
}

#[test]
fn a_leak_into_an_argument_list_is_found_even_of_a_process_that_is_gone() {
    let scene = Scene::of("carol");
    let trace = trace::traced(
        &scene,
        "read -r word; /bin/true \"$word\"",
        &format!("{TYPED}\n"),
    );
    assert_ne!(trace.executed(&typed()), Vec::<String>::new());
}

#[test]
fn a_leak_into_the_arguments_of_a_running_process_is_found() {
    let scene = Scene::of("carol");
    let mut waiting = Pty::spawn(&scene.ob(["login"]));
    waiting.until("assword");
    let watcher = observers::Watcher::new();
    run(shell(&scene, "sh -c 'sleep 0.3; :' \"$LEAK\""), "");
    let seen = watcher.end(&typed());
    assert!(
        seen.iter().any(|line| line.starts_with("arguments")),
        "{seen:?}"
    );
}

#[test]
fn a_leak_into_the_environment_of_ob_is_found() {
    let scene = Scene::of("carol");
    let mut login = scene.ob(["login"]);
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
fn a_secret_in_memory_is_found() {
    let scene = Scene::of("carol");
    scene.answered(&["exec", "--", "true"]);
    let found = memory::secrets(scene.agent().unwrap(), &needles(&scene));
    assert!(
        found
            .iter()
            .any(|line| line.contains("secret-access-key") || line.contains("session-token")),
        "{found:?}"
    );
}
