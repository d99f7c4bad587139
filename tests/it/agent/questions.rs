//! Which client is asked: a client that does not answer delays the others only for a limited time.

use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{Backlog, listen};
use ob_sandbox::Server;

use crate::support::{Pty, TestEnv, finish, run, start};

const EXEC: [&str; 4] = ["exec", "--password-stdin", "--", "true"];

fn passwords(env: &TestEnv) -> usize {
    env.sandbox.requests(Server::Org, "/api/v1/authn").len()
}

/// The first client shows its prompt and is then stopped.
fn stopped_client_is_followed_by_the_next() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    first.send("half a passw");
    kill(first.pid(), Signal::SIGSTOP).unwrap();
    let begun = Instant::now();
    let second = finish(start(env.ob(EXEC), env.answers()));
    let took = begun.elapsed();
    assert_eq!(second.code(), Some(0), "{}", second.stderr);
    let words = "waiting for the sign-in in another terminal";
    assert!(second.stderr.contains(words), "{}", second.stderr);
    assert!(
        took > Duration::from_secs(15) && took < Duration::from_secs(50),
        "{took:?}"
    );

    kill(first.pid(), Signal::SIGCONT).unwrap();
    let screen = first.until("signed in");
    assert!(
        screen.contains("ob: answered in another terminal"),
        "{screen}"
    );
    assert!(first.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// Both clients have terminals; the second is asked as well, and answers.
fn second_client_answers() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    let mut second = Pty::spawn(&env.ob(["exec", "--", "echo", "ran"]));
    second.until("waiting for the sign-in in another terminal");
    second.until("assword");
    second.send(&format!("{}\n", env.user().password));
    second.until("ran");
    assert!(second.wait().0.success());
    let screen = first.until("signed in");
    assert!(
        screen.contains("ob: answered in another terminal"),
        "{screen}"
    );
    assert!(first.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// Both clients have terminals; the first answers after all.
fn first_client_answers_after_all() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    let mut second = Pty::spawn(&env.ob(["exec", "--", "echo", "ran"]));
    second.until("assword");
    first.send(&format!("{}\n", env.user().password));
    first.until("signed in");
    let screen = second.until("ran");
    assert!(
        screen.contains("ob: answered in another terminal"),
        "{screen}"
    );
    assert!(second.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// The second client answered the first question, so it is asked the next one at once.
fn answering_client_is_asked_next() {
    let env = TestEnv::of("carol").configured();
    let username = format!("username = '{}'\n", env.user().login);
    env.write_settings(&env.full_settings().replace(&username, ""));
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("username");
    kill(first.pid(), Signal::SIGSTOP).unwrap();
    let mut second = Pty::spawn(&env.ob(["login"]));
    second.until("username");
    second.send(&format!("{}\n", env.user().login));
    let begun = Instant::now();
    second.until("assword");
    let took = begun.elapsed();
    // Sooner than the twenty seconds that the first client gets.
    assert!(took < Duration::from_secs(19), "{took:?}");
    second.send(&format!("{}\n", env.user().password));
    assert!(second.wait().0.success());
}

/// The agent is stopped, and there is space in its socket's queue.
fn stopped_agent_is_given_up() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let agent = env.agent().unwrap();
    kill(agent, Signal::SIGSTOP).unwrap();
    let ended = run(env.ob(["exec", "--json", "--", "true"]), "");
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(125), "agent.silent"),
        "{}",
        ended.stderr
    );
    assert!(ended.took > Duration::from_secs(25) && ended.took < Duration::from_secs(60));
    kill(agent, Signal::SIGCONT).unwrap();
    assert_eq!(run(env.ob(["exec", "--", "true"]), "").code(), Some(0));
    assert_eq!(env.agents(), [agent]);
}

#[test]
fn silent_client_and_stopped_agent_are_given_up() {
    thread::scope(|scope| {
        scope.spawn(stopped_client_is_followed_by_the_next);
        scope.spawn(second_client_answers);
        scope.spawn(first_client_answers_after_all);
        scope.spawn(stopped_agent_is_given_up);
        scope.spawn(answering_client_is_asked_next);
    });
}

#[test]
fn killed_agents_question_is_asked_by_a_new_one() {
    let env = TestEnv::of("carol").configured();
    let mut terminal = Pty::spawn(&env.ob(["login"]));
    terminal.until("assword");
    kill(env.agents()[0], Signal::SIGKILL).unwrap();
    terminal.until("assword");
    terminal.send(&format!("{}\n", env.user().password));
    terminal.until("signed in");
    assert!(terminal.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

#[test]
fn agent_with_a_full_queue_is_given_up_and_can_be_stopped() {
    let env = TestEnv::of("carol").configured();
    env.create_runtime();
    // Like a stopped agent whose queue has been filled by clients.
    let stopped = UnixListener::bind(env.socket()).unwrap();
    listen(&stopped, Backlog::new(0).unwrap()).unwrap();
    let _waiting = UnixStream::connect(env.socket()).unwrap();
    let verbs = [
        vec!["status", "--json"],
        vec!["exec", "--json", "--", "true"],
    ];
    let begun = Instant::now();
    let clients = verbs.map(|verb| (start(env.ob(&verb), ""), verb));
    for (client, verb) in clients {
        let ended = finish(client);
        assert_eq!(ended.error(), "agent.silent", "{verb:?}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("ob agent stop"),
            "{verb:?}: {}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "", "{verb:?}");
    }
    let took = begun.elapsed();
    assert!(
        took > Duration::from_secs(4) && took < Duration::from_secs(25),
        "{took:?}"
    );
    assert_eq!(run(env.ob(["agent", "stop"]), "").code(), Some(0));
    assert!(!env.socket().exists());
    env.sign_in();
}
