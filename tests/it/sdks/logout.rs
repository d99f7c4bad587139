//! `ob logout`, and keys that were issued before.

use ob_sandbox::{Fault, FaultKind};
use serde_json::json;

use super::tools::{ENGINEER, boto3, dev, failure, json, local_time, printed};
use crate::support::{TestEnv, run};

/// Returns its messages.
fn said(env: &TestEnv) -> String {
    let answer = run(&mut env.ob(["logout"]), "");
    assert!(answer.status.success() && answer.stdout.is_empty());
    answer.stderr.to_owned()
}

#[test]
fn issued_keys_stay_valid_after_logout_as_reported() {
    let env = dev();
    env.sign_in();
    // A sign-in alone issues no keys.
    assert_eq!(said(&env), "ob: signed out\n");
    assert_eq!(said(&env), "ob: nobody was signed in\n");
    env.sign_in();
    let keys = json(&mut env.ob(["credential", "-p", "dev"]));
    let until = local_time(keys["Expiration"].as_str().unwrap());
    let reported = said(&env);
    let (first, second) = reported.split_once('\n').unwrap();
    assert_eq!(first, "ob: signed out");
    assert!(
        second.starts_with("ob: AWS keys that were handed out stay valid until ")
            && second.contains(&format!("{until} ("))
            && second.ends_with("): AWS takes none back\n"),
        "{second}"
    );
    // A second sign-out still reports it; the minutes left may be fewer by then.
    let again = said(&env);
    let (first, second) = again.split_once('\n').unwrap();
    assert_eq!(first, "ob: nobody was signed in");
    assert!(second.contains(&format!("{until} (")), "{second}");
    let mut asked = boto3(&env);
    for (variable, key) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        asked.env(variable, keys[key].as_str().unwrap());
    }
    assert!(printed(&mut asked).starts_with(ENGINEER));
    env.sign_in();
    for sessions in [1, 0] {
        assert_eq!(
            json(&mut env.ob(["logout", "--json"])),
            json!({ "sessions": sessions, "keys_valid_until": keys["Expiration"] })
        );
    }
    // Only this agent's keys are known.
    run(&mut env.ob(["agent", "stop"]), "");
    assert_eq!(
        json(&mut env.ob(["logout", "--json"])),
        json!({ "sessions": 0, "keys_valid_until": null })
    );
}

#[test]
fn keys_of_every_role_count_as_handed_out() {
    let env = dev();
    env.sign_in();
    let written = json(&mut env.ob(["write", "--all", "--json"]));
    let written = written["written"].as_array().unwrap();
    let last = written.iter().map(|role| role["expires_at"].as_str());
    let answer = json(&mut env.ob(["logout", "--json"]));
    assert_eq!(answer["keys_valid_until"].as_str(), last.max().unwrap());
}

#[test]
fn logout_wipes_everything_and_exits_5_without_okta() {
    let env = dev();
    env.sign_in();
    let keys = json(&mut env.ob(["credential", "-p", "dev"]));
    let away = Fault::org("/", FaultKind::CloseBeforeAnswer);
    env.sandbox.fault(away.always());
    let (code, report) = failure(&mut env.ob(["--json", "logout"]));
    assert_eq!((code, &report["error"]), (5, &json!("logout.server")));
    let until = local_time(keys["Expiration"].as_str().unwrap());
    assert!(report["hints"].to_string().contains(&until), "{report}");
    assert_eq!(report["keys_valid_until"], keys["Expiration"], "{report}");
    let status = env.status();
    let held = (&status["sessions"], &status["roles"]);
    assert_eq!(held, (&json!([]), &json!([])), "{status}");
}
