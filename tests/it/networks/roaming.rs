//! Proxies and CA bundles that change between two commands.

use ob_sandbox::Server;
use serde_json::Value;

use super::{exec_by, ob_by, ran, sign_in_by};
use crate::hostile::proxy::{Manner, Proxy};
use crate::scene::Scene;
use crate::support::{DEADLINE, Pty, eventually};

/// Carol's settings with one more profile, whose credentials are others.
fn roaming() -> Scene {
    let scene = Scene::of("carol");
    let settings = scene.settings();
    let (_, dev) = settings.split_once("[profiles.dev]").unwrap();
    scene.write_settings(&format!(
        "{settings}\n[profiles.other]{dev}duration = '15m'\n"
    ));
    scene
}

/// How often a password was sent.
fn sign_ins(scene: &Scene) -> usize {
    let requests = scene.sandbox.requests(Server::Org, "/api/v1/authn");
    let with_password = |request: &&ob_sandbox::Logged| request.json()["password"].is_string();
    requests.iter().filter(with_password).count()
}

fn causes(report: &Value) -> String {
    report["causes"].to_string()
}

#[test]
fn office_proxy_unset_at_home_is_used_no_more() {
    let scene = roaming();
    let office = Proxy::new(Manner::Good);
    let through = [("HTTPS_PROXY", office.address.as_str())];
    sign_in_by(&scene, &through);
    ran(&exec_by(&scene, &through, &[]));
    let asked = office.asked().len();
    assert!(asked > 0);
    office.leave();
    ran(&exec_by(&scene, &[], &["-p", "other"]));
    assert_eq!((office.asked().len(), sign_ins(&scene)), (asked, 1));
}

#[test]
fn proxy_newly_required_takes_every_connection() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    ran(&exec_by(&scene, &[], &[]));
    let before = scene.sandbox.connections(Server::Org) + scene.sandbox.connections(Server::Sts);
    let hotel = Proxy::new(Manner::Good);
    ran(&exec_by(
        &scene,
        &[("https_proxy", &hotel.address)],
        &["-p", "other"],
    ));
    let after = scene.sandbox.connections(Server::Org) + scene.sandbox.connections(Server::Sts);
    assert!(after > before, "connections of another route were shared");
    assert_eq!((hotel.asked().len(), sign_ins(&scene)), (after - before, 1));
}

#[test]
fn changed_proxy_misses_no_cached_credentials() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    ran(&exec_by(&scene, &[], &[]));
    ran(&exec_by(
        &scene,
        &[("HTTPS_PROXY", "http://127.0.0.1:1")],
        &[],
    ));
    std::fs::copy(scene.path("ca.pem"), scene.path("other.pem")).unwrap();
    let settings = scene.settings();
    scene.write_settings(&settings.replace("/ca.pem", "/other.pem"));
    ran(&exec_by(&scene, &[], &[]));
    assert_eq!(scene.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
    assert_eq!(sign_ins(&scene), 1);
}

#[test]
fn dead_proxy_of_the_caller_is_named_and_nothing_is_sent() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    ran(&exec_by(&scene, &[], &[]));
    scene.sandbox.clear_log();
    let dead = [("HTTPS_PROXY", "http://alice:canary-proxy@127.0.0.1:1")];
    let ended = exec_by(&scene, &dead, &["-p", "other"]);
    let report = ended.report();
    assert_eq!((ended.code, &*ended.error()), (Some(5), "http.connect"));
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
        scene.sandbox.log().is_empty(),
        "something went past the proxy"
    );
    // The session has lost nothing.
    ran(&exec_by(&scene, &[], &["-p", "other"]));
    assert_eq!(
        sign_ins(&scene),
        0,
        "the log was cleared after the only sign-in"
    );
}

#[test]
fn network_that_needs_its_proxy_again_is_told_which() {
    let scene = roaming();
    let office = Proxy::new(Manner::Good);
    sign_in_by(&scene, &[("HTTPS_PROXY", &office.address)]);
    scene.sandbox.stop();
    let ended = exec_by(&scene, &[], &[]);
    let report = ended.report();
    assert_eq!(ended.code, Some(5), "{report}");
    let type_it = format!("export HTTPS_PROXY={}", office.address);
    assert!(report["hints"].to_string().contains(&type_it), "{report}");
    assert!(causes(&report).contains("now no proxy"), "{report}");
}

