//! The figures of `docs/performance.md`, printed and not asserted.
//!
//! `cargo bench --bench figures` builds the release programs, starts a sandbox and measures.
//! Compared commands are interleaved in one run, so that a slow machine affects all of them.
//!
//! Words after `--` select sections: `startup`, `warm`, `roles`, `cold`, `agent`, `clients`. `hold`
//! keeps a home with a session, for a profiler. The variable `OB_BENCH_PROGRAM`
//! names another `ob` to measure, such as a static build.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark starts programs, prints figures and stops where something is not so"
)]

mod counts;
mod home;
mod startup;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use ob::link;
use ob::wire::{FromAgent, Reply, Request};
use ob_sandbox::{Options, Sandbox, Server};

use crate::home::Home;

const ROUNDS: usize = 400;

/// A name, and the function that makes the command.
type Contestant<'a> = (&'static str, Box<dyn Fn() -> Command + 'a>);

fn main() {
    let named: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only checks that it runs.
    if named.iter().any(|argument| argument == "--test") {
        return;
    }
    let sections: [(&str, fn()); 6] = [
        ("startup", startup::measure),
        ("warm", warm_exec),
        ("roles", every_role),
        ("cold", || {
            cold_sign_in(Duration::ZERO);
            cold_sign_in(Duration::from_millis(40));
        }),
        ("agent", agent_under_load),
        ("clients", run_clients),
    ];
    let is_named = |name: &str| named.iter().any(|argument| argument == name);
    if is_named("hold") {
        return startup::hold();
    }
    let all = !sections.iter().any(|(name, _)| is_named(name));
    for (_, run) in sections.iter().filter(|(name, _)| all || is_named(name)) {
        run();
    }
}

