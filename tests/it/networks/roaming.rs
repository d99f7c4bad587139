//! Proxies and CA bundles that change between two commands.

use ob_sandbox::Server;
use serde_json::Value;

use super::{assert_ran, exec_by, ob_by, sign_in_by};
use crate::hostile::proxy::{Behavior, Proxy};
use crate::support::{Pty, TestEnv, eventually};

/// Carol's settings with a second profile, whose credentials are cached separately.
fn roaming() -> TestEnv {
    let env = TestEnv::of("carol").configured();
    let settings = env.full_settings();
    let (_, dev) = settings.split_once("[profiles.dev]").unwrap();
    env.write_settings(&format!(
        "{settings}\n[profiles.other]{dev}duration = '15m'\n"
    ));
    env
}

fn causes(report: &Value) -> String {
    report["causes"].to_string()
}

#[test]
fn office_proxy_unset_at_home_is_used_no_more() {
    let env = roaming();
    let office = Proxy::new(Behavior::Forward);
    let through = [("HTTPS_PROXY", office.address.as_str())];
    sign_in_by(&env, &through);
    assert_ran(&exec_by(&env, &through, &[]));
    let requests = office.requests().len();
    assert!(requests > 0);
    office.stop();
    assert_ran(&exec_by(&env, &[], &["-p", "other"]));
    assert_eq!(
        (office.requests().len(), env.passwords_sent()),
        (requests, 1)
    );
}

#[test]
fn proxy_newly_required_takes_every_connection() {
    let env = roaming();
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    let before = env.sandbox.connections(Server::Org) + env.sandbox.connections(Server::Sts);
    let hotel = Proxy::new(Behavior::Forward);
    assert_ran(&exec_by(
        &env,
        &[("https_proxy", &hotel.address)],
        &["-p", "other"],
    ));
    let after = env.sandbox.connections(Server::Org) + env.sandbox.connections(Server::Sts);
    assert!(after > before, "connections of another route were shared");
    assert_eq!(
        (hotel.requests().len(), env.passwords_sent()),
        (after - before, 1)
    );
}

#[test]
fn changed_proxy_misses_no_cached_credentials() {
    let env = roaming();
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    assert_ran(&exec_by(
        &env,
        &[("HTTPS_PROXY", "http://127.0.0.1:1")],
        &[],
    ));
    std::fs::copy(env.path("ca.pem"), env.path("other.pem")).unwrap();
    let settings = env.full_settings();
    env.write_settings(&settings.replace("/ca.pem", "/other.pem"));
    assert_ran(&exec_by(&env, &[], &[]));
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
    assert_eq!(env.passwords_sent(), 1);
}

#[test]
fn dead_proxy_of_the_caller_is_named_and_nothing_is_sent() {
    let env = roaming();
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    env.sandbox.clear_log();
    let dead = [("HTTPS_PROXY", "http://alice:canary-proxy@127.0.0.1:1")];
    let ended = exec_by(&env, &dead, &["-p", "other"]);
    let report = ended.report();
    assert_eq!((ended.code(), &*ended.error()), (Some(5), "http.connect"));
    let causes = causes(&report);
    assert!(
        causes.contains("cannot connect to the proxy 127.0.0.1:1"),
        "{causes}"
    );
    assert!(
        causes.contains(
            "signed in with other network settings: no proxy; now the proxy http://127.0.0.1:1"
        ),
        "{causes}"
    );
    assert!(
        report["hints"].to_string().contains("unset HTTPS_PROXY"),
        "{report}"
    );
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert!(
        env.sandbox.log().is_empty(),
        "something went past the proxy"
    );
    // The session is unaffected.
    assert_ran(&exec_by(&env, &[], &["-p", "other"]));
    assert_eq!(
        env.passwords_sent(),
        0,
        "the log was cleared after the only sign-in"
    );
}

#[test]
fn missing_proxy_is_suggested_by_a_hint() {
    let env = roaming();
    let office = Proxy::new(Behavior::Forward);
    sign_in_by(&env, &[("HTTPS_PROXY", &office.address)]);
    env.sandbox.stop();
    let ended = exec_by(&env, &[], &[]);
    let report = ended.report();
    assert_eq!(ended.code(), Some(5), "{report}");
    let type_it = format!("export HTTPS_PROXY={}", office.address);
    assert!(report["hints"].to_string().contains(&type_it), "{report}");
    assert!(causes(&report).contains("now no proxy"), "{report}");
}

