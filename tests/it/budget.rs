//! Counted costs: system calls and opened files before a warm `ob exec` becomes its command,
//! requests and handshakes of a sign-in and of a renewal.

use std::fs;
use std::time::Duration;

use ob_sandbox::{Options, Server};

use crate::support::{TestEnv, run};

const OB: &str = env!("CARGO_BIN_EXE_ob");

/// Returns the system calls under strace, one a line, up to the exec of `/bin/true`.
fn calls_before_exec(env: &TestEnv) -> Vec<String> {
    let trace = env.path("trace");
    let mut command = env.command("strace");
    command.args(["-f", "-o"]).arg(&trace);
    command.args([OB, "exec", "--", "/bin/true"]);
    let ended = run(command, "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let text = fs::read_to_string(&trace).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let exec = |line: &String| line.contains("execve(\"/bin/true\"");
    let end = lines.iter().position(exec).unwrap();
    // The first line is the exec of ob itself, made by strace's child.
    lines[1..end].to_vec()
}

#[test]
fn warm_exec_makes_100_calls_at_most_and_no_thread() {
    let env = TestEnv::of("carol").configured();
    let cold = env.answered(&["exec", "--", "true"]);
    assert_eq!(cold.code(), Some(0), "{}", cold.stderr);
    let calls = calls_before_exec(&env);
    let calls_of = |names: &[&str]| -> Vec<&String> {
        let is = |line: &&String| {
            let call = line
                .split_once(' ')
                .map_or("", |(_, call)| call.trim_start());
            names
                .iter()
                .any(|name| call.starts_with(&format!("{name}(")))
        };
        calls.iter().filter(is).collect()
    };
    let opens: Vec<_> = calls_of(&["open", "openat"]);
    // A debug build checks each descriptor before closing it, and its linker keeps libm.
    let debug_checks = calls.iter().filter(|line| line.contains("F_GETFD")).count();
    let libm = calls
        .iter()
        .skip_while(|line| !line.contains("/libm.so"))
        .position(|line| line.contains("close("))
        .map_or(0, |last| last + 1);
    let count = calls.len() - debug_checks - libm;
    let opened = opens.len() - usize::from(libm > 0);
    println!("{count} calls, {opened} opens");
    assert!(count <= 100, "{count} calls:\n{}", calls.join("\n"));
    assert!(opened <= 8, "{opens:#?}");
    assert_eq!(
        calls_of(&["clone", "clone3", "fork", "vfork"]),
        Vec::<&String>::new()
    );
    assert_eq!(
        calls_of(&["epoll_create1", "epoll_create", "eventfd2", "eventfd"]),
        Vec::<&String>::new()
    );
    let sockets = calls_of(&["socket"]);
    assert!(
        sockets.len() == 1 && sockets[0].contains("AF_UNIX"),
        "{sockets:#?}"
    );
    let certificates = calls
        .iter()
        .filter(|line| line.contains("/ssl/") || line.contains("resolv.conf"));
    assert_eq!(certificates.count(), 0);
}

fn paths(env: &TestEnv, server: Server) -> Vec<String> {
    let log = env.sandbox.requests(server, "/");
    log.iter()
        .map(|request| format!("{} {}", request.method, request.path))
        .collect()
}

#[test]
fn cold_sign_in_is_four_requests_and_two_handshakes() {
    // Each server is slow enough for the connection to STS to be open when it is needed.
    let options = Options {
        latency: Duration::from_millis(100),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options).configured();
    let ended = env.answered(&["exec", "--", "true"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let org = paths(&env, Server::Org);
    assert_eq!(org.len(), 3, "{org:#?}");
    assert_eq!(org[0], "POST /api/v1/authn");
    assert!(org[1].starts_with("POST /api/v1/authn/factors/"));
    assert!(org[2].starts_with("GET /home/amazon_aws/"));
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
    // The connection to STS is opened while the user types.
    assert_eq!(paths(&env, Server::Sts), ["HEAD /", "POST /"]);
    assert_eq!(
        (
            env.sandbox.handshakes(Server::Org),
            env.sandbox.handshakes(Server::Sts)
        ),
        (1, 1)
    );
}

#[test]
fn pipeline_query_and_app_search_cost_one_request_each() {
    let env = TestEnv::of("carol").configured();
    let app = env
        .full_settings()
        .lines()
        .find(|line| line.starts_with("app ="))
        .unwrap()
        .to_owned();
    env.write_settings(
        &env.full_settings()
            .replace(&app, "")
            .replace("sign_in = 'terminal'", "sign_in = 'auto'"),
    );
    let ended = env.answered(&["exec", "--", "true"]);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let mut org = paths(&env, Server::Org);
    org.retain(|line| !line.contains("/login/sessionCookieRedirect"));
    assert_eq!(org.len(), 4, "{org:#?}");
    assert_eq!(env.sandbox.handshakes(Server::Org), 1);
}

#[test]
fn renewal_is_two_requests_on_two_new_connections() {
    let env = TestEnv::of("bob").configured();
    env.answered(&["exec", "--", "true"]);
    let handshakes = (
        env.sandbox.handshakes(Server::Org),
        env.sandbox.handshakes(Server::Sts),
    );
    let before = env.sandbox.log().len();
    // Another duration needs new credentials.
    let ended = run(env.ob(["exec", "--duration", "30m", "--", "true"]), "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let log = env.sandbox.log();
    let new: Vec<_> = log[before..]
        .iter()
        .map(|request| (request.server, request.method.as_str()))
        .collect();
    assert_eq!(new, [(Server::Org, "GET"), (Server::Sts, "POST")]);
    assert_eq!(
        (
            env.sandbox.handshakes(Server::Org),
            env.sandbox.handshakes(Server::Sts)
        ),
        (handshakes.0 + 1, handshakes.1 + 1)
    );
}

#[test]
fn warm_exec_asks_no_server() {
    let env = TestEnv::with("carol", Options::default()).configured();
    env.answered(&["exec", "--", "true"]);
    let before = env.sandbox.log().len();
    for _ in 0..3 {
        assert_eq!(run(env.ob(["exec", "--", "true"]), "").code(), Some(0));
    }
    assert_eq!(env.sandbox.log().len(), before);
}
