//! Directories, links and keys that others could change or read, and homes of other users.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use ob_sandbox::Server;

use super::{NOBODY, STRANGER, error, exec, mode, ran};
use crate::support::{Finished, TestEnv, run, text};

/// A name, what is done, and the error's name if the settings are refused.
type PlaceCase = (&'static str, fn(&TestEnv), Option<&'static str>);

fn moved(env: &TestEnv, to: &str) -> PathBuf {
    let (from, to) = (env.path("config/ob"), env.path(to));
    fs::rename(&from, &to).unwrap();
    symlink(&to, &from).unwrap();
    to
}

/// Directories and links on the way to the settings.
pub(super) const PLACES: [PlaceCase; 11] = [
    (
        "everybody may write to the directory",
        |env| mode(&env.path("config/ob"), 0o777),
        Some("config.writable"),
    ),
    (
        "a group may write to the directory",
        |env| mode(&env.path("config/ob"), 0o770),
        Some("config.writable"),
    ),
    (
        "everybody may write to the one above",
        |env| mode(&env.path("config"), 0o777),
        Some("config.writable"),
    ),
    (
        "the directory is another user's",
        |env| {
            chown(env.path("config/ob"), Some(STRANGER), None).unwrap();
            mode(&env.path("config/ob"), 0o755);
        },
        Some("config.foreign"),
    ),
    (
        "everybody may add files, but not replace ours",
        |env| mode(&env.path("config/ob"), 0o1777),
        None,
    ),
    (
        "a link of another user's in such a directory",
        |env| {
            mode(&env.path("config"), 0o1777);
            moved(env, "tmp/real");
            lchown(env.path("config/ob"), Some(STRANGER), None).unwrap();
        },
        Some("config.foreign"),
    ),
    (
        "a link to a directory that everybody may write to",
        |env| mode(&moved(env, "tmp/real"), 0o777),
        Some("config.writable"),
    ),
    (
        "a link through a directory that everybody may write to",
        |env| {
            fs::create_dir(env.path("tmp/open")).unwrap();
            moved(env, "tmp/open/real");
            mode(&env.path("tmp/open"), 0o777);
        },
        Some("config.writable"),
    ),
    (
        "a link to a private directory",
        |env| {
            let real = moved(env, "tmp/real");
            lchown(env.path("config/ob"), Some(NOBODY), None).unwrap();
            mode(&real, 0o700);
        },
        None,
    ),
    (
        "a directory of root's",
        |env| {
            chown(env.path("config"), Some(0), Some(0)).unwrap();
            mode(&env.path("config"), 0o755);
        },
        None,
    ),
    (
        "a bundle in a directory that everybody may write to",
        |env| {
            fs::create_dir(env.path("tmp/open")).unwrap();
            fs::rename(env.path("ca.pem"), env.path("tmp/open/ca.pem")).unwrap();
            symlink(env.path("tmp/open/ca.pem"), env.path("ca.pem")).unwrap();
            mode(&env.path("tmp/open"), 0o777);
        },
        Some("config.writable"),
    ),
];

#[test]
fn settings_are_refused_where_others_could_replace_them() {
    for (name, change, expected) in PLACES {
        let env = TestEnv::unprivileged("bob");
        change(&env);
        let ended = exec(&env, |_| {});
        match expected {
            None => assert!(ran(&ended), "{name}: {}", &ended.stderr),
            Some(expected) => {
                assert_eq!(error(&ended), expected, "{name}: {}", &ended.stderr);
                assert_eq!(ended.status.code(), Some(2), "{name}");
                assert!(ended.stdout.is_empty(), "{name}");
                assert_eq!(env.sandbox.connections(Server::Org), 0, "{name}");
            }
        }
        // A directory that the test's user cannot enter cannot be removed.
        for place in ["config", "config/ob", "tmp"] {
            mode(&env.path(place), 0o700);
        }
    }
}

const WRITABLE: &str = "config.writable";

/// Gives the directory an access list with an entry for another user; its mode shows that as group
/// rights.
fn let_other_user_write(directory: &Path) {
    let no_id = u32::MAX;
    let entries = [
        (0x01_u16, 7_u16, no_id),
        (0x02, 7, STRANGER),
        (0x04, 5, no_id),
        (0x10, 7, no_id),
        (0x20, 5, no_id),
    ];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    let name = "system.posix_acl_access";
    rustix::fs::setxattr(directory, name, &list, rustix::fs::XattrFlags::empty()).unwrap();
    let metadata = fs::metadata(directory).unwrap();
    assert_eq!(metadata.mode() & 0o777, 0o775);
}

