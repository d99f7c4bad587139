//! Many clients at once: there is one agent, one sign-in and one STS call, and every client is
//! served.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Pipeline, PushOutcome, PushScript, Server};

use crate::support::{
    Finished, Pty, SOON, TestEnv, finish, holds_within, joined, memory_kib, open_descriptors, run,
    start,
};

const EXEC: [&str; 4] = ["exec", "--password-stdin", "--", "true"];
/// With `-v` a client prints what it waits for.
const VERBOSE_EXEC: [&str; 5] = ["exec", "-v", "--password-stdin", "--", "true"];

/// Starts `count` clients as fast as possible and waits for all of them.
fn run_clients(env: &TestEnv, count: usize, arguments: &[&str]) -> Vec<Finished> {
    let answers = env.answers();
    let clients: Vec<Child> = (0..count)
        .map(|_| start(env.ob(arguments), &answers))
        .collect();
    clients.into_iter().map(finish).collect()
}

fn sts_calls(env: &TestEnv) -> usize {
    env.sandbox.sts_calls("AssumeRoleWithSAML").len()
}

fn failures(ended: &[Finished]) -> Vec<String> {
    let failed = ended.iter().filter(|ended| ended.code() != Some(0));
    failed
        .map(|ended| format!("{:?}: {}", ended.code(), ended.stderr))
        .collect()
}

/// Runs `count` clients without an agent, then again with the agent that they started.
fn cold_and_warm(count: usize) {
    let env = TestEnv::of("carol").configured();
    let begun = Instant::now();
    let cold = run_clients(&env, count, &EXEC);
    let took = begun.elapsed();
    let failed = failures(&cold);
    assert!(
        failed.is_empty(),
        "{} of {count} failed, the first with {}",
        failed.len(),
        failed[0]
    );
    assert_eq!((env.passwords_sent(), sts_calls(&env)), (1, 1));
    assert_eq!(env.agents().len(), 1);
    let begun = Instant::now();
    let warm = run_clients(&env, count, &["exec", "--", "true"]);
    assert_eq!(failures(&warm), Vec::<String>::new());
    assert_eq!((env.passwords_sent(), sts_calls(&env)), (1, 1));
    let agent = env.agents()[0];
    assert!(
        holds_within(SOON, || open_descriptors(agent) < 32),
        "{} descriptors are left open",
        open_descriptors(agent)
    );
    let memory = memory_kib(agent, "RssAnon");
    assert!(memory < 32 * 1024, "{memory} KiB");
    println!(
        "{count} at once: cold {took:?}, warm {:?}, then {memory} KiB and {} descriptors",
        begun.elapsed(),
        open_descriptors(agent)
    );
}

#[test]
fn twenty_roles_for_200_clients_are_one_sign_in() {
    let env = TestEnv::of("carol").configured();
    let roles: Vec<String> = (0..20)
        .map(|n| format!("arn:aws:iam::123456789012:role/Crowd{n}"))
        .collect();
    for role in &roles {
        let provider = "arn:aws:iam::123456789012:saml-provider/okta";
        env.sandbox.role(role, 3600);
        env.sandbox
            .grant("carol", AwsApp::Production, provider, role);
    }
    let answers = env.answers();
    let clients: Vec<Child> = (0..200)
        .map(|n| {
            let words = [
                "exec",
                "--password-stdin",
                "-r",
                &roles[n % 20],
                "--",
                "true",
            ];
            start(env.ob(words), &answers)
        })
        .collect();
    let ended: Vec<Finished> = clients.into_iter().map(finish).collect();
    assert_eq!(failures(&ended), Vec::<String>::new());
    assert_eq!((env.passwords_sent(), sts_calls(&env)), (1, 20));
}

#[test]
fn two_hundred_cold_clients_are_one_sign_in() {
    cold_and_warm(200);
}

#[test]
fn thousand_parallel_execs_are_one_sign_in_and_none_fails() {
    cold_and_warm(1000);
}

#[test]
fn fifty_simultaneous_starts_make_one_agent() {
    let env = TestEnv::of("carol").configured();
    let stop = AtomicBool::new(false);
    let maximum = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut maximum = 0;
            while !stop.load(Ordering::Relaxed) {
                maximum = maximum.max(serving_agents(&env));
            }
            maximum
        });
        let ended = run_clients(&env, 50, &["login", "--password-stdin"]);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(failures(&ended), Vec::<String>::new());
        watcher.join().unwrap()
    });
    assert_eq!((env.agents().len(), env.passwords_sent()), (1, 1));
    assert!(maximum <= 1, "{maximum} agents at a time");
}

