//! Disks and directories: full, read-only, missing, or removed while in use.

use super::{
    ANSWERED, COMMAND, Failure, assert_failed, assert_ran, files, shell, shell_with_mounts,
};
use crate::support::{Finished, TestEnv, counted};

const INIT: &str = "ob config init --json --url https://acme.okta.com --username alice@acme.com";

/// Makes HOME read-only.
const READ_ONLY: &str = "mount --bind $HOME $HOME; mount -o remount,ro,bind $HOME;";

const NO_XDG: &str =
    "SETTINGS=$XDG_CONFIG_HOME/ob/config.toml; unset XDG_CONFIG_HOME XDG_RUNTIME_DIR;";

/// Mounts a small disk at `$DISK` that takes so many files, its root included, and so many bytes.
fn disk(files: u32, bytes: u32) -> String {
    format!(
        "export DISK=$TMPDIR/disk; mkdir -p $DISK; \
         mount -t tmpfs -o mode=700,nr_inodes={files},size={bytes} tmpfs $DISK;"
    )
}

/// Fills the disk.
const FILL: &str = "head -c 1000000 /dev/zero >$DISK/fill 2>/dev/null;";

/// Runs `ob exec` in a prepared shell and then stops its agent there, where its socket is.
fn exec_after(preparation: &str, flags: &str) -> String {
    format!(
        "{preparation} ob exec {flags} {ANSWERED} {COMMAND}; code=$?; \
                 ob agent stop 2>/dev/null; exit $code"
    )
}

#[test]
fn settings_on_a_full_disk_leave_nothing_behind() {
    let env = TestEnv::of("carol").configured();
    let before = files(&env);
    for (case, disk, expected_text) in counted::<3, _>([
        (
            "no bytes",
            disk(100, 4096) + FILL,
            "no space left on device",
        ),
        (
            "no room for a directory",
            disk(1, 4096),
            "no space left on device",
        ),
        ("no room for a file", disk(2, 4096), "no storage space"),
    ]) {
        let script = format!(
            "{disk} XDG_CONFIG_HOME=$DISK {INIT}; code=$?; \
                         find $DISK -type f ! -name fill; exit $code"
        );
        let ended = shell_with_mounts(&env, &script);
        let expected = Failure(1, "config.write", expected_text);
        assert_failed(&env, &ended, &expected, case);
    }
    assert_eq!(files(&env), before);
}

#[test]
fn profiles_on_a_full_disk_leave_the_file_unchanged() {
    let env = TestEnv::of("carol").configured();
    for files in counted::<2, _>([3, 4]) {
        let script = format!(
            "{} mkdir $DISK/.aws; [ {files} = 3 ] || echo '# mine' >$DISK/.aws/config; {FILL} \
                          HOME=$DISK ob config aws --json; code=$?; \
                          find $DISK -type f ! -name fill ! -size 7c; exit $code",
            disk(files, 8192)
        );
        let ended = shell_with_mounts(&env, &script);
        let expected = Failure(1, "aws.file.disk_full", "no storage space");
        assert_failed(&env, &ended, &expected, "config aws");
    }
}

#[test]
fn disk_without_space_for_the_socket_is_named() {
    let env = TestEnv::of("carol").configured();
    let on = |files: u32| disk(files, 4096) + "export XDG_RUNTIME_DIR=$DISK;";
    for (case, files, name, expected_text) in counted::<3, _>([
        (
            "the directory",
            1,
            "paths.make",
            "/ob: No space left on device",
        ),
        (
            "the lock",
            2,
            "agent.no-place",
            "/ob/lock: no space left on device",
        ),
        (
            "the socket",
            3,
            "agent.no-place",
            "/ob/agent.sock: no space left on device",
        ),
    ]) {
        let ended = shell_with_mounts(&env, &exec_after(&on(files), ""));
        assert_failed(&env, &ended, &Failure(125, name, expected_text), case);
        assert!(
            ended.stderr.contains("--no-agent"),
            "{case}: {}",
            ended.stderr
        );
        assert!(env.sandbox.log().is_empty(), "{case}");
        assert!(env.agents().is_empty(), "{case}");
    }
    let ended = shell_with_mounts(&env, &exec_after(&on(1), "--no-agent"));
    assert_ran(&env, &ended, "without an agent");
    let ended = shell_with_mounts(&env, &exec_after(&on(4), ""));
    assert_ran(&env, &ended, "room enough");
}

