//! The ends of the agent's life: nobody can reach it, nobody needs it, somebody says so.

use std::fs;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use ob_sandbox::{Fault, FaultKind};

use super::{sign_in, started};
use crate::scene::{SOON, Scene, counted, run};

/// On a machine that has time: other tests take some of it.
const TWO_SECONDS: Duration = Duration::from_secs(6);

#[test]
fn an_agent_that_has_lost_its_socket_is_gone_within_two_seconds() {
    type Loss = fn(&Scene);
    let losses: [(&str, Loss); 5] = [
        ("socket removed", |scene| {
            fs::remove_file(scene.socket()).unwrap();
        }),
        ("directory removed", |scene| {
            fs::remove_dir_all(scene.runtime()).unwrap();
        }),
        ("directory above removed", |scene| {
            fs::remove_dir_all(scene.path("run")).unwrap();
        }),
        ("directory moved", |scene| {
            fs::rename(scene.runtime(), scene.path("elsewhere")).unwrap();
        }),
        ("socket replaced", |scene| {
            fs::remove_file(scene.socket()).unwrap();
            std::mem::forget(UnixListener::bind(scene.socket()).unwrap());
        }),
    ];
    for (case, lose) in counted::<5, _>(losses) {
        let scene = Scene::of("carol");
        started(&scene);
        lose(&scene);
        assert!(scene.agents_gone_within(TWO_SECONDS), "{case}");
        if case == "socket replaced" {
            assert!(scene.socket().exists(), "another's socket is left alone");
        }
    }
}

/// Editors and container tools use up what a user may have of inotify; here the limit of a user namespace is none.
#[test]
fn an_agent_without_inotify_serves_and_notices_its_lost_socket() {
    let scene = Scene::of("carol");
    let script = "echo 0 >/proc/sys/user/max_inotify_instances && ob login --password-stdin";
    let mut command = scene.command("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script]);
    let ended = run(command, &scene.answers());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = run(scene.ob(["exec", "--", "echo", "ran"]), "");
    assert_eq!(ended.stdout, "ran\n", "{}", ended.stderr);
    fs::remove_file(scene.socket()).unwrap();
    assert!(scene.agents_gone_within(SOON));
}

#[test]
fn a_signal_or_a_word_ends_it_and_takes_the_socket_away() {
    for signal in counted::<3, _>([Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT]) {
        let scene = Scene::of("carol");
        let agent = started(&scene);
        kill(agent, signal).unwrap();
        assert!(scene.agents_gone_within(TWO_SECONDS), "{signal}");
        assert!(!scene.socket().exists(), "{signal}");
    }
    let scene = Scene::of("carol");
    started(&scene);
    assert_eq!(run(scene.ob(["agent", "stop"]), "").code, Some(0));
    assert!(scene.agents_gone_within(TWO_SECONDS));
}

#[test]
fn a_session_that_nobody_uses_ends_with_its_agent() {
    let scene = Scene::of("carol");
    started(&scene);
    let begun = Instant::now();
    sign_in(&scene, 2, 3600);
    assert!(scene.agents_gone_within(SOON));
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn a_session_ends_at_its_latest_however_much_it_is_used() {
    let scene = Scene::of("carol");
    started(&scene);
    let begun = Instant::now();
    sign_in(&scene, 3600, 3);
    while begun.elapsed() < Duration::from_secs(2) {
        assert_eq!(run(scene.ob(["exec", "--", "true"]), "").code, Some(0));
    }
    assert!(scene.agents_gone_within(SOON));
}

#[test]
fn a_killed_agent_is_replaced_and_its_socket_with_it() {
    let scene = Scene::of("carol");
    let first = started(&scene);
    kill(first, Signal::SIGKILL).unwrap();
    assert!(scene.agents_gone_within(TWO_SECONDS));
    assert!(scene.socket().exists(), "nobody was left to take it away");
    assert_eq!(scene.status()["agent"], serde_json::Value::Null);
    scene.sign_in();
    assert_ne!(scene.agent(), Some(first));
}

#[test]
fn request_under_way_outlives_its_session() {
    let scene = Scene::of("carol");
    started(&scene);
    sign_in(&scene, 3, 3);
    let slow = FaultKind::Delay(Duration::from_secs(6));
    scene
        .sandbox
        .fault(Fault::org("/home/amazon_aws/", slow).always());
    let ended = run(scene.ob(["roles", "--refresh"]), "");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("role/Engineer"), "{}", ended.stdout);
    assert!(scene.agents_gone_within(SOON));
}
