//! Many clients, clients that stall, no descriptors left: whoever behaves is served.

use std::fs;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{connect, said_to, started, status};
use crate::support::Pty;
use crate::support::{SOON, TestEnv, holds_within, run};

pub(crate) fn descriptors(agent: Pid) -> usize {
    fs::read_dir(format!("/proc/{agent}/fd")).unwrap().count()
}

pub(crate) fn resident_kib(agent: Pid) -> u64 {
    let text = fs::read_to_string(format!("/proc/{agent}/status")).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn three_hundred_idle_connections_hinder_nobody_and_ten_thousand_short_ones_leave_nothing() {
    let env = TestEnv::of("carol").configured();
    let agent = started(&env);
    let base = descriptors(agent);
    println!("{} KiB at rest", resident_kib(agent));
    let idle: Vec<UnixStream> = (0..300).map(|_| connect(&env)).collect();
    let asked = Instant::now();
    assert_eq!(said_to(&env, &status()).len(), 2);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    println!("{} KiB with 300", resident_kib(agent));
    drop(idle);
    let begun = Instant::now();
    for round in 0..10_000 {
        let stream = connect(&env);
        if round % 2 == 0 {
            drop(stream);
        }
    }
    println!("10 000 connections in {:?}", begun.elapsed());
    assert!(
        holds_within(SOON, || descriptors(agent) <= base),
        "{} of {base}",
        descriptors(agent)
    );
    let resident = resident_kib(agent);
    println!("agent: {resident} KiB of its own");
    assert!(resident < 10 * 1024, "{resident} KiB");
    assert_eq!(env.agent(), Some(agent));
}

#[test]
fn an_agent_with_few_descriptors_serves_beside_idle_clients() {
    let env = TestEnv::of("carol").configured();
    let mut login = env.command("prlimit");
    login
        .args(["--nofile=48:48"])
        .arg(env.path("bin/ob"))
        .arg("login");
    assert_eq!(run(login, "").code(), Some(3));
    let agent = env.agent().unwrap();
    let idle: Vec<UnixStream> = (0..200).map(|_| connect(&env)).collect();
    assert!(holds_within(SOON, || descriptors(agent) >= 24));
    // A sign-in needs descriptors for the network.
    env.sign_in();
    assert_eq!(env.agent(), Some(agent));
    assert!(descriptors(agent) < 48);
    drop(idle);
    let asked = Instant::now();
    assert_eq!(env.agent(), Some(agent));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[test]
fn a_client_that_is_stopped_holds_up_nobody() {
    let env = TestEnv::of("carol").configured();
    let mut person = Pty::spawn(&env.ob(["login"]));
    person.until("assword");
    let client = person.pid();
    kill(client, Signal::SIGSTOP).unwrap();
    let asked = Instant::now();
    assert_eq!(env.status()["sessions"].as_array().unwrap().len(), 0);
    assert!(asked.elapsed() < SOON);
    kill(client, Signal::SIGKILL).unwrap();
    env.sign_in();
}

#[test]
fn clients_that_do_not_read_do_not_stop_the_agent() {
    let env = TestEnv::of("carol").configured();
    let agent = started(&env);
    let mut deaf = Vec::new();
    for _ in 0..100 {
        use std::io::Write as _;
        let mut stream = connect(&env);
        stream.write_all(&status()).unwrap();
        deaf.push(stream);
    }
    assert_eq!(env.agent(), Some(agent));
}

#[test]
fn a_client_that_is_gone_before_it_is_served_leaves_nothing() {
    use std::io::Write as _;

    let env = TestEnv::of("carol").configured();
    let agent = started(&env);
    let base = descriptors(agent);
    kill(agent, Signal::SIGSTOP).unwrap();
    for round in 0..100 {
        let mut stream = connect(&env);
        let words = status();
        // Nothing, a part of a frame, a whole request: then gone.
        stream
            .write_all(&words[..words.len() * (round % 3) / 2])
            .unwrap();
    }
    kill(agent, Signal::SIGCONT).unwrap();
    assert_eq!(env.agent(), Some(agent));
    assert!(holds_within(SOON, || descriptors(agent) <= base));
}