#[test]
fn ca_bundle_set_later_takes_effect_at_the_next_request() {
    let env = roaming();
    sign_in_by(&env, &[]);
    let other = TestEnv::of("carol").configured();
    let good = std::fs::read(env.path("ca.pem")).unwrap();
    env.write("ca.pem", other.sandbox.ca_pem());
    env.sandbox.clear_log();
    let ended = exec_by(&env, &[], &[]);
    // The other authority has the same name and another key.
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.tls_authority")
    );
    assert!(
        env.sandbox.log().is_empty(),
        "a cookie was sent to a server nobody vouches for"
    );
    assert!(
        causes(&ended.report()).contains("another version of the CA bundle"),
        "{}",
        ended.stderr
    );
    env.write("ca.pem", good);
    assert_ran(&exec_by(&env, &[], &[]));
    assert_eq!(
        env.passwords_sent(),
        0,
        "the log was cleared after the only sign-in"
    );
}

#[test]
fn ca_bundle_taken_away_is_noticed() {
    let env = roaming();
    sign_in_by(&env, &[]);
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let lines = settings
        .lines()
        .filter(|line| !line.starts_with("ca_bundle"));
    env.write_settings(&lines.collect::<Vec<_>>().join("\n"));
    let ended = exec_by(&env, &[], &[]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(5), "http.tls_authority")
    );
    let bundle = env.path("ca.pem").display().to_string();
    assert!(
        ended.report()["hints"].to_string().contains(&bundle),
        "{}",
        ended.stderr
    );
    // An unreadable bundle is an error of the caller's settings, where it is needed.
    env.write_settings(&settings.replace("/ca.pem", "/missing.pem"));
    let ended = exec_by(&env, &[], &[]);
    assert_eq!(
        (ended.code(), &*ended.error()),
        (Some(2), "config.unreadable")
    );
}

#[test]
fn logout_from_another_network_ends_the_session_at_okta() {
    for (login, logout) in [(true, false), (false, true)] {
        let env = roaming();
        let office = Proxy::new(Behavior::Forward);
        let through = [("HTTPS_PROXY", office.address.as_str())];
        let none: [(&str, &str); 0] = [];
        let by = |proxy: bool| if proxy { &through[..] } else { &none[..] };
        sign_in_by(&env, by(login));
        assert_ran(&exec_by(&env, by(login), &[]));
        if !logout {
            office.stop();
        }
        let requests = office.requests().len();
        let ended = ob_by(&env, by(logout), &["logout"]);
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
        assert_eq!(env.sandbox.live().1, 0, "the session lives on");
        assert_eq!(office.requests().len() > requests, logout);
    }
}

#[test]
fn logout_behind_a_dead_proxy_wipes_and_names_it() {
    let env = roaming();
    sign_in_by(&env, &[]);
    assert_ran(&exec_by(&env, &[], &[]));
    let dead = [("HTTPS_PROXY", "http://127.0.0.1:1")];
    let ended = ob_by(&env, &dead, &["logout", "--json"]);
    assert_eq!((ended.code(), &*ended.error()), (Some(5), "logout.server"));
    let causes = causes(&ended.report());
    assert!(
        causes.contains("the proxy 127.0.0.1:1") && causes.contains("other network settings"),
        "{causes}"
    );
    assert_eq!(env.status()["sessions"], Value::Array(Vec::new()));
}

/// The console's federation endpoint is reached by the caller's network settings as well.
#[test]
fn console_and_role_lists_go_by_the_route_of_the_caller() {
    let env = roaming();
    let settings = env.full_settings();
    let signin = format!(
        "signin_endpoint = '{}/federation'\n\n[profiles",
        env.sandbox.sts_url()
    );
    env.write_settings(&settings.replace("\n[profiles", &signin));
    sign_in_by(&env, &[]);
    let hotel = Proxy::new(Behavior::Forward);
    let through = [("HTTPS_PROXY", hotel.address.as_str())];
    for words in [&["console", "--print"][..], &["roles"]] {
        let before = hotel.requests().len();
        let ended = ob_by(&env, &through, words);
        assert_eq!(ended.code(), Some(0), "{words:?} {}", ended.stderr);
        if before == 0 {
            assert!(hotel.requests().len() >= 2, "{words:?}");
        }
        // Without the proxy again, none of its connections is used.
        let asked = hotel.requests().len();
        let ended = ob_by(&env, &[], words);
        assert_eq!(ended.code(), Some(0), "{words:?} {}", ended.stderr);
        assert_eq!(hotel.requests().len(), asked, "{words:?}");
    }
}

