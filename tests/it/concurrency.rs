//! Crowds: however many ask at once, there is one agent, one sign-in, one STS call, and everybody is served.

use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{AwsApp, Fault, FaultKind, Options, Pipeline, PushOutcome, PushScript, Server};

use crate::agent::load::{descriptors, resident_kib};
use crate::support::Pty;
use crate::support::{Finished, SOON, TestEnv, finish, holds_within, joined, run, start};

const EXEC: [&str; 4] = ["exec", "--password-stdin", "--", "true"];
/// Says what it waits for.
const TELLING: [&str; 5] = ["exec", "-v", "--password-stdin", "--", "true"];

/// Starts `count` clients as fast as the machine can and waits for all of them.
fn crowd(env: &TestEnv, count: usize, arguments: &[&str]) -> Vec<Finished> {
    let answers = env.answers();
    let clients: Vec<Child> = (0..count)
        .map(|_| start(env.ob(arguments), &answers))
        .collect();
    clients.into_iter().map(finish).collect()
}

fn sign_ins(env: &TestEnv) -> usize {
    let requests = env.sandbox.requests(Server::Org, "/api/v1/authn");
    requests
        .iter()
        .filter(|request| request.path == "/api/v1/authn")
        .count()
}

fn calls(env: &TestEnv) -> usize {
    env.sandbox.sts_calls("AssumeRoleWithSAML").len()
}

fn failures(ended: &[Finished]) -> Vec<String> {
    let failed = ended.iter().filter(|ended| ended.code() != Some(0));
    failed
        .map(|ended| format!("{:?}: {}", ended.code(), ended.stderr))
        .collect()
}

/// `count` clients on a machine without an agent, then again on the agent they made.
fn cold_and_warm(count: usize) {
    let env = TestEnv::of("carol").configured();
    let begun = Instant::now();
    let cold = crowd(&env, count, &EXEC);
    let took = begun.elapsed();
    let failed = failures(&cold);
    assert!(
        failed.is_empty(),
        "{} of {count} failed, the first with {}",
        failed.len(),
        failed[0]
    );
    assert_eq!((sign_ins(&env), calls(&env)), (1, 1));
    assert_eq!(env.agents().len(), 1);
    let begun = Instant::now();
    let warm = crowd(&env, count, &["exec", "--", "true"]);
    assert_eq!(failures(&warm), Vec::<String>::new());
    assert_eq!((sign_ins(&env), calls(&env)), (1, 1));
    let agent = env.agents()[0];
    assert!(
        holds_within(SOON, || descriptors(agent) < 32),
        "{} descriptors are left open",
        descriptors(agent)
    );
    let resident = resident_kib(agent);
    assert!(resident < 32 * 1024, "{resident} KiB");
    println!(
        "{count} at once: cold {took:?}, warm {:?}, then {resident} KiB and {} descriptors",
        begun.elapsed(),
        descriptors(agent)
    );
}

#[test]
fn twenty_roles_for_ten_clients_each_are_one_sign_in_and_twenty_calls() {
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
    assert_eq!((sign_ins(&env), calls(&env)), (1, 20));
}

#[test]
fn two_hundred_clients_on_a_cold_agent_are_one_sign_in_and_one_sts_call() {
    cold_and_warm(200);
}

#[test]
fn a_thousand_parallel_execs_are_one_sign_in_and_one_sts_call_and_none_fails() {
    cold_and_warm(1000);
}

#[test]
fn fifty_starters_make_one_agent() {
    let env = TestEnv::of("carol").configured();
    let stop = AtomicBool::new(false);
    let most = thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut most = 0;
            while !stop.load(Ordering::Relaxed) {
                most = most.max(serving(&env));
            }
            most
        });
        let ended = crowd(&env, 50, &["login", "--password-stdin"]);
        stop.store(true, Ordering::Relaxed);
        assert_eq!(failures(&ended), Vec::<String>::new());
        watching.join().unwrap()
    });
    assert_eq!((env.agents().len(), sign_ins(&env)), (1, 1));
    assert!(most <= 1, "{most} agents at a time");
}

