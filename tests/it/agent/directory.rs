//! Tricks with the directory of the socket: what is not ours is refused as it is, never repaired.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::{Finished, TestEnv, counted, run};

const NOBODY: u32 = 65534;

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn login(env: &TestEnv) -> Finished {
    env.answered(&["login", "--json"])
}

#[test]
fn what_stands_in_the_place_of_our_directory_is_refused_and_left_as_it_was() {
    type Trick = fn(&TestEnv, &Path);
    let tricks: [(&str, Trick); 7] = [
        ("symlink", |env, place| {
            let victim = env.path("victim");
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
        let env = TestEnv::unprivileged("carol").configured();
        let place = env.runtime();
        trick(&env, &place);
        let before = fs::metadata(&place).unwrap();
        let ended = login(&env);
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
        assert!(env.agents().is_empty(), "{case}");
        assert!(
            env.sandbox.log().is_empty(),
            "{case}: no secret goes anywhere"
        );
        fs::remove_dir_all(&place)
            .or_else(|_| fs::remove_file(&place))
            .unwrap();
    }
}

#[test]
fn what_stands_in_the_place_of_our_socket_does_not_lead_us_astray() {
    type Trick = fn(&TestEnv);
    let tricks: [(&str, Trick); 5] = [
        ("a fifo", |env| {
            let made = Command::new("mkfifo").arg(env.socket()).status();
            assert!(made.unwrap().success());
        }),
        ("a link to a socket elsewhere", |env| {
            let theirs = env.path("theirs");
            drop(std::os::unix::net::UnixListener::bind(&theirs).unwrap());
            symlink(theirs, env.socket()).unwrap();
        }),
        ("a file", |env| fs::write(env.socket(), "").unwrap()),
        ("a dangling link", |env| {
            symlink(env.path("nowhere"), env.socket()).unwrap();
        }),
        ("a dead socket", |env| {
            drop(std::os::unix::net::UnixListener::bind(env.socket()).unwrap());
        }),
    ];
    for (case, trick) in counted::<5, _>(tricks) {
        let env = TestEnv::of("carol").configured();
        fs::create_dir(env.runtime()).unwrap();
        mode(&env.runtime(), 0o700);
        trick(&env);
        let ended = login(&env);
        assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
        assert_eq!(env.agents().len(), 1, "{case}");
        assert!(!env.path("nowhere").exists());
    }
}

/// Runs `ob login` with another XDG_RUNTIME_DIR and says where the socket is.
fn placed(env: &TestEnv, xdg: Option<&str>) -> (Finished, Vec<String>) {
    let mut ob = env.ob(["login", "--json", "--password-stdin"]);
    match xdg {
        Some(value) => ob.env("XDG_RUNTIME_DIR", value),
        None => ob.env_remove("XDG_RUNTIME_DIR"),
    };
    let ended = run(ob, &env.answers());
    let found = Command::new("find")
        .arg(env.path(""))
        .args(["-type", "s", "-printf", "%P\n"])
        .output()
        .unwrap();
    let sockets = String::from_utf8_lossy(&found.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    let mut stop = env.ob(["agent", "stop"]);
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
        let env = TestEnv::unprivileged("carol").configured();
        let (ended, sockets) = placed(&env, xdg);
        assert_eq!(ended.code(), Some(0), "{xdg:?}: {}", ended.stderr);
        assert_eq!(sockets.len(), 1, "{xdg:?}: {sockets:?}");
        assert!(
            sockets[0].starts_with("home/.local/state/ob/run/"),
            "{sockets:?}"
        );
    }
    let env = TestEnv::unprivileged("carol").configured();
    mode(&env.path("run"), 0o777);
    let open = env.path("run").display().to_string();
    let (ended, sockets) = placed(&env, Some(&open));
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(sockets[0].starts_with("home/.local/state/"), "{sockets:?}");
}

#[test]
fn a_path_too_long_for_a_socket_works_all_the_same() {
    let env = TestEnv::unprivileged("carol").configured();
    for length in counted::<5, _>([100, 107, 108, 150, 250]) {
        let name = "d".repeat(length);
        let long = env.path(&name);
        fs::create_dir(&long).unwrap();
        give(&long);
        mode(&long, 0o700);
        let (ended, sockets) = placed(&env, Some(&long.display().to_string()));
        assert_eq!(ended.code(), Some(0), "{length}: {}", ended.stderr);
        assert_eq!(sockets, [format!("{name}/ob/agent.sock")]);
        fs::remove_dir_all(&long).unwrap();
    }
}

#[test]
fn with_no_home_and_no_runtime_directory_the_error_says_so() {
    let env = TestEnv::of("carol").configured();
    let mut ob = env.ob(["login", "--json"]);
    ob.env_remove("XDG_RUNTIME_DIR").env_remove("HOME");
    let ended = run(ob, "");
    assert!(ended.error().starts_with("paths."), "{}", ended.stderr);
}