#[test]
fn socket_needs_no_bytes_of_a_full_disk() {
    let env = TestEnv::of("carol").configured();
    let full = disk(100, 4096) + FILL + "export XDG_RUNTIME_DIR=$DISK TMPDIR=$DISK;";
    let ended = shell_with_mounts(&env, &exec_after(&full, ""));
    assert_ran(&env, &ended, "full");
}

#[test]
fn live_agent_serves_on_a_read_only_home() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let before = files(&env);
    for flags in counted::<2, _>(["", "--min-ttl 5m"]) {
        let script = format!("{READ_ONLY} ob exec --json {flags} {COMMAND}");
        assert_ran(&env, &shell_with_mounts(&env, &script), "warm");
    }
    // Looking for an agent's directory in the home creates nothing.
    let script = format!(
        "{READ_ONLY} mount -o remount,ro,bind $HOME; ob status --json >/dev/null && echo out"
    );
    let ended = shell_with_mounts(&env, &script);
    assert_eq!((ended.code(), ended.stdout.as_str()), (Some(0), "out\n"));
    assert_eq!(files(&env), before);
}

#[test]
fn live_agent_in_a_read_only_home_serves() {
    let env = TestEnv::of("carol").configured();
    let start = format!(
        "{NO_XDG} ob login --config $SETTINGS {ANSWERED} >/dev/null || exit; {READ_ONLY} \
                  ob exec --config $SETTINGS --json {COMMAND}; code=$?; \
                  ob agent stop 2>/dev/null; exit $code"
    );
    assert_ran(&env, &shell_with_mounts(&env, &start), "in the home");
}

#[test]
fn read_only_home_is_named() {
    let env = TestEnv::of("carol").configured();
    let before = files(&env);
    let exec = exec_after(&format!("{READ_ONLY} unset XDG_RUNTIME_DIR;"), "");
    let expected = Failure(125, "paths.make", "home/.local: Read-only file system");
    assert_failed(&env, &shell_with_mounts(&env, &exec), &expected, "exec");
    let init = format!("{READ_ONLY} {NO_XDG} {INIT}");
    let expected = Failure(1, "config.write", "read-only file system");
    assert_failed(&env, &shell_with_mounts(&env, &init), &expected, "init");
    let alone = exec_after(&format!("{READ_ONLY} unset XDG_RUNTIME_DIR;"), "--no-agent");
    assert_ran(&env, &shell_with_mounts(&env, &alone), "no agent");
    assert!(env.agents().is_empty());
    assert_eq!(files(&env), before);
}

/// Runs a script without XDG variables and with a HOME that `make` changes.
fn without_xdg(env: &TestEnv, make: &str, rest: &str) -> Finished {
    shell(env, &format!("{NO_XDG} {make} {rest}"))
}

#[test]
fn without_a_home_explicit_paths_work() {
    let env = TestEnv::of("carol").configured();
    for home in counted::<5, _>([
        "unset HOME;",
        "HOME=;",
        "HOME=.;",
        "HOME=/nowhere/at/all;",
        "HOME=/dev/null;",
    ]) {
        assert_ran(&env, &shell(&env, &exec_after(home, "")), home);
        assert_ran(&env, &shell(&env, &exec_after(home, "--no-agent")), home);
    }
}

