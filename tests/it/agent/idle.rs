//! Thousands of connections that send nothing or part of a frame, beside working clients.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::{connect, hello, recv, replies_to, request, status};
use crate::support::{SOON, TestEnv, holds_within, memory_kib};
use ob::wire::{Ask, FromAgent, PROTOCOL, Request};

const IDLE: usize = 6000;
/// Descriptors for everything else in this process.
const SPARE: usize = 1000;
/// Generous: the goal is 1 s on an idle machine.
const WARM_LIMIT: Duration = Duration::from_secs(10);
const MEMORY_LIMIT_KIB: u64 = 16 * 1024;

/// Raises this process's limit of descriptors, since it holds the clients' ends; returns how many
/// connections it may open.
fn allow_descriptors() -> usize {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let wanted = soft.max(3 * IDLE as u64).min(hard);
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).unwrap();
    let allowed = usize::try_from(wanted).unwrap().saturating_sub(SPARE) / 2;
    assert!(allowed > 500, "`ulimit -Hn` is {hard}");
    IDLE.min(allowed)
}

fn is_closed(stream: &mut UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let mut byte = [0];
    loop {
        match stream.read(&mut byte) {
            Ok(0) => return true,
            // The agent's hello.
            Ok(_) => {}
            Err(error) => return error.kind() != std::io::ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn half_sent_frames_fill_no_memory() {
    let count = allow_descriptors();
    let env = TestEnv::of("carol").configured();
    let agent = super::start_agent(&env);
    let before = memory_kib(agent, "VmRSS");
    let length = u32::try_from(ob::wire::TO_AGENT_MAX).unwrap();
    let mut half = length.to_be_bytes().to_vec();
    half.resize(ob::wire::TO_AGENT_MAX, b' ');
    let mut most = 0;
    let mut open = Vec::new();
    for number in 0..count / 2 {
        let mut stream = connect(&env);
        // The agent may leave what it does not read at once.
        stream.set_nonblocking(true).unwrap();
        let _ = stream.write(&half);
        open.push(stream);
        if number % 50 == 0 {
            most = most.max(memory_kib(agent, "VmRSS"));
        }
    }
    assert_eq!(replies_to(&env, &status()).len(), 2);
    println!("{before} KiB, at most {most} KiB with half-sent frames");
    assert!(
        most - before < MEMORY_LIMIT_KIB,
        "{before} KiB, then {most}"
    );
}

/// Opens idle connections that have sent nothing, a part, or all but the last byte of a request.
fn open_idle(env: &TestEnv, count: usize) -> Vec<UnixStream> {
    let hello_and_status = [hello(PROTOCOL), status()].concat();
    let whole = status();
    let open = |number: usize| {
        let mut stream = connect(env);
        let part: &[u8] = match number % 4 {
            0 => b"",
            1 => &hello_and_status[..3],
            2 => &hello(PROTOCOL),
            _ => &whole[..whole.len() - 1],
        };
        // The agent may have closed it already.
        let _ = stream.write_all(part);
        stream
    };
    (0..count).map(open).collect()
}

#[test]
fn six_thousand_idle_connections_do_not_slow_exec() {
    let count = allow_descriptors();
    let env = TestEnv::of("carol").configured();
    assert_eq!(env.answered(&["exec", "--", "true"]).code(), Some(0));
    let agent = env.agent().unwrap();
    let before = memory_kib(agent, "VmRSS");
    println!("{before} KiB before");
    let mut open = open_idle(&env, count);
    for round in 0..3 {
        let ended = crate::support::run(env.ob(["exec", "--", "true"]), "");
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        println!("round {round}: a warm exec took {:?}", ended.took);
        assert!(ended.took < WARM_LIMIT, "{:?}", ended.took);
        open.extend(open_idle(&env, 150));
    }
    let (all, own) = (memory_kib(agent, "VmRSS"), memory_kib(agent, "RssAnon"));
    println!(
        "{all} KiB with {} connections, {own} of its own",
        open.len()
    );
    assert!(own < MEMORY_LIMIT_KIB, "{own} KiB");
    assert!(
        all - before < MEMORY_LIMIT_KIB / 2,
        "{before} KiB, then {all}"
    );
    assert_eq!(env.agent(), Some(agent));
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn oldest_silent_connections_are_closed_first() {
    let count = allow_descriptors();
    let env = TestEnv::of("carol").configured();
    super::start_agent(&env);
    let mut first = open_idle(&env, 8);
    let mut last = open_idle(&env, count / 2);
    assert!(holds_within(SOON, || first.iter_mut().all(is_closed)));
    assert_eq!(replies_to(&env, &status()).len(), 2);
    let mut newest = last.split_off(last.len() - 8);
    assert!(!newest.iter_mut().any(is_closed));
}

#[test]
fn running_request_outlives_thousands_of_connections() {
    let count = allow_descriptors();
    let env = TestEnv::of("carol").configured();
    super::start_agent(&env);
    let account = super::account(&env, 3600, 3600);
    let mut waiting = connect(&env);
    let sign_in_request = request(Request::SignIn {
        account,
        again: false,
    });
    waiting
        .write_all(&[hello(PROTOCOL), sign_in_request].concat())
        .unwrap();
    let asked = loop {
        match recv(&mut waiting).unwrap() {
            FromAgent::Ask(ask) => break ask,
            _ => continue,
        }
    };
    assert!(matches!(asked, Ask::CaCertificates), "{asked:?}");
    let begun = Instant::now();
    let _idle = open_idle(&env, count);
    println!("{count} idle connections in {:?}", begun.elapsed());
    assert_eq!(replies_to(&env, &status()).len(), 2);
    assert!(!is_closed(&mut waiting));
}