#[test]
fn ca_bundle_set_later_takes_effect_at_the_next_request() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    let other = Scene::of("carol");
    let good = std::fs::read(scene.path("ca.pem")).unwrap();
    scene.write("ca.pem", other.sandbox.ca_pem());
    scene.sandbox.clear_log();
    let ended = exec_by(&scene, &[], &[]);
    // The other authority has the same name, and another key.
    assert_eq!(
        (ended.code, &*ended.error()),
        (Some(5), "http.tls_authority")
    );
    assert!(
        scene.sandbox.log().is_empty(),
        "a cookie was sent to a server nobody vouches for"
    );
    assert!(
        causes(&ended.report()).contains("another version of the CA bundle"),
        "{}",
        ended.stderr
    );
    scene.write("ca.pem", good);
    ran(&exec_by(&scene, &[], &[]));
    assert_eq!(
        sign_ins(&scene),
        0,
        "the log was cleared after the only sign-in"
    );
}

#[test]
fn ca_bundle_taken_away_is_noticed() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    let settings = std::fs::read_to_string(scene.path("config/ob/config.toml")).unwrap();
    let lines = settings
        .lines()
        .filter(|line| !line.starts_with("ca_bundle"));
    scene.write_settings(&lines.collect::<Vec<_>>().join("\n"));
    let ended = exec_by(&scene, &[], &[]);
    assert_eq!(
        (ended.code, &*ended.error()),
        (Some(5), "http.tls_authority")
    );
    let bundle = scene.path("ca.pem").display().to_string();
    assert!(
        ended.report()["hints"].to_string().contains(&bundle),
        "{}",
        ended.stderr
    );
    // One that cannot be read is the caller's to mend, where it is needed.
    scene.write_settings(&settings.replace("/ca.pem", "/missing.pem"));
    let ended = exec_by(&scene, &[], &[]);
    assert_eq!(
        (ended.code, &*ended.error()),
        (Some(2), "config.unreadable")
    );
}

