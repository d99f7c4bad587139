//! Who is asked, and what becomes of the others: a client that does not answer holds up nobody for long.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{Backlog, listen};
use ob_sandbox::Server;

use crate::support::Pty;
use crate::support::{TestEnv, finish, run, start};

const EXEC: [&str; 4] = ["exec", "--password-stdin", "--", "true"];

fn passwords(env: &TestEnv) -> usize {
    env.sandbox.requests(Server::Org, "/api/v1/authn").len()
}

/// Its terminal shows the question, and then the process gets no time.
fn stopped_at_its_prompt() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    first.send("half a passw");
    kill(first.pid(), Signal::SIGSTOP).unwrap();
    let begun = Instant::now();
    let second = finish(start(env.ob(EXEC), &env.answers()));
    let took = begun.elapsed();
    assert_eq!(second.code(), Some(0), "{}", second.stderr);
    let words = "waiting for the sign-in that is under way";
    assert!(second.stderr.contains(words), "{}", second.stderr);
    assert!(
        took > Duration::from_secs(15) && took < Duration::from_secs(50),
        "{took:?}"
    );

    kill(first.pid(), Signal::SIGCONT).unwrap();
    let told = first.until("signed in");
    assert!(told.contains("ob: answered elsewhere"), "{told}");
    assert!(first.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// Both are at their terminals; the second is asked as well, and answers.
fn two_people_at_two_terminals() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    let mut second = Pty::spawn(&env.ob(["exec", "--", "echo", "ran"]));
    second.until("waiting for the sign-in that is under way");
    second.until("assword");
    second.send(&format!("{}\n", env.user().password));
    second.until("ran");
    assert!(second.wait().0.success());
    let told = first.until("signed in");
    assert!(told.contains("ob: answered elsewhere"), "{told}");
    assert!(first.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// The same, and the first one answers after all.
fn the_first_answers_after_all() {
    let env = TestEnv::of("carol").configured();
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("assword");
    let mut second = Pty::spawn(&env.ob(["exec", "--", "echo", "ran"]));
    second.until("assword");
    first.send(&format!("{}\n", env.user().password));
    first.until("signed in");
    let told = second.until("ran");
    assert!(told.contains("ob: answered elsewhere"), "{told}");
    assert!(second.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

/// The first has not answered the first question, so the second one is asked the next at once.
fn who_has_answered_is_asked_next() {
    let env = TestEnv::of("carol").configured();
    let username = format!("username = '{}'\n", env.user().login);
    env.write_settings(&env.full_settings().replace(&username, ""));
    let mut first = Pty::spawn(&env.ob(["login"]));
    first.until("Username");
    kill(first.pid(), Signal::SIGSTOP).unwrap();
    let mut second = Pty::spawn(&env.ob(["login"]));
    second.until("Username");
    second.send(&format!("{}\n", env.user().login));
    let begun = Instant::now();
    second.until("assword");
    let took = begun.elapsed();
    // Not after the twenty seconds that the first one got.
    assert!(took < Duration::from_secs(19), "{took:?}");
    second.send(&format!("{}\n", env.user().password));
    assert!(second.wait().0.success());
}

/// The agent itself gets no time, and there is room in its queue.
fn a_stopped_agent() {
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
fn after_twenty_seconds_the_next_is_asked_too_and_after_thirty_a_stopped_agent_is_given_up() {
    thread::scope(|scope| {
        scope.spawn(stopped_at_its_prompt);
        scope.spawn(two_people_at_two_terminals);
        scope.spawn(the_first_answers_after_all);
        scope.spawn(a_stopped_agent);
        scope.spawn(who_has_answered_is_asked_next);
    });
}

#[test]
fn an_agent_that_goes_away_takes_its_question_back_and_a_new_one_asks() {
    let env = TestEnv::of("carol").configured();
    let mut person = Pty::spawn(&env.ob(["login"]));
    person.until("assword");
    kill(env.agents()[0], Signal::SIGKILL).unwrap();
    person.until("assword");
    person.send(&format!("{}\n", env.user().password));
    person.until("signed in");
    assert!(person.wait().0.success());
    assert_eq!(passwords(&env), 1);
}

#[test]
fn an_agent_that_lets_nobody_in_is_given_up_after_five_seconds_and_can_be_stopped() {
    let env = TestEnv::of("carol").configured();
    fs::create_dir(env.runtime()).unwrap();
    fs::set_permissions(env.runtime(), Permissions::from_mode(0o700)).unwrap();
    // As an agent is that was stopped, when a crowd has knocked since.
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