/// Counts agents that serve; an agent that is being started is two processes during its fork.
fn serving_agents(env: &TestEnv) -> usize {
    let detached = |pid: &nix::unistd::Pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // pid (name) state parent group session
        let session = stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.split_whitespace().nth(3));
        session == Some(&pid.to_string())
    };
    env.agents().iter().filter(|pid| detached(pid)).count()
}

#[test]
fn killed_agent_ends_its_waiting_clients_at_once() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org("/api/v1/authn", FaultKind::Hang));
    let answers = env.answers();
    let mut clients: Vec<Child> = (0..40)
        .map(|_| start(env.ob(VERBOSE_EXEC), &answers))
        .collect();
    for client in &mut clients {
        joined(client);
    }
    assert!(holds_within(SOON, || env.passwords_sent() == 1));
    let agent = env.agents()[0];
    kill(agent, Signal::SIGKILL).unwrap();
    let killed = Instant::now();
    let (mut succeeded, mut failed) = (0, 0);
    for client in clients {
        let ended = finish(client);
        match ended.code() {
            Some(0) => succeeded += 1,
            Some(125) if ended.stderr.contains("the agent has ended") => failed += 1,
            code => panic!("{code:?}: {}", ended.stderr),
        }
    }
    println!(
        "{succeeded} signed in again, {failed} failed, in {:?}",
        killed.elapsed()
    );
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    assert!(
        failed <= 1,
        "only the client that gave the password may fail"
    );
    assert_eq!((env.agents().len(), env.passwords_sent()), (1, 2));
}

#[test]
fn question_moves_on_when_the_asked_client_is_killed() {
    let env = TestEnv::of("carol").configured();
    let mut terminal = Pty::spawn(&env.ob(["exec", "--", "true"]));
    terminal.until("assword");
    let mut waiting = start(env.ob(EXEC), env.answers());
    let line = joined(&mut waiting);
    assert!(
        line.contains("waiting for the sign-in in another terminal"),
        "{line}"
    );
    assert_eq!(env.passwords_sent(), 0);
    kill(terminal.pid(), Signal::SIGKILL).unwrap();
    let ended = finish(waiting);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(ended.took < SOON, "{:?}", ended.took);
    assert_eq!(env.passwords_sent(), 1);
}

fn unanswered_push() -> PushScript {
    PushScript {
        outcome: PushOutcome::Never,
        ..PushScript::approve()
    }
}

fn cancels(env: &TestEnv) -> usize {
    env.sandbox
        .requests(Server::Org, "/api/v1/authn/cancel")
        .len()
}

#[test]
fn push_is_cancelled_when_the_last_client_has_left() {
    let env = TestEnv::of("dave").configured();
    env.sandbox.push(unanswered_push());
    let first = start(env.ob(EXEC), env.answers());
    let push_is_sent = || {
        !env.sandbox
            .requests(Server::Org, "/api/v1/authn/factors/")
            .is_empty()
    };
    assert!(holds_within(SOON, push_is_sent));
    let mut second = start(env.ob(VERBOSE_EXEC), env.answers());
    joined(&mut second);
    let kill_client = |mut client: Child| {
        client.kill().unwrap();
        client.wait().unwrap();
    };
    kill_client(first);
    assert!(
        !holds_within(Duration::from_secs(2), || cancels(&env) > 0),
        "a client still waits"
    );
    kill_client(second);
    assert!(holds_within(SOON, || cancels(&env) == 1));
}

#[test]
fn pending_push_serves_the_remaining_client() {
    let env = TestEnv::of("dave").configured();
    env.sandbox.push(unanswered_push());
    let mut first = start(env.ob(EXEC), env.answers());
    let push_is_sent = || {
        !env.sandbox
            .requests(Server::Org, "/api/v1/authn/factors/")
            .is_empty()
    };
    assert!(holds_within(SOON, push_is_sent));
    let mut second = start(env.ob(VERBOSE_EXEC), env.answers());
    joined(&mut second);
    first.kill().unwrap();
    first.wait().unwrap();
    env.sandbox.approve_push();
    let ended = finish(second);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!(
        (env.passwords_sent(), sts_calls(&env), cancels(&env)),
        (1, 1, 0)
    );
}