/// Credentials near their end are renewed in the background, with the network settings of the
/// command that was given the old ones.
#[test]
fn background_renewal_uses_the_last_callers_route() {
    let env = roaming();
    let office = Proxy::new(Behavior::Forward);
    sign_in_by(&env, &[("HTTPS_PROXY", &office.address)]);
    assert_ran(&exec_by(&env, &[("HTTPS_PROXY", &office.address)], &[]));
    let requests = office.requests().len();
    env.sandbox.advance_clock(45 * 60);
    // From this answer the agent learns the time.
    let roles = ob_by(&env, &[], &["roles"]);
    assert_eq!(roles.code(), Some(0), "{}", roles.stderr);
    let hotel = Proxy::new(Behavior::Forward);
    assert_ran(&exec_by(&env, &[("HTTPS_PROXY", &hotel.address)], &[]));
    eventually("the renewal is done", || {
        env.sandbox.sts_calls("AssumeRoleWithSAML").len() == 2
    });
    assert!(!hotel.requests().is_empty());
    assert_eq!(office.requests().len(), requests);
}

/// Two terminals with different settings at once: each has its own connections.
#[test]
fn callers_at_once_share_a_session_and_no_connection() {
    let env = roaming();
    sign_in_by(&env, &[]);
    let hotel = Proxy::new(Behavior::Forward);
    let through = [("HTTPS_PROXY", hotel.address.as_str())];
    std::thread::scope(|threads| {
        let one = threads.spawn(|| exec_by(&env, &through, &["-p", "other"]));
        let other = threads.spawn(|| exec_by(&env, &[], &[]));
        assert_ran(&one.join().unwrap());
        assert_ran(&other.join().unwrap());
    });
    assert!(!hotel.requests().is_empty());
    assert_eq!(env.passwords_sent(), 1);
}

#[test]
fn status_and_doctor_report_changed_settings() {
    let env = roaming();
    let office = Proxy::new(Behavior::Forward);
    let through = [("HTTPS_PROXY", office.address.as_str())];
    sign_in_by(&env, &through);
    let stdout = |ended: crate::support::Finished| ended.stdout;
    let words = format!(
        "last used with other network settings: the proxy {}",
        office.address
    );
    let status = stdout(ob_by(&env, &[], &["status"]));
    assert!(status.contains(&words), "{status}");
    assert!(!stdout(ob_by(&env, &through, &["status"])).contains("network settings"));
    let status: Value =
        serde_json::from_str(&stdout(ob_by(&env, &[], &["status", "--json"]))).unwrap();
    assert_eq!(status["sessions"][0]["network"]["proxy"], office.address);
    let doctor = stdout(ob_by(&env, &[], &["doctor"]));
    assert!(
        doctor.contains(&words) && doctor.contains("the next command uses no proxy"),
        "{doctor}"
    );
    assert!(!stdout(ob_by(&env, &through, &["doctor"])).contains("other network settings"));
}

/// Two commands of one terminal, each with its own menu; the first ends before it is answered.
#[test]
fn role_chosen_for_one_caller_takes_no_route_of_another() {
    let env = TestEnv::of("carol").configured();
    env.write_settings(&env.full_settings().replace("default_profile = 'dev'\n", ""));
    env.sign_in();
    let office = Proxy::new(Behavior::Forward);
    let script = format!(
        "HTTPS_PROXY={} ob exec -- true & first=$!; until test -e go; do sleep 0.1; done; \
         ob exec -- echo it \"\"ran & second=$!; until test -e leave; do sleep 0.1; done; \
         kill $first; wait $first; echo first-\"\"gone; wait $second",
        office.address
    );
    let mut command = env.command("sh");
    command
        .args(["-c", &script])
        .env("TERM", "dumb")
        .current_dir(env.path(""));
    let mut pty = Pty::spawn(&command);
    pty.until("Role (1-");
    env.write("go", "");
    pty.until("Role (1-");
    let requests = office.requests().len();
    assert!(requests > 0);
    env.write("leave", "");
    pty.until("first-gone");
    pty.send("1\r");
    pty.until("it ran");
    assert_eq!(office.requests().len(), requests);
}