/// Agents that serve: one that is being started is two processes for the moment of its fork.
fn serving(env: &TestEnv) -> usize {
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
fn an_agent_killed_under_waiting_clients_ends_each_at_once() {
    let env = TestEnv::of("carol").configured();
    env.sandbox
        .fault(Fault::org("/api/v1/authn", FaultKind::Hang));
    let answers = env.answers();
    let mut clients: Vec<Child> = (0..40).map(|_| start(env.ob(TELLING), &answers)).collect();
    for client in &mut clients {
        joined(client);
    }
    assert!(holds_within(SOON, || sign_ins(&env) == 1));
    let agent = env.agents()[0];
    kill(agent, Signal::SIGKILL).unwrap();
    let killed = Instant::now();
    let (mut good, mut told) = (0, 0);
    for client in clients {
        let ended = finish(client);
        match ended.code() {
            Some(0) => good += 1,
            Some(125) if ended.stderr.contains("the agent went away") => told += 1,
            code => panic!("{code:?}: {}", ended.stderr),
        }
    }
    println!(
        "{good} signed in anew, {told} were told, in {:?}",
        killed.elapsed()
    );
    assert!(killed.elapsed() < SOON, "{:?}", killed.elapsed());
    assert!(
        told <= 1,
        "only whoever had given the password may not give it again"
    );
    assert_eq!((env.agents().len(), sign_ins(&env)), (1, 2));
}

#[test]
fn the_question_goes_to_the_next_when_the_one_who_is_asked_is_killed() {
    let env = TestEnv::of("carol").configured();
    let mut person = Pty::spawn(&env.ob(["exec", "--", "true"]));
    person.until("assword");
    let mut waiting = start(env.ob(EXEC), &env.answers());
    let told = joined(&mut waiting);
    assert!(
        told.contains("waiting for the sign-in that is under way"),
        "{told}"
    );
    assert_eq!(sign_ins(&env), 0);
    kill(person.pid(), Signal::SIGKILL).unwrap();
    let ended = finish(waiting);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(ended.took < SOON, "{:?}", ended.took);
    assert_eq!(sign_ins(&env), 1);
}

fn never() -> PushScript {
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
fn a_push_is_cancelled_at_the_server_when_everyone_has_left_and_not_before() {
    let env = TestEnv::of("dave").configured();
    env.sandbox.push(never());
    let first = start(env.ob(EXEC), &env.answers());
    let under_way = || {
        !env.sandbox
            .requests(Server::Org, "/api/v1/authn/factors/")
            .is_empty()
    };
    assert!(holds_within(SOON, under_way));
    let mut second = start(env.ob(TELLING), &env.answers());
    joined(&mut second);
    let leave = |mut client: Child| {
        client.kill().unwrap();
        client.wait().unwrap();
    };
    leave(first);
    assert!(
        !holds_within(Duration::from_secs(2), || cancels(&env) > 0),
        "somebody still waits"
    );
    leave(second);
    assert!(holds_within(SOON, || cancels(&env) == 1));
}

#[test]
fn a_push_under_way_serves_whoever_is_left() {
    let env = TestEnv::of("dave").configured();
    env.sandbox.push(never());
    let mut first = start(env.ob(EXEC), &env.answers());
    let under_way = || {
        !env.sandbox
            .requests(Server::Org, "/api/v1/authn/factors/")
            .is_empty()
    };
    assert!(holds_within(SOON, under_way));
    let mut second = start(env.ob(TELLING), &env.answers());
    joined(&mut second);
    first.kill().unwrap();
    first.wait().unwrap();
    env.sandbox.approve_push();
    let ended = finish(second);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!((sign_ins(&env), calls(&env), cancels(&env)), (1, 1, 0));
}

/// A phone says yes in the moment in which the only one who waits for it leaves: the answer is on its way by then.
fn approved_when_nobody_waits(options: Options, way: &str, poll: &str, polls: usize) {
    let env = TestEnv::with("dave", options).configured();
    let settings = match way {
        "browser" => env.browser_settings(),
        way => env.full_settings().replace("'terminal'", way),
    };
    env.write_settings(&settings);
    let late = FaultKind::Delay(Duration::from_secs(1));
    let late = Fault::org(poll, late).after(polls - 1).times(1);
    env.sandbox.fault(late);
    let mut person = Pty::spawn(&env.ob(["login"]));
    if way != "browser" {
        person.until("assword");
        person.send(&format!("{}\n", env.user().password));
    }
    let is_approved = || {
        let polled = env.sandbox.requests(Server::Org, poll);
        polled.len() == polls && polled.iter().all(|one| one.status == Some(200))
    };
    assert!(holds_within(SOON * 3, is_approved), "{way}");
    person.send("\u{3}");
    assert!(!person.wait().0.success(), "{way}");
    let is_there = || {
        let held = env.status()["sessions"].as_array().unwrap().len();
        held > 0 || env.sandbox.live() != (0, 0)
    };
    let goodbyes = || {
        let paths = ["/api/v1/sessions/me", "/oauth2/v1/revoke"];
        paths.map(|path| env.sandbox.requests(Server::Org, path).len())
    };
    match way {
        // The token for a session is not used, and is good for minutes.
        "'terminal'" => assert!(!holds_within(Duration::from_secs(3), is_there), "{way}"),
        "'auto'" => assert!(holds_within(SOON, || goodbyes() == [1, 0]), "{way}"),
        _ => assert!(holds_within(SOON, || goodbyes() == [0, 2]), "{way}"),
    }
    assert!(!is_there(), "{way}: something is left");
    // At a browser nobody needs to be here to sign in once more.
    let next = run(env.ob(["exec", "--json", "--", "true"]), "");
    let asked = next.error() == "sign_in.unanswered";
    assert_eq!(asked, way != "browser", "{way}: {}", next.stderr);
}

#[test]
fn what_is_approved_when_everybody_has_left_is_ended_and_serves_nobody() {
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
            scope.spawn(move || approved_when_nobody_waits(options, way, poll, polls));
        }
    });
}

#[test]
fn a_failure_is_shared_with_those_who_wait_and_not_remembered() {
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
        sign_ins(&env),
        1,
        "a wrong password is sent once, whoever waits"
    );
    thread::sleep(Duration::from_secs(2));
    let right = run(env.ob(EXEC), &env.answers());
    assert_eq!(right.code(), Some(0), "{}", right.stderr);
}

#[test]
fn a_sign_out_in_a_crowd_leaves_nobody_hanging() {
    let env = TestEnv::of("carol").configured();
    env.sandbox.fault(Fault::sts(
        "AssumeRoleWithSAML",
        FaultKind::Delay(Duration::from_secs(3)),
    ));
    let answers = env.answers();
    let mut clients: Vec<Child> = (0..20).map(|_| start(env.ob(TELLING), &answers)).collect();
    // Who comes after the sign-out signs in anew.
    for client in &mut clients {
        joined(client);
    }
    assert!(holds_within(SOON, || calls(&env) == 1));
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
        "what was begun before is not kept: {status}"
    );
}
