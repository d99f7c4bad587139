//! Many clients, stalled clients, exhausted descriptors: well-behaved clients are served.

use std::os::unix::net::UnixStream;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};

use super::{connect, replies_to, start_agent, status};
use crate::support::{Pty, SOON, TestEnv, holds_within, memory_kib, open_descriptors, run};

#[test]
fn many_connections_neither_block_nor_leak() {
    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    let base = open_descriptors(agent);
    println!("{} KiB at rest", memory_kib(agent, "RssAnon"));
    let idle: Vec<UnixStream> = (0..300).map(|_| connect(&env)).collect();
    let asked = Instant::now();
    assert_eq!(replies_to(&env, &status()).len(), 2);
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    println!("{} KiB with 300", memory_kib(agent, "RssAnon"));
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
        holds_within(SOON, || open_descriptors(agent) <= base),
        "{} of {base}",
        open_descriptors(agent)
    );
    let resident = memory_kib(agent, "RssAnon");
    println!("agent: {resident} KiB of its own");
    assert!(resident < 10 * 1024, "{resident} KiB");
    assert_eq!(env.agent(), Some(agent));
}

#[test]
fn agent_with_few_descriptors_serves_beside_idle_clients() {
    let env = TestEnv::of("carol").configured();
    let mut login = env.command("prlimit");
    login
        .args(["--nofile=48:48"])
        .arg(env.path("bin/ob"))
        .arg("login");
    assert_eq!(run(login, "").code(), Some(3));
    let agent = env.agent().unwrap();
    let idle: Vec<UnixStream> = (0..200).map(|_| connect(&env)).collect();
    assert!(holds_within(SOON, || open_descriptors(agent) >= 24));
    // A sign-in needs descriptors for the network.
    env.sign_in();
    assert_eq!(env.agent(), Some(agent));
    assert!(open_descriptors(agent) < 48);
    drop(idle);
    let asked = Instant::now();
    assert_eq!(env.agent(), Some(agent));
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[test]
fn stopped_client_blocks_no_other() {
    let env = TestEnv::of("carol").configured();
    let mut terminal = Pty::spawn(&env.ob(["login"]));
    terminal.until("assword");
    let client = terminal.pid();
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
    let agent = start_agent(&env);
    let mut connections = Vec::new();
    for _ in 0..100 {
        use std::io::Write as _;
        let mut stream = connect(&env);
        stream.write_all(&status()).unwrap();
        connections.push(stream);
    }
    assert_eq!(env.agent(), Some(agent));
}

#[test]
fn client_gone_before_it_is_served_leaks_nothing() {
    use std::io::Write as _;

    let env = TestEnv::of("carol").configured();
    let agent = start_agent(&env);
    let base = open_descriptors(agent);
    kill(agent, Signal::SIGSTOP).unwrap();
    for round in 0..100 {
        let mut stream = connect(&env);
        let request = status();
        // Nothing, part of a frame, or a whole request, then the connection closes.
        stream
            .write_all(&request[..request.len() * (round % 3) / 2])
            .unwrap();
    }
    kill(agent, Signal::SIGCONT).unwrap();
    assert_eq!(env.agent(), Some(agent));
    assert!(holds_within(SOON, || open_descriptors(agent) <= base));
}
