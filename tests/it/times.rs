//! Times: in the user's zone in messages, RFC 3339 in UTC in JSON.

use ob::clock::{Clock, Zone};
use ob::model::Timestamp;

use crate::shells::machine;
use crate::support::{TestEnv, run};

/// A zone that no machine has as its own.
const TZ: &str = "XYZ-3:17";

fn said(env: &TestEnv, words: &[&str]) -> String {
    let mut command = env.ob(words);
    let ended = run(command.env("TZ", TZ), "");
    assert!(ended.status.success(), "{}", &ended.stderr);
    ended.stdout.to_owned() + &ended.stderr
}

/// Returns a JSON time as messages show it, without the distance, which changes during the test.
fn on_their_clock(utc: &serde_json::Value) -> String {
    let at = Timestamp::from_rfc3339(utc.as_str().unwrap()).unwrap();
    assert!(utc.as_str().unwrap().ends_with('Z'), "{utc}");
    let zone = Zone::of(&[("TZ", TZ)].into_iter().collect());
    let shown = zone.format(at, Clock::system().now());
    shown.split_once(" (in ").unwrap().0.to_owned() + " (in "
}

/// Checks that the messages of `words` show the time that `of` reads from the JSON; it may advance
/// meanwhile.
fn tells(
    env: &TestEnv,
    words: &[&str],
    before: &str,
    of: fn(&serde_json::Value) -> &serde_json::Value,
) {
    let json = || -> serde_json::Value {
        serde_json::from_str(&said(env, &[words, &["--json"]].concat())).unwrap()
    };
    let then = json();
    let seen = said(env, words);
    let either = [then, json()].map(|json| format!("{before}{}", on_their_clock(of(&json))));
    assert!(
        either.iter().any(|time| seen.contains(time)),
        "{words:?}: {either:?} in {seen}"
    );
    assert!(!seen.contains("00Z") && !seen.contains("UTC"), "{seen}");
}

#[test]
fn every_verb_tells_people_their_own_time_and_programs_utc() {
    let env = machine();
    env.sign_in();
    let write = ["write", "-p", "prod"];
    tells(
        &env,
        &write,
        "good until ",
        |json| &json["written"][0]["expires_at"],
    );
    tells(
        &env,
        &["status"],
        ", until ",
        |json| &json["sessions"][0]["ends_if_unused"],
    );
    tells(
        &env,
        &["status"],
        ", until ",
        |json| &json["roles"][0]["expires_at"],
    );
    tells(
        &env,
        &["login"],
        "bob@acme.com, until ",
        |json| &json["ends_if_unused"],
    );
    // The time of a cached list.
    said(&env, &["roles"]);
    let seen = said(&env, &["roles"]);
    assert!(
        seen.contains("ob: as of ") && seen.contains("); `ob roles --refresh`"),
        "{seen}"
    );
}
