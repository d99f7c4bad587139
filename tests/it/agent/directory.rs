//! Tampering with the socket's directory: a directory that is not the user's own is refused, never
//! repaired.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::{Finished, TestEnv, counted, run};

const NOBODY_UID: u32 = 65534;

fn chown_to_nobody(path: &Path) {
    chown(path, Some(NOBODY_UID), Some(NOBODY_UID)).unwrap();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn login(env: &TestEnv) -> Finished {
    env.answered(&["login", "--json"])
}

#[test]
fn foreign_runtime_directory_is_refused_and_unchanged() {
    type Trick = fn(&TestEnv, &Path);
    let tricks: [(&str, Trick); 7] = [
        ("symlink", |env, directory| {
            let victim = env.path("victim");
            fs::create_dir(&victim).unwrap();
            chown_to_nobody(&victim);
            set_mode(&victim, 0o755);
            symlink(&victim, directory).unwrap();
        }),
        ("open to all", |_, directory| {
            fs::create_dir(directory).unwrap();
            chown_to_nobody(directory);
            set_mode(directory, 0o777);
        }),
        ("readable by a group", |_, directory| {
            fs::create_dir(directory).unwrap();
            chown_to_nobody(directory);
            set_mode(directory, 0o750);
        }),
        ("another's", |_, directory| {
            fs::create_dir(directory).unwrap();
            set_mode(directory, 0o777);
        }),
        ("another's, private", |_, directory| {
            fs::create_dir(directory).unwrap();
            set_mode(directory, 0o700);
        }),
        ("a file", |_, directory| {
            fs::write(directory, "").unwrap();
            chown_to_nobody(directory);
        }),
        ("a fifo", |_, directory| {
            assert!(
                Command::new("mkfifo")
                    .arg(directory)
                    .status()
                    .unwrap()
                    .success()
            );
            chown_to_nobody(directory);
        }),
    ];
    for (case, trick) in counted::<7, _>(tricks) {
        let env = TestEnv::unprivileged("carol").configured();
        let directory = env.runtime();
        trick(&env, &directory);
        let before = fs::metadata(&directory).unwrap();
        let ended = login(&env);
        assert_eq!(ended.stdout, "", "{case}");
        assert!(
            ended.error().starts_with("paths."),
            "{case}: {}",
            ended.stderr
        );
        assert!(!ended.report()["hints"].as_array().unwrap().is_empty());
        let after = fs::metadata(&directory).unwrap();
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
        fs::remove_dir_all(&directory)
            .or_else(|_| fs::remove_file(&directory))
            .unwrap();
    }
}

#[test]
fn foreign_file_at_the_socket_path_is_replaced() {
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
        env.create_runtime();
        trick(&env);
        let ended = login(&env);
        assert_eq!(ended.code(), Some(0), "{case}: {}", ended.stderr);
        assert_eq!(env.agents().len(), 1, "{case}");
        assert!(!env.path("nowhere").exists());
    }
}

/// Runs `ob login` with another XDG_RUNTIME_DIR and returns the sockets that exist then.
fn login_with_runtime_dir(env: &TestEnv, xdg: Option<&str>) -> (Finished, Vec<String>) {
    let mut ob = env.ob(["login", "--json", "--password-stdin"]);
    match xdg {
        Some(value) => ob.env("XDG_RUNTIME_DIR", value),
        None => ob.env_remove("XDG_RUNTIME_DIR"),
    };
    let ended = run(ob, env.answers());
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
fn without_a_safe_runtime_directory_home_is_used() {
    for xdg in counted::<5, _>([
        None,
        Some(""),
        Some("run"),
        Some("./run"),
        Some("/nonexistent"),
    ]) {
        let env = TestEnv::unprivileged("carol").configured();
        let (ended, sockets) = login_with_runtime_dir(&env, xdg);
        assert_eq!(ended.code(), Some(0), "{xdg:?}: {}", ended.stderr);
        assert_eq!(sockets.len(), 1, "{xdg:?}: {sockets:?}");
        assert!(
            sockets[0].starts_with("home/.local/state/ob/run/"),
            "{sockets:?}"
        );
    }
    let env = TestEnv::unprivileged("carol").configured();
    set_mode(&env.path("run"), 0o777);
    let open = env.path("run").display().to_string();
    let (ended, sockets) = login_with_runtime_dir(&env, Some(&open));
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert!(sockets[0].starts_with("home/.local/state/"), "{sockets:?}");
}

#[test]
fn path_too_long_for_a_socket_still_works() {
    let env = TestEnv::unprivileged("carol").configured();
    for length in counted::<5, _>([100, 107, 108, 150, 250]) {
        let name = "d".repeat(length);
        let long = env.path(&name);
        fs::create_dir(&long).unwrap();
        chown_to_nobody(&long);
        set_mode(&long, 0o700);
        let (ended, sockets) = login_with_runtime_dir(&env, Some(&long.display().to_string()));
        assert_eq!(ended.code(), Some(0), "{length}: {}", ended.stderr);
        assert_eq!(sockets, [format!("{name}/ob/agent.sock")]);
        fs::remove_dir_all(&long).unwrap();
    }
}

#[test]
fn without_home_and_runtime_directory_the_error_is_named() {
    let env = TestEnv::of("carol").configured();
    let mut ob = env.ob(["login", "--json"]);
    ob.env_remove("XDG_RUNTIME_DIR").env_remove("HOME");
    let ended = run(ob, "");
    assert!(ended.error().starts_with("paths."), "{}", ended.stderr);
}