/// Files made with umask 002 by a user with a group of the same name, and other members of that
/// group.
#[test]
fn settings_that_a_private_group_may_write_to_are_accepted() {
    let no_change: fn(&Path) = |_| {};
    for (group, sources, change, expected) in [
        ("me:x:65534:", "files systemd", no_change, ""),
        ("me:x:65534:root", "files systemd", no_change, WRITABLE),
        ("staff:x:65534:", "files systemd", no_change, WRITABLE),
        ("me:x:65534:", "files sss", no_change, WRITABLE),
        ("me:x:65534:", "files", let_other_user_write, WRITABLE),
    ] {
        let env = TestEnv::unprivileged("bob");
        for place in ["home", "config", "config/ob"] {
            mode(&env.path(place), 0o775);
        }
        mode(&env.path("config/ob/config.toml"), 0o664);
        let etc = env.path("tmp/etc");
        fs::create_dir(&etc).unwrap();
        let put = |name: &str, text: &str| fs::write(etc.join(name), text).unwrap();
        put(
            "passwd",
            "root:x:0:0::/root:/bin/sh\nme:x:65534:65534::/:/bin/sh\n",
        );
        put("group", &format!("root:x:0:\n{group}\n"));
        put(
            "nsswitch.conf",
            &format!("passwd: {sources}\ngroup: {sources}\nhosts: files\n"),
        );
        put("hosts", "127.0.0.1 localhost\n");
        change(&env.path("config/ob"));
        // A state directory made the same way, without a runtime directory.
        let state = env.path("home/.local/state");
        fs::create_dir_all(&state).unwrap();
        for place in [env.path("home/.local"), state] {
            chown(&place, Some(NOBODY), Some(NOBODY)).unwrap();
            mode(&place, 0o775);
        }
        let script = "mount --bind $TMPDIR/etc /etc && exec setpriv --reuid=65534 --regid=65534 \
            --clear-groups \
                      sh -c 'ob --json login \"$@\"; code=$?; ob agent stop 2>/dev/null; exit \
                      $code' sh \"$@\"";
        let as_user = env.command("unshare");
        let mut as_root = Command::new("unshare");
        as_root.args([
            "--mount",
            "--propagation",
            "private",
            "sh",
            "-c",
            script,
            "sh",
        ]);
        as_root.args(env.answer_flags()).env_clear();
        let variables = as_user.get_envs();
        as_root.envs(variables.filter_map(|(name, value)| Some((name, value?))));
        as_root.env_remove("XDG_RUNTIME_DIR");
        env.sandbox.forget_used_codes();
        let ended = run(&mut as_root, env.answers());
        assert_eq!(error(&ended), expected, "{group}: {}", &ended.stderr);
        assert_eq!(ended.status.success(), expected.is_empty(), "{group}");
    }
}

/// The system's settings, in a mount namespace.
#[test]
fn system_settings_are_refused_where_others_could_replace_them() {
    let env = TestEnv::new();
    for (spoil, expected) in [
        ("true", ""),
        ("chmod 777 /etc/ob", "config.writable"),
        ("chown 12345 /etc/ob", "config.foreign"),
        ("chmod 777 /etc", "config.writable"),
    ] {
        let script = format!(
            "mkdir $TMPDIR/etc; mount -t tmpfs none $TMPDIR/etc && chmod 755 $TMPDIR/etc \
             && cp -a /etc/passwd /etc/group /etc/ssl $TMPDIR/etc/; mount --bind $TMPDIR/etc /etc && mkdir /etc/ob \
             && printf '[aws]\nregion = \"eu-west-1\"\n' > /etc/ob/config.toml && {spoil} && ob \
             config list --json"
        );
        let mut shell = env.command("unshare");
        shell.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
        let ended = run(&mut shell, "");
        assert_eq!(error(&ended), expected, "{spoil}: {}", &ended.stderr);
        fs::remove_dir(env.path("tmp/etc")).unwrap();
    }
}