#[test]
fn missing_home_and_xdg_are_named() {
    let env = TestEnv::of("carol").configured();
    let before = files(&env);
    let unset = Failure(125, "paths.no-place", "HOME is not set");
    let nowhere = Failure(125, "paths.make", "/nowhere/at/all/.local");
    for (home, expected) in counted::<4, _>([
        ("unset HOME;", &unset),
        ("HOME=;", &unset),
        ("HOME=.;", &unset),
        ("HOME=/nowhere/at/all;", &nowhere),
    ]) {
        let given = format!("ob exec --config $SETTINGS {ANSWERED} {COMMAND}");
        assert_failed(&env, &without_xdg(&env, home, &given), expected, home);
        let given = format!("ob exec --no-agent --config $SETTINGS {ANSWERED} {COMMAND}");
        assert_ran(&env, &without_xdg(&env, home, &given), home);
        let bare = without_xdg(&env, home, &format!("ob exec {ANSWERED} {COMMAND}"));
        let expected = Failure(2, "config.no-org", "ob config init");
        assert_failed(&env, &bare, &expected, home);
        let status = without_xdg(&env, home, "ob status --json");
        assert_eq!(status.code(), Some(1), "{home} {}", status.stderr);
    }
    assert_eq!(files(&env), before);
}

#[test]
fn home_at_the_root_directory_is_not_written_to() {
    let env = TestEnv::unprivileged("carol").configured();
    let given = format!("ob exec --config $SETTINGS {ANSWERED} {COMMAND}");
    let ended = without_xdg(&env, "HOME=/;", &given);
    let expected = Failure(125, "paths.make", "cannot make /.local");
    assert_failed(&env, &ended, &expected, "exec");
    let ended = without_xdg(&env, "HOME=/;", INIT);
    let expected = Failure(1, "config.write", "permission denied");
    assert_failed(&env, &ended, &expected, "init");
}

#[test]
fn removed_working_directory_does_no_harm() {
    let env = TestEnv::of("carol").configured();
    let gone = "mkdir $TMPDIR/d; cd $TMPDIR/d; rmdir ../d;";
    assert_ran(
        &env,
        &shell(&env, &exec_after(gone, "--no-agent")),
        "no agent",
    );
    assert_ran(&env, &shell(&env, &exec_after(gone, "")), "cold");
    env.sign_in();
    let warm = format!("{gone} ob exec --json {COMMAND}");
    assert_ran(&env, &shell(&env, &warm), "warm");
    for verb in counted::<5, _>(["status", "login", "roles", "config check", "logout"]) {
        let ended = shell(&env, &format!("{gone} ob {verb}"));
        assert_eq!(ended.code(), Some(0), "{verb}: {}", ended.stderr);
    }
}

/// Scripts set `umask 0177` for files with secrets; a directory made so would lock out its owner.
#[test]
fn umask_that_restricts_the_owner_is_harmless() {
    let script = |umask: &str| {
        format!(
            "SETTINGS=$XDG_CONFIG_HOME/ob/config.toml; \
                         unset XDG_CONFIG_HOME XDG_RUNTIME_DIR; umask {umask}; \
             {INIT} && ob --config $SETTINGS config aws && \
             ob --config $SETTINGS exec {ANSWERED} -- sh -c 'umask' && \
             ob --config $SETTINGS use --shell bash dev >/dev/null && ob agent stop && \
             find $HOME ! -type l -printf '%M %P\\n'"
        )
    };
    for umask in counted::<3, _>(["0177", "0277", "0777"]) {
        let env = TestEnv::unprivileged("carol").configured();
        let ended = shell(&env, &script(umask));
        assert_eq!(ended.code(), Some(0), "{umask}: {}", ended.stderr);
        let (first, found) = ended.stdout.split_once('\n').unwrap();
        assert_eq!(first, umask, "the command's umask is the caller's");
        assert!(found.contains(".local/state/ob/run/"), "{umask}: {found}");
        for line in found.lines() {
            let private = ["drwx------", "-rw-------", "srw-------"];
            let is_private = private.iter().any(|mode| line.starts_with(mode));
            assert!(is_private, "{umask}: {line}");
        }
    }
}