#[test]
fn logout_from_another_network_ends_the_session_at_okta() {
    for (login, logout) in [(true, false), (false, true)] {
        let scene = roaming();
        let office = Proxy::new(Manner::Good);
        let through = [("HTTPS_PROXY", office.address.as_str())];
        let none: [(&str, &str); 0] = [];
        let by = |proxy: bool| if proxy { &through[..] } else { &none[..] };
        sign_in_by(&scene, by(login));
        ran(&exec_by(&scene, by(login), &[]));
        if !logout {
            office.leave();
        }
        let asked = office.asked().len();
        let ended = ob_by(&scene, by(logout), &["logout"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(scene.sandbox.live().1, 0, "the session lives on");
        assert_eq!(office.asked().len() > asked, logout);
    }
}

#[test]
fn logout_behind_a_dead_proxy_wipes_and_names_it() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    ran(&exec_by(&scene, &[], &[]));
    let dead = [("HTTPS_PROXY", "http://127.0.0.1:1")];
    let ended = ob_by(&scene, &dead, &["logout", "--json"]);
    assert_eq!((ended.code, &*ended.error()), (Some(5), "logout.server"));
    let causes = causes(&ended.report());
    assert!(
        causes.contains("the proxy 127.0.0.1:1") && causes.contains("other network settings"),
        "{causes}"
    );
    assert_eq!(scene.status()["sessions"], Value::Array(Vec::new()));
}

/// The console's federation endpoint is asked over the caller's route as well.
#[test]
fn console_and_role_lists_go_by_the_route_of_the_caller() {
    let scene = roaming();
    let settings = scene.settings();
    let signin = format!(
        "signin_endpoint = '{}/federation'\n\n[profiles",
        scene.sandbox.sts_url()
    );
    scene.write_settings(&settings.replace("\n[profiles", &signin));
    sign_in_by(&scene, &[]);
    let hotel = Proxy::new(Manner::Good);
    let through = [("HTTPS_PROXY", hotel.address.as_str())];
    for words in [&["console", "--print"][..], &["roles"]] {
        let before = hotel.asked().len();
        let ended = ob_by(&scene, &through, words);
        assert_eq!(ended.code, Some(0), "{words:?} {}", ended.stderr);
        if before == 0 {
            assert!(hotel.asked().len() >= 2, "{words:?}");
        }
        // Without the proxy again: nothing of it is left.
        let asked = hotel.asked().len();
        let ended = ob_by(&scene, &[], words);
        assert_eq!(ended.code, Some(0), "{words:?} {}", ended.stderr);
        assert_eq!(hotel.asked().len(), asked, "{words:?}");
    }
}

/// Credentials near their end are renewed while the old ones are handed out: by the route of who
/// was handed them.
#[test]
fn background_renewal_uses_the_last_callers_route() {
    let scene = roaming();
    let office = Proxy::new(Manner::Good);
    sign_in_by(&scene, &[("HTTPS_PROXY", &office.address)]);
    ran(&exec_by(&scene, &[("HTTPS_PROXY", &office.address)], &[]));
    let asked = office.asked().len();
    scene.sandbox.advance_clock(45 * 60);
    // An answer by which the agent learns the time.
    let roles = ob_by(&scene, &[], &["roles"]);
    assert_eq!(roles.code, Some(0), "{}", roles.stderr);
    let hotel = Proxy::new(Manner::Good);
    ran(&exec_by(&scene, &[("HTTPS_PROXY", &hotel.address)], &[]));
    eventually("the renewal is done", DEADLINE, || {
        scene.sandbox.sts_calls("AssumeRoleWithSAML").len() == 2
    });
    assert!(!hotel.asked().is_empty());
    assert_eq!(office.asked().len(), asked);
}

/// Two terminals with other settings at once: each has its own connections.
#[test]
fn callers_at_once_share_a_session_and_no_connection() {
    let scene = roaming();
    sign_in_by(&scene, &[]);
    let hotel = Proxy::new(Manner::Good);
    let through = [("HTTPS_PROXY", hotel.address.as_str())];
    std::thread::scope(|threads| {
        let one = threads.spawn(|| exec_by(&scene, &through, &["-p", "other"]));
        let other = threads.spawn(|| exec_by(&scene, &[], &[]));
        ran(&one.join().unwrap());
        ran(&other.join().unwrap());
    });
    assert!(!hotel.asked().is_empty());
    assert_eq!(sign_ins(&scene), 1);
}

#[test]
fn status_and_doctor_tell_that_settings_have_changed() {
    let scene = roaming();
    let office = Proxy::new(Manner::Good);
    let through = [("HTTPS_PROXY", office.address.as_str())];
    sign_in_by(&scene, &through);
    let told = |ended: crate::scene::Ended| ended.stdout;
    let words = format!(
        "last used with other network settings: the proxy {}",
        office.address
    );
    let status = told(ob_by(&scene, &[], &["status"]));
    assert!(status.contains(&words), "{status}");
    assert!(!told(ob_by(&scene, &through, &["status"])).contains("network settings"));
    let status: Value =
        serde_json::from_str(&told(ob_by(&scene, &[], &["status", "--json"]))).unwrap();
    assert_eq!(status["sessions"][0]["network"]["proxy"], office.address);
    let doctor = told(ob_by(&scene, &[], &["doctor"]));
    assert!(
        doctor.contains(&words) && doctor.contains("the next command uses no proxy"),
        "{doctor}"
    );
    assert!(!told(ob_by(&scene, &through, &["doctor"])).contains("other network settings"));
}

/// Two commands of one terminal, each with its own menu: the first one is gone before it is answered.
#[test]
fn role_chosen_for_one_caller_takes_no_route_of_another() {
    let scene = Scene::of("carol");
    scene.write_settings(&scene.settings().replace("default_profile = 'dev'\n", ""));
    scene.sign_in();
    let office = Proxy::new(Manner::Good);
    let script = format!(
        "HTTPS_PROXY={} ob exec -- true & first=$!; until test -e go; do sleep 0.1; done; \
         ob exec -- echo it \"\"ran & second=$!; until test -e leave; do sleep 0.1; done; \
         kill $first; wait $first; echo first-\"\"gone; wait $second",
        office.address
    );
    let mut command = scene.command("sh");
    command
        .args(["-c", &script])
        .env("TERM", "dumb")
        .current_dir(scene.path(""));
    let mut pty = Pty::spawn(&command);
    pty.until("Role (1-");
    scene.write("go", "");
    pty.until("Role (1-");
    let asked = office.asked().len();
    assert!(asked > 0);
    scene.write("leave", "");
    pty.until("first-gone");
    pty.send("1\r");
    pty.until("it ran");
    assert_eq!(office.asked().len(), asked);
}