/// Approves on the phone at the moment when the only waiting client leaves: the answer is on its
/// way by then.
fn approved_after_the_client_left(options: Options, way: &str, poll: &str, polls: usize) {
    let env = TestEnv::with("dave", options).configured();
    let settings = match way {
        "browser" => env.browser_settings(),
        way => env.full_settings().replace("'terminal'", way),
    };
    env.write_settings(&settings);
    let delay = FaultKind::Delay(Duration::from_secs(1));
    let delay = Fault::org(poll, delay).after(polls - 1).times(1);
    env.sandbox.fault(delay);
    let mut terminal = Pty::spawn(&env.ob(["login"]));
    if way != "browser" {
        terminal.until("assword");
        terminal.send(&format!("{}\n", env.user().password));
    }
    let is_approved = || {
        let polled = env.sandbox.requests(Server::Org, poll);
        polled.len() == polls && polled.iter().all(|one| one.status == Some(200))
    };
    assert!(holds_within(SOON * 3, is_approved), "{way}");
    terminal.send("\u{3}");
    assert!(!terminal.wait().0.success(), "{way}");
    let session_is_left = || {
        let held = env.status()["sessions"].as_array().unwrap().len();
        held > 0 || env.sandbox.live() != (0, 0)
    };
    let sign_outs = || {
        let paths = ["/api/v1/sessions/me", "/oauth2/v1/revoke"];
        paths.map(|path| env.sandbox.requests(Server::Org, path).len())
    };
    match way {
        // The session token is not used, and expires within minutes.
        "'terminal'" => assert!(
            !holds_within(Duration::from_secs(3), session_is_left),
            "{way}"
        ),
        "'auto'" => assert!(holds_within(SOON, || sign_outs() == [1, 0]), "{way}"),
        _ => assert!(holds_within(SOON, || sign_outs() == [0, 2]), "{way}"),
    }
    assert!(!session_is_left(), "{way}: something is left");
    // With the device grant the next sign-in needs no user at this terminal.
    let next = run(env.ob(["exec", "--json", "--", "true"]), "");
    let asked = next.error() == "sign_in.unanswered";
    assert_eq!(asked, way != "browser", "{way}: {}", next.stderr);
}

#[test]
fn session_approved_after_all_clients_left_is_ended() {
    thread::scope(|scope| {
        for (pipeline, way, poll, polls) in [
            (Pipeline::V1, "'terminal'", "/api/v1/authn/factors/", 3),
            (Pipeline::Idx, "'auto'", "/idp/idx/authenticators/poll", 2),
            (Pipeline::Idx, "browser", "/oauth2/v1/token", 1),
        ] {
            let options = Options {
                pipeline,
                ..Options::default()
            };
            scope.spawn(move || approved_after_the_client_left(options, way, poll, polls));
        }
    });
}

#[test]
fn failure_is_shared_by_waiting_clients_and_not_cached() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::org(
        "/api/v1/authn",
        FaultKind::Delay(Duration::from_secs(3)),
    ));
    let wrong: Vec<Child> = (0..10).map(|_| start(env.ob(EXEC), "wrong\n")).collect();
    let ended: Vec<Finished> = wrong.into_iter().map(finish).collect();
    assert!(
        ended.iter().all(|ended| ended.code() == Some(4)),
        "{:?}",
        failures(&ended)
    );
    assert_eq!(
        env.passwords_sent(),
        1,
        "a wrong password is sent once for all waiting clients"
    );
    let right = run(env.ob(EXEC), env.answers());
    assert_eq!(right.code(), Some(0), "{}", right.stderr);
}

#[test]
fn sign_out_ends_every_waiting_client() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::sts(
        "AssumeRoleWithSAML",
        FaultKind::Delay(Duration::from_secs(3)),
    ));
    let answers = env.answers();
    let mut clients: Vec<Child> = (0..20)
        .map(|_| start(env.ob(VERBOSE_EXEC), &answers))
        .collect();
    // A client that arrives after the sign-out signs in again.
    for client in &mut clients {
        joined(client);
    }
    assert!(holds_within(SOON, || sts_calls(&env) == 1));
    assert_eq!(run(env.ob(["logout"]), "").code(), Some(0));
    for client in clients {
        let ended = finish(client);
        assert!(
            matches!(ended.code(), Some(0 | 3)),
            "{:?}: {}",
            ended.code(),
            ended.stderr
        );
        assert!(ended.took < SOON * 2);
    }
    let status = env.status();
    assert_eq!(
        status["roles"].as_array().unwrap().len(),
        0,
        "the result of an earlier request is not kept: {status}"
    );
}
