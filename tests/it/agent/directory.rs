//! Tricks with the directory of the socket: what is not ours is refused as it is, never repaired.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::scene::{Ended, Scene, counted, run};

const NOBODY: u32 = 65534;

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn login(scene: &Scene) -> Ended {
    scene.answered(&["login", "--json"])
}

#[test]
fn what_stands_in_the_place_of_our_directory_is_refused_and_left_as_it_was() {
    type Trick = fn(&Scene, &Path);
    let tricks: [(&str, Trick); 7] = [
        ("symlink", |scene, place| {
            let victim = scene.path("victim");
            fs::create_dir(&victim).unwrap();
            give(&victim);
            mode(&victim, 0o755);
            symlink(&victim, place).unwrap();
        }),
        ("open to all", |_, place| {
            fs::create_dir(place).unwrap();
            give(place);
            mode(place, 0o777);
        }),
        ("readable by a group", |_, place| {
            fs::create_dir(place).unwrap();
            give(place);
            mode(place, 0o750);
        }),
        ("another's", |_, place| {
            fs::create_dir(place).unwrap();
            mode(place, 0o777);
        }),
        ("another's, private", |_, place| {
            fs::create_dir(place).unwrap();
            mode(place, 0o700);
        }),
        ("a file", |_, place| {
            fs::write(place, "").unwrap();
            give(place);
        }),
        ("a fifo", |_, place| {
            assert!(
                Command::new("mkfifo")
                    .arg(place)
                    .status()
                    .unwrap()
                    .success()
            );
            give(place);
        }),
    ];
    for (case, trick) in counted::<7, _>(tricks) {
        let scene = Scene::unprivileged("carol");
        let place = scene.runtime();
        trick(&scene, &place);
        let before = fs::metadata(&place).unwrap();
        let ended = login(&scene);
        assert_eq!(ended.stdout, "", "{case}");
        assert!(
            ended.error().starts_with("paths."),
            "{case}: {}",
            ended.stderr
        );
        assert!(!ended.report()["hints"].as_array().unwrap().is_empty());
        let after = fs::metadata(&place).unwrap();
        assert_eq!(
            (before.mode(), before.uid(), before.ino()),
            (after.mode(), after.uid(), after.ino()),
            "{case}"
        );
        assert!(scene.agents().is_empty(), "{case}");
        assert!(
            scene.sandbox.log().is_empty(),
            "{case}: no secret goes anywhere"
        );
        fs::remove_dir_all(&place)
            .or_else(|_| fs::remove_file(&place))
            .unwrap();
    }
}

#[test]
fn what_stands_in_the_place_of_our_socket_does_not_lead_us_astray() {
    type Trick = fn(&Scene);
    let tricks: [(&str, Trick); 5] = [
        ("a fifo", |scene| {
            let made = Command::new("mkfifo").arg(scene.socket()).status();
            assert!(made.unwrap().success());
        }),
        ("a link to a socket elsewhere", |scene| {
            let theirs = scene.path("theirs");
            drop(std::os::unix::net::UnixListener::bind(&theirs).unwrap());
            symlink(theirs, scene.socket()).unwrap();
        }),
        ("a file", |scene| fs::write(scene.socket(), "").unwrap()),
        ("a dangling link", |scene| {
            symlink(scene.path("nowhere"), scene.socket()).unwrap();
        }),
        ("a dead socket", |scene| {
            drop(std::os::unix::net::UnixListener::bind(scene.socket()).unwrap());
        }),
    ];
    for (case, trick) in counted::<5, _>(tricks) {
        let scene = Scene::of("carol");
        fs::create_dir(scene.runtime()).unwrap();
        mode(&scene.runtime(), 0o700);
        trick(&scene);
        let ended = login(&scene);
        assert_eq!(ended.code, Some(0), "{case}: {}", ended.stderr);
        assert_eq!(scene.agents().len(), 1, "{case}");
        assert!(!scene.path("nowhere").exists());
    }
}

/// Runs `ob login` with another XDG_RUNTIME_DIR and says where the socket is.
fn placed(scene: &Scene, xdg: Option<&str>) -> (Ended, Vec<String>) {
    let mut ob = scene.ob(["login", "--json", "--password-stdin"]);
    match xdg {
        Some(value) => ob.env("XDG_RUNTIME_DIR", value),
        None => ob.env_remove("XDG_RUNTIME_DIR"),
    };
    let ended = run(ob, &scene.answers());
    let found = Command::new("find")
        .arg(scene.path(""))
        .args(["-type", "s", "-printf", "%P\n"])
        .output()
        .unwrap();
    let sockets = String::from_utf8_lossy(&found.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let mut stop = scene.ob(["agent", "stop"]);
    match xdg {
        Some(value) => stop.env("XDG_RUNTIME_DIR", value),
        None => stop.env_remove("XDG_RUNTIME_DIR"),
    };
    run(stop, "");
    (ended, sockets)
}

#[test]
fn without_a_good_runtime_directory_the_home_takes_its_place() {
    for xdg in counted::<5, _>([
        None,
        Some(""),
        Some("run"),
        Some("./run"),
        Some("/nonexistent"),
    ]) {
        let scene = Scene::unprivileged("carol");
        let (ended, sockets) = placed(&scene, xdg);
        assert_eq!(ended.code, Some(0), "{xdg:?}: {}", ended.stderr);
        assert_eq!(sockets.len(), 1, "{xdg:?}: {sockets:?}");
        assert!(
            sockets[0].starts_with("home/.local/state/ob/run/"),
            "{sockets:?}"
        );
    }
    let scene = Scene::unprivileged("carol");
    mode(&scene.path("run"), 0o777);
    let open = scene.path("run").display().to_string();
    let (ended, sockets) = placed(&scene, Some(&open));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(sockets[0].starts_with("home/.local/state/"), "{sockets:?}");
}

#[test]
fn a_path_too_long_for_a_socket_works_all_the_same() {
    let scene = Scene::unprivileged("carol");
    for length in counted::<5, _>([100, 107, 108, 150, 250]) {
        let name = "d".repeat(length);
        let long = scene.path(&name);
        fs::create_dir(&long).unwrap();
        give(&long);
        mode(&long, 0o700);
        let (ended, sockets) = placed(&scene, Some(&long.display().to_string()));
        assert_eq!(ended.code, Some(0), "{length}: {}", ended.stderr);
        assert_eq!(sockets, [format!("{name}/ob/agent.sock")]);
        fs::remove_dir_all(&long).unwrap();
    }
}

#[test]
fn with_no_home_and_no_runtime_directory_the_error_says_so() {
    let scene = Scene::of("carol");
    let mut ob = scene.ob(["login", "--json"]);
    ob.env_remove("XDG_RUNTIME_DIR").env_remove("HOME");
    let ended = run(ob, "");
    assert!(ended.error().starts_with("paths."), "{}", ended.stderr);
}