#[test]
fn a_private_key_that_others_can_reach_is_refused() {
    let env = TestEnv::unprivileged("bob");
    let (key_id, pem) = env.sandbox.machine_keys()[0];
    let key = env.write("key.pem", pem);
    let (_, client) = env.sandbox.clients();
    let machine = format!(
        "[org]\nsign_in = 'machine'\nclient_id = '{client}'\nkey_id = \
         '{key_id}'\nprivate_key_file = '{}'\n",
        key.display()
    );
    let settings = env.minimal_settings().replace("[org]\n", &machine);
    env.write_settings(&settings);
    for bits in [0o666, 0o644, 0o640, 0o604, 0o440] {
        mode(&key, bits);
        for verb in ["check", "exec"] {
            let mut ob = match verb {
                "check" => env.ob(["--json", "config", "check"]),
                _ => env.ob(["--no-agent", "--json", "exec", "--", "echo", "ran"]),
            };
            let ended = run(&mut ob, "");
            let refused = error(&ended);
            assert!(
                ["config.not-private", "config.writable"].contains(&&*refused),
                "{bits:o} {verb}: {}",
                &ended.stderr
            );
            assert!(ended.stderr.contains("chmod g"), "{bits:o} {verb}");
        }
    }
    for bits in [0o600, 0o400] {
        mode(&key, bits);
        let checked = run(&mut env.ob(["--json", "config", "check"]), "");
        assert!(checked.status.success(), "{bits:o}: {}", &checked.stderr);
    }
    chown(&key, Some(STRANGER), Some(NOBODY)).unwrap();
    mode(&key, 0o440);
    let ended = run(&mut env.ob(["--json", "config", "check"]), "");
    assert_eq!(error(&ended), "config.foreign", "{}", &ended.stderr);
    // Like systemd's credentials of a service.
    chown(&key, Some(0), Some(NOBODY)).unwrap();
    let ended = run(&mut env.ob(["--json", "config", "check"]), "");
    assert!(ended.status.success(), "{}", &ended.stderr);
    // Like Docker's secrets, whose mode the container's user cannot change.
    mode(&key, 0o444);
    let ended = run(&mut env.ob(["--json", "config", "check"]), "");
    assert_eq!(error(&ended), "config.not-private");
    assert!(ended.stderr.contains("`private_key_env`"));
    assert!(!ended.stderr.contains("chmod"));
}

/// Lists everything below `directory` with its owner.
fn listing(directory: &Path) -> String {
    let found = Command::new("find")
        .arg(directory)
        .args(["-printf", "%P %U %y\n"])
        .output()
        .unwrap();
    let mut lines: Vec<_> = text(&found.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

/// Verbs that root runs with another user's home, as `sudo -E` and `su` without `-` do, and the
/// error's name.
pub(super) const AS_ROOT: [(&[&str], &str); 5] = [
    (
        &["--json", "login", "--password-stdin"],
        "paths.foreign-home",
    ),
    (&["--json", "status"], "paths.foreign-home"),
    (
        &["--json", "config", "init", "--url", "https://acme.okta.com"],
        "config.foreign",
    ),
    (&["--json", "config", "aws"], "aws.file.not_ours"),
    (&["--json", "write", "-p", "dev"], "aws.file.not_ours"),
];

#[test]
fn root_makes_nothing_in_the_home_of_another_user() {
    for linked in [false, true] {
        let env = TestEnv::new();
        let (home, victim) = (env.path("home"), env.path("tmp/victim"));
        fs::create_dir(&victim).unwrap();
        if linked {
            for name in [".local", ".config", ".aws", ".cache"] {
                symlink(&victim, home.join(name)).unwrap();
                lchown(home.join(name), Some(NOBODY), None).unwrap();
            }
        }
        chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
        let settings = env.minimal_settings() + "\n[profiles.dev]\nrole = \"Engineer\"\n";
        env.write_settings(&settings);
        let before = listing(&home);
        let as_root = |arguments: &[&str]| -> Finished {
            let mut ob = env.ob(arguments);
            ob.env_remove("XDG_RUNTIME_DIR");
            if arguments.contains(&"init") {
                ob.env_remove("XDG_CONFIG_HOME");
            }
            run(&mut ob, env.answers())
        };
        for (arguments, expected) in AS_ROOT {
            let ended = as_root(arguments);
            assert_eq!(error(&ended), expected, "{arguments:?}: {}", &ended.stderr);
            assert!(ended.stderr.contains("hint"), "{arguments:?}");
        }
        // A verb that needs no directory works.
        let mut alone = env.ob(["--no-agent", "--json", "exec"]);
        alone.args(env.answer_flags()).args(["--", "echo", "ran"]);
        alone.env_remove("XDG_RUNTIME_DIR");
        env.sandbox.forget_used_codes();
        let ended = run(&mut alone, env.answers());
        assert!(ran(&ended), "{}", &ended.stderr);
        assert_eq!(listing(&home), before);
        assert_eq!(fs::read_dir(&victim).unwrap().count(), 0);
        assert!(env.agents().is_empty());
    }
}