/// `true`, `env FOO=1 true` and `ob exec -- true` in turn.
fn warm_exec() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    home.sign_in(&sandbox);
    let mut contestants: [Contestant<'_>; 8] = [
        ("true", Box::new(|| home.command("/bin/true"))),
        (
            "env FOO=1 true",
            Box::new(|| {
                let mut command = home.command("/usr/bin/env");
                command.args(["FOO=1", "true"]);
                command
            }),
        ),
        (
            "ob exec -- true",
            Box::new(|| home.ob(&["exec", "--", "true"])),
        ),
        (
            "ob exec --json -- true (clap)",
            Box::new(|| home.ob(&["exec", "--json", "--", "true"])),
        ),
        ("ob --version", Box::new(|| home.ob(&["--version"]))),
        ("ob status", Box::new(|| home.ob(&["status"]))),
        (
            "ob complete profiles",
            Box::new(|| home.ob(&["complete", "profiles"])),
        ),
        (
            "ob credential -p dev",
            Box::new(|| home.ob(&["credential", "-p", "dev"])),
        ),
    ];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let mut command = contestant.1();
            command.stdin(Stdio::null()).stdout(Stdio::null());
            let start = Instant::now();
            assert!(command.status().unwrap().success(), "{}", contestant.0);
            times.push(start.elapsed());
        }
    }
    let (of_true, env) = (median(&mut times[0]), median(&mut times[1]));
    println!("warm, {ROUNDS} rounds interleaved, median (p90):");
    for ((name, _), times) in contestants.iter().zip(&mut times) {
        let (median, p90) = (median(times), times[times.len() * 9 / 10]);
        let times_env = median.as_secs_f64() / env.as_secs_f64();
        let times_true = median.as_secs_f64() / of_true.as_secs_f64();
        println!(
            "  {name:32} {median:>9.1?} ({p90:.1?})  {times_env:.2} x env  {times_true:.2} x true"
        );
    }
    let mut starts = Vec::new();
    for _ in 0..20 {
        home.stop_agent();
        let start = Instant::now();
        let _ = home
            .ob(&["login"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        starts.push(start.elapsed());
    }
    println!(
        "first command, agent started for it, refused for want of a password: {:.1?}",
        median(&mut starts)
    );
}

fn cold_sign_in(latency: Duration) {
    let sandbox = Sandbox::with(Options {
        latency,
        ..Options::default()
    });
    let home = Home::new(&sandbox, "bob");
    let (mut times, mut own) = (Vec::new(), Vec::new());
    let (mut requests, mut handshakes) = (0, 0);
    for _ in 0..15 {
        home.stop_agent();
        sandbox.forget_used_codes();
        sandbox.clear_log();
        let before = sandbox.handshakes(Server::Org) + sandbox.handshakes(Server::Sts);
        let (start, children) = (Instant::now(), processor_time_of_children());
        home.exec_with_password(&sandbox);
        times.push(start.elapsed());
        let client = processor_time_of_children().saturating_sub(children);
        own.push(client + processor_time(home.agent_pid()));
        requests = sandbox.log().len();
        handshakes = sandbox.handshakes(Server::Org) + sandbox.handshakes(Server::Sts) - before;
    }
    println!(
        "cold sign-in, password + code, every answer {latency:?} late: {:.1?}; {requests} \
         requests (one opens the STS connection beside the path), {handshakes} TLS handshakes; \
         processor time of client and agent {:.1?}",
        median(&mut times),
        median(&mut own)
    );
}

/// 500 roles of a server with 80 ms latency. The sandbox verifies each assertion on the same cores.
fn every_role() {
    for (roles, latency) in [(500, 80), (500, 0)] {
        let latency = Duration::from_millis(latency);
        let sandbox = Sandbox::with(Options {
            extra_roles: roles - 6,
            latency,
            ..Options::default()
        });
        let home = Home::of_every_app(&sandbox, "alice");
        home.log_in(&sandbox);
        sandbox.clear_log();
        let start = Instant::now();
        let status = home
            .ob(&["write", "--all"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let took = start.elapsed();
        assert!(status.unwrap().success());
        let calls = sandbox.sts_calls("AssumeRoleWithSAML");
        let mut on_connection = std::collections::HashMap::<u64, usize>::new();
        for call in &calls {
            *on_connection.entry(call.connection).or_default() += 1;
        }
        let in_a_row = on_connection.values().max().copied().unwrap_or_default();
        println!(
            "ob write --all, {} roles, every answer {latency:?} late: {took:.2?}; {} connections, \
             at most {in_a_row} calls one behind the other",
            calls.len(),
            on_connection.len(),
        );
    }
}

fn agent_under_load() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    home.sign_in(&sandbox);
    let pid = home.agent_pid();
    println!("agent at rest: {} KiB resident", resident(pid));
    for clients in [1usize, 10, 100] {
        let total = 20_000;
        let left = AtomicUsize::new(total);
        let start = Instant::now();
        let mut times: Vec<Duration> = thread::scope(|scope| {
            let threads: Vec<_> = (0..clients)
                .map(|_| {
                    scope.spawn(|| {
                        let mut times = Vec::new();
                        while left
                            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                                n.checked_sub(1)
                            })
                            .is_ok()
                        {
                            let start = Instant::now();
                            status(&home);
                            times.push(start.elapsed());
                        }
                        times
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        let rate = total as f64 / start.elapsed().as_secs_f64();
        println!(
            "agent, {clients} clients: {rate:.0} answers/s, p50 {:.1?}",
            median(&mut times)
        );
    }
    println!("agent after it: {} KiB resident", resident(pid));
}

fn status(home: &Home) {
    let mut link = link::connect(&home.runtime()).unwrap().unwrap();
    link.request(Request::Status).unwrap();
    assert!(matches!(
        link.recv().unwrap(),
        FromAgent::Reply(Reply::Status(_))
    ));
}

/// A thousand commands at once, without a session.
fn run_clients() {
    let sandbox = Sandbox::start();
    let home = Home::new(&sandbox, "bob");
    for name in ["cold", "warm"] {
        sandbox.clear_log();
        let start = Instant::now();
        let children: Vec<_> = (0..1000)
            .map(|_| home.spawn_exec_with_password(&sandbox))
            .collect();
        let failures = children
            .into_iter()
            .filter_map(|mut child| child.wait().ok())
            .filter(|status| !status.success())
            .count();
        let sign_ins = sandbox.requests(Server::Org, "/api/v1/authn").len();
        let sts = sandbox.sts_calls("AssumeRoleWithSAML").len();
        println!(
            "1000 ob exec at once, {name}: {:.1?}, {failures} failures, {sign_ins} requests to \
             authn, {sts} STS calls",
            start.elapsed()
        );
    }
    println!(
        "agent after the crowds: {} KiB resident",
        resident(home.agent_pid())
    );
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Returns the processor time of children that were waited for, in user and kernel mode.
fn processor_time_of_children() -> Duration {
    let used = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let micros = |time: nix::sys::time::TimeVal| {
        Duration::from_micros(u64::try_from(time.num_microseconds()).unwrap())
    };
    micros(used.user_time()) + micros(used.system_time())
}

/// Returns the processor time of a running process.
fn processor_time(pid: u32) -> Duration {
    let account = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    Duration::from_nanos(account.split(' ').next().unwrap().parse().unwrap())
}

/// Returns the resident size in KiB, as the kernel reports it.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
