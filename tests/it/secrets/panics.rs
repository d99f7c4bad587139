//! A panic at each of twenty-one points, with a secret in its payload.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use ob_sandbox::Options;

use super::observers::{self, Sightings, Watcher};
use super::{needles, trace};
use crate::support::{Finished, SOON, TestEnv, counted, run};

/// Each point, the verb that reaches it, and the user.
const POINTS: [(&str, &str, &str); 21] = [
    ("agent.conversation", "login", "carol"),
    ("agent.request", "login", "carol"),
    ("agent.sign_in", "login", "carol"),
    ("agent.signed_in", "login", "carol"),
    ("agent.keep_credentials", "exec", "carol"),
    ("agent.issue", "exec", "carol"),
    ("agent.sign_out", "logout", "carol"),
    ("flow.password", "login", "carol"),
    ("flow.passcode", "login", "bob"),
    ("flow.settle", "login", "carol"),
    ("flow.open", "exec", "carol"),
    ("flow.sign_on", "vpn", "carol"),
    ("flow.assertion", "exec", "carol"),
    ("flow.redeem", "exec", "carol"),
    ("flow.issued", "exec", "carol"),
    ("client.typed", "login", "carol"),
    ("client.password", "login", "carol"),
    ("client.passcode", "login", "bob"),
    ("client.received", "exec", "carol"),
    ("client.replace", "exec", "carol"),
    ("client.export", "env", "carol"),
];

/// Makes `ob VERB` panic at `point`.
fn run_with_panic(env: &TestEnv, point: &str, verb: &str) -> Finished {
    let with = |arguments: &[&str], input: &str| {
        let mut command = env.ob(arguments);
        command.env("OB_PANIC_AT", point);
        run(command, input)
    };
    let mut words = vec![verb, "-vvv"];
    if verb == "logout" {
        assert_eq!(
            with(&["login", "--password-stdin"], &env.answers()).code(),
            Some(0)
        );
        return with(&words, "");
    }
    if verb == "vpn" {
        env.write_settings(&(env.browser_settings() + &env.vpn_table()));
        return with(&["vpn", "profile", "--explain", "-vvv"], "");
    }
    words.extend(env.answer_flags());
    if env.user().has_totp() {
        words.extend(["--factor", "totp"]);
    }
    match verb {
        "exec" => words.extend(["--", "true"]),
        "env" => words.extend(["--shell", "bash"]),
        _ => {}
    }
    with(&words, &env.answers())
}

#[test]
fn panic_at_any_of_21_points_leaks_nothing() {
    for (point, verb, user) in counted::<21, _>(POINTS) {
        let options = Options {
            interclient_trust: true,
            ..Options::default()
        };
        let env = TestEnv::with(user, options).configured();
        let watcher = Watcher::new();
        let ended = run_with_panic(&env, point, verb);
        let needles = needles(&env);
        let mut seen: Sightings = watcher.end(&needles);
        seen.extend(observers::outputs(&ended, &needles));
        seen.extend(observers::machine(&env, &needles));
        assert_eq!(seen, Sightings::new(), "{point}");
        // Repeated, the request finds the session already removed from the agent's vault.
        let was_reached = match point {
            "agent.sign_out" => ended.stderr.contains("nobody was signed in"),
            _ => ended.code() != Some(0),
        };
        assert!(was_reached, "{point} was not reached: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{point}");
        // An agent that panics at every request cannot be stopped by a request.
        for agent in env.agents() {
            kill(agent, Signal::SIGTERM).unwrap();
        }
        assert!(env.agents_gone_within(SOON), "{point}");
        if point.starts_with("client.") {
            let places = ["src/commands/", "src/client/"];
            assert!(
                places.iter().any(|place| ended.stderr.contains(place)),
                "{point}: {}",
                ended.stderr
            );
        }
    }
}

#[test]
fn agent_panic_prints_its_location_and_not_its_payload() {
    let env = TestEnv::of("carol").configured();
    let script = "export OB_PANIC_AT=flow.redeem; ob exec --password-stdin -- true; ob agent stop";
    let trace = trace::traced(&env, script, &env.answers());
    let writes = trace.writes_into("/dev/null");
    let place = |line: &String| line.contains("src/flow/assume_role/");
    assert!(writes.iter().any(place), "{writes:?}");
    let hits = needles(&env).in_bytes(writes.concat().as_bytes());
    assert_eq!(hits, [], "{writes:?}");
}

#[test]
fn panic_is_reported_as_json_on_request() {
    let env = TestEnv::of("carol").configured();
    for (words, json) in counted::<3, _>([
        (&["login", "--json", "--password-stdin"][..], true),
        (&["exec", "--json", "--password-stdin", "--", "true"], true),
        (&["exec", "--password-stdin", "--", "true", "--json"], false),
    ]) {
        let mut command = env.ob(words);
        command.env("OB_PANIC_AT", "client.typed");
        let ended = run(command, env.answers());
        assert_eq!(ended.stderr.lines().count() == 1, json, "{}", ended.stderr);
        assert_eq!(ended.error() == "internal.panic", json, "{}", ended.stderr);
        let place = "src/client/stdin_answers.rs:";
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
        assert_eq!(
            (
                needles(&env).in_bytes(ended.stderr.as_bytes()),
                &*ended.stdout
            ),
            (vec![], "")
        );
    }
}

#[test]
fn every_panic_point_of_the_program_is_in_the_table() {
    fn points(directory: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                points(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for call in text.split("panic_point(").skip(1) {
                if let Some(rest) = call.trim_start().strip_prefix('"') {
                    found.insert(rest.split('"').next().unwrap().to_owned());
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    points(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    let table: BTreeSet<String> = POINTS.iter().map(|point| point.0.to_owned()).collect();
    assert_eq!(found, table);
}
