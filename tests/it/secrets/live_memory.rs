//! The agent's memory, read as root, while the session lives: secrets that only the sign-in needed
//! are gone; the agent holds the session's cookies or tokens and the credentials it can hand out.

use nix::unistd::Pid;
use ob_sandbox::{Fault, FaultKind, Options, Pipeline, PushScript, Server};

use super::memory::secrets;
use super::needles::Needles;
use crate::support::{TestEnv, counted, eventually, run};

/// Kinds that belong to the session itself and stay until it ends.
const SESSION_KINDS: [&str; 6] = [
    "sid",
    "DT",
    "access-token",
    "refresh-token",
    "id-token",
    "machine-token",
];
/// Kinds of credentials for roles: cached ones stay, those of an intermediate step do not.
const AWS_KINDS: [&str; 2] = ["aws-secret-access-key", "aws-session-token"];
/// Bytes of a long secret per needle: what is left of a buffer may be any part of it.
const PART_BYTES: usize = 160;

const CHAIN: &str = "chain = ['arn:aws:iam::210987654321:role/Admin']\n";

/// A way to obtain credentials.
struct Route {
    name: &'static str,
    user: &'static str,
    options: fn() -> Options,
    settings: fn(&TestEnv) -> String,
    /// The first verb signs in.
    verbs: &'static [&'static [&'static str]],
    /// Number of roles that the agent caches afterwards.
    held: usize,
}

fn identity_engine() -> Options {
    Options {
        pipeline: Pipeline::Idx,
        ..Options::default()
    }
}

fn browser_and_vpn() -> Options {
    Options {
        interclient_trust: true,
        ..Options::default()
    }
}

fn with_signin_endpoint(env: &TestEnv) -> String {
    let sts = format!("sts_endpoint = '{}'\n", env.sandbox.sts_url());
    let signin = format!("signin_endpoint = '{}/federation'\n", env.sandbox.sts_url());
    env.full_settings().replace(&sts, &(sts.clone() + &signin))
}

const EXEC: &[&str] = &["exec", "--", "true"];
const PROFILE: &[&str] = &["vpn", "profile"];

const ROUTES: [Route; 14] = [
    Route {
        name: "Classic, password",
        user: "carol",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[EXEC],
        held: 1,
    },
    Route {
        name: "Classic, password and code",
        user: "bob",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[EXEC],
        held: 1,
    },
    Route {
        name: "Classic, push, then another duration",
        user: "dave",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[EXEC, &["exec", "--duration", "30m", "--", "true"]],
        held: 2,
    },
    Route {
        name: "Identity Engine, password and code",
        user: "bob",
        options: identity_engine,
        settings: |env| env.full_settings().replace("'terminal'", "'auto'"),
        verbs: &[EXEC],
        held: 1,
    },
    Route {
        name: "login alone, then exec",
        user: "bob",
        options: identity_engine,
        settings: |env| env.full_settings().replace("'terminal'", "'auto'"),
        verbs: &[&["login"], EXEC],
        held: 1,
    },
    Route {
        name: "login alone",
        user: "carol",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[&["login"]],
        held: 0,
    },
    Route {
        name: "browser, then the VPN",
        user: "alice",
        options: browser_and_vpn,
        settings: |env| env.browser_settings() + &env.vpn_table(),
        verbs: &[EXEC, PROFILE],
        held: 1,
    },
    Route {
        name: "the VPN, by Classic",
        user: "carol",
        options: Options::default,
        settings: |env| env.full_settings() + &env.vpn_table(),
        verbs: &[&["login"], PROFILE],
        held: 0,
    },
    Route {
        name: "Identity Engine, push",
        user: "dave",
        options: identity_engine,
        settings: |env| env.full_settings().replace("'terminal'", "'auto'"),
        verbs: &[EXEC],
        held: 1,
    },
    Route {
        name: "Identity Engine, then the VPN",
        user: "carol",
        options: identity_engine,
        settings: |env| env.full_settings().replace("'terminal'", "'auto'") + &env.vpn_table(),
        verbs: &[EXEC, PROFILE],
        held: 1,
    },
    Route {
        name: "the list of roles",
        user: "alice",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[&["login"], &["roles"]],
        held: 0,
    },
    Route {
        name: "a chain of roles",
        user: "alice",
        options: Options::default,
        settings: |env| env.full_settings() + CHAIN,
        verbs: &[EXEC],
        held: 1,
    },
    Route {
        name: "the console",
        user: "carol",
        options: Options::default,
        settings: with_signin_endpoint,
        verbs: &[EXEC, &["console", "--print"]],
        held: 1,
    },
    Route {
        name: "write --all",
        user: "alice",
        options: Options::default,
        settings: TestEnv::full_settings,
        verbs: &[&["login"], &["write", "--all"]],
        held: 0,
    },
];

/// Returns every secret that must be gone, long ones in parts.
fn must_be_gone(env: &TestEnv, held: usize) -> Needles {
    let canaries = env.sandbox.canaries();
    let issued = canaries
        .iter()
        .filter(|(kind, _)| kind == AWS_KINDS[0])
        .count();
    let mut seen = [0; 2];
    let mut parts = Vec::new();
    for (kind, value) in canaries {
        if let Some(place) = AWS_KINDS.iter().position(|known| *known == kind) {
            seen[place] += 1;
            if seen[place] + held > issued {
                continue;
            }
        }
        if SESSION_KINDS.contains(&kind.as_str()) {
            continue;
        }
        if kind == "passcode" {
            // Six digits occur everywhere by chance, but not after this name.
            for name in ["passCode", "passcode"] {
                parts.push(("typed code".into(), format!("{name}\":\"{value}\"")));
            }
            continue;
        }
        let bytes = value.as_bytes();
        for part in bytes
            .chunks(PART_BYTES)
            .filter(|part| part.len() > 60 || bytes.len() <= PART_BYTES)
        {
            parts.push((kind.clone(), String::from_utf8_lossy(part).into_owned()));
        }
    }
    Needles::new(parts)
}

fn agent_after(env: &TestEnv, route: &Route) -> Pid {
    for (at, verb) in route.verbs.iter().enumerate() {
        let ended = match at {
            0 => env.answered(verb),
            _ => run(env.ob(*verb), ""),
        };
        assert_eq!(ended.code(), Some(0), "{}: {}", route.name, ended.stderr);
    }
    env.agent().unwrap()
}

#[test]
fn live_session_keeps_nothing_of_its_sign_in() {
    let mut left = Vec::new();
    for route in &counted::<14, _>(ROUTES) {
        let env = TestEnv::with(route.user, (route.options)()).configured();
        env.sandbox.push(PushScript::approve());
        env.write_settings(&(route.settings)(&env));
        let agent = agent_after(&env, route);
        let found = secrets(agent, &must_be_gone(&env, route.held));
        if !found.is_empty() {
            left.push((route.name, found));
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn live_session_of_a_machine_keeps_no_pem() {
    for keep in counted::<2, _>([false, true]) {
        let env = TestEnv::of("alice").configured();
        let (settings, pem) = env.machine_settings();
        env.write_settings(&settings);
        let verbs: &[&[&str]] = if keep { &[EXEC, EXEC] } else { &[EXEC] };
        for verb in verbs {
            let mut command = env.ob(*verb);
            command.env("CI_KEY", pem);
            let ended = run(command, "");
            assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        }
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let needles = Needles::new(lines.map(|line| ("key".to_owned(), line.to_owned())));
        let found = secrets(env.agent().unwrap(), &needles);
        assert_eq!(found, Vec::<String>::new());
    }
}

/// A request that fails after the assertion was fetched, or after STS was asked.
#[test]
fn failed_request_keeps_nothing_of_its_assertion() {
    let denied = FaultKind::Status {
        code: 403,
        headers: Vec::new(),
        body: b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>".to_vec(),
    };
    for (verb, fault) in counted::<2, _>([
        (&["exec", "-r", "NoSuchRole", "--", "true"][..], None),
        (EXEC, Some(denied)),
    ]) {
        let env = TestEnv::of("carol").configured();
        if let Some(kind) = fault {
            env.sandbox
                .fault(Fault::sts("AssumeRoleWithSAML", kind).always());
        }
        let ended = env.answered(verb);
        assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
        let canaries = env.sandbox.canaries();
        assert!(canaries.iter().any(|(kind, _)| kind == "SAMLResponse"));
        let found = secrets(env.agent().unwrap(), &must_be_gone(&env, 0));
        assert_eq!(found, Vec::<String>::new(), "{verb:?}");
    }
}

/// The previous session's tokens are revoked over the new session's connections.
#[test]
fn replaced_session_leaves_none_of_its_tokens() {
    let env = TestEnv::of("alice").configured();
    env.write_settings(&env.browser_settings());
    assert_eq!(env.answered(&["login"]).code(), Some(0));
    let tokens = env.sandbox.canaries().into_iter();
    let old: Vec<_> = tokens
        .filter(|(kind, _)| SESSION_KINDS.contains(&kind.as_str()))
        .collect();
    assert!(old.iter().any(|(kind, _)| kind == "refresh-token"));
    env.write_settings(&env.browser_settings());
    env.sandbox.clear_log();
    let ended = run(env.ob(["login", "--again"]), "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let revoked = || env.sandbox.requests(Server::Org, "/oauth2/v1/revoke").len();
    eventually("both tokens are revoked", || revoked() == 2);
    let (agent, needles) = (env.agent().unwrap(), Needles::new(old));
    eventually("they are gone", || secrets(agent, &needles).is_empty());
}
