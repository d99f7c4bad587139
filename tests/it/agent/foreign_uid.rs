//! Connections between different users, in both directions: neither side sends a byte.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

use super::status;
use crate::support::{SOON, TestEnv, counted, run};

/// Makes the directories private again, so that their owner can connect.
fn make_private(env: &TestEnv) {
    for name in ["", "run", "run/ob"] {
        fs::set_permissions(env.path(name), Permissions::from_mode(0o700)).unwrap();
    }
}

/// Opens the path to the socket for everyone, as a careless user could.
fn open_to_all(env: &TestEnv) {
    for name in ["", "run", "run/ob"] {
        fs::set_permissions(env.path(name), Permissions::from_mode(0o755)).unwrap();
    }
    fs::set_permissions(env.socket(), Permissions::from_mode(0o666)).unwrap();
}

#[test]
fn root_client_of_another_users_agent_gets_no_byte() {
    let env = TestEnv::unprivileged("carol").configured();
    env.sign_in();
    open_to_all(&env);
    let mut stream = UnixStream::connect(env.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let _ = stream.write_all(&status());
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    assert_eq!(received, b"");
    make_private(&env);
}

#[test]
fn foreign_uid_gets_no_byte_through_an_open_socket() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    open_to_all(&env);
    // perl-base is always installed on Debian.
    let client_script = "socket(S,AF_UNIX,SOCK_STREAM,0)||die; \
                        connect(S,sockaddr_un($ARGV[0]))||die \"no way: $!\"; \
                        $SIG{PIPE}='IGNORE'; syswrite(S,pack('H*',$ARGV[1])); \
                        $n=sysread(S,$b,9); print $n//0";
    let bytes: String = status().iter().map(|byte| format!("{byte:02x}")).collect();
    // Root of its own user namespace is still another user.
    for wrapper in counted::<2, _>([&[][..], &["unshare", "--user", "--map-root-user"]]) {
        let output = Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(wrapper)
            .args(["perl", "-MSocket", "-e", client_script])
            .arg(env.socket())
            .arg(&bytes)
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "0",
            "{wrapper:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    make_private(&env);
    assert!(env.agent().is_some());
    // The owner in a namespace is still the owner, where the namespace maps the uid.
    let mut wrapper = env.command("unshare");
    wrapper.args(["--user", "--map-root-user", "ob", "status", "--json"]);
    let ended = run(wrapper, "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}

/// Every uid that a user namespace does not map is shown as the same number, in both directions.
#[test]
fn unmapped_uids_are_not_taken_for_the_same_user() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    open_to_all(&env);
    // A client in a namespace without a map sees neither the directory's owner nor the agent's.
    for uid in counted::<2, _>([0, 12_345]) {
        let mut client = Command::new("setpriv");
        client
            .args([format!("--reuid={uid}"), format!("--regid={uid}")])
            .args(["--clear-groups", "unshare", "--user"])
            .args([env!("CARGO_BIN_EXE_ob"), "status", "--json"])
            .env_clear()
            .env("XDG_RUNTIME_DIR", env.path("run"))
            .env("HOME", env.path("home"));
        let ended = run(client, "");
        assert_ne!(ended.code(), Some(0), "{uid}: {}", ended.stdout);
        assert_eq!(
            ended.error(),
            "paths.unknown-owner",
            "{uid}: {}",
            ended.stderr
        );
    }
    make_private(&env);

    // An agent in such a namespace, to which every client's uid looks like its own.
    for wrapper in counted::<2, _>([&["unshare", "--user"][..], &["env"]]) {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("agent.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let mut agent = Command::new(wrapper[0])
            .args(&wrapper[1..])
            .args([
                env!("CARGO_BIN_EXE_ob-agent"),
                "--for",
                &ob::wire::build_id(),
                "--directory",
            ])
            .arg(directory.path())
            .stdin(std::os::fd::OwnedFd::from(listener))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0];
        agent
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut ready)
            .unwrap();
        let mut stream = UnixStream::connect(&socket).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let _ = stream.write_all(&status());
        let mut received = [0; 9];
        let received = stream.read(&mut received).unwrap_or(0);
        agent.kill().unwrap();
        agent.wait().unwrap();
        assert_eq!(
            received > 0,
            wrapper == ["env"],
            "{wrapper:?}: {received} bytes"
        );
    }
}

#[test]
fn agent_of_another_uid_is_refused_before_a_byte() {
    let env = TestEnv::unprivileged("carol").configured();
    env.sign_in();
    assert_eq!(run(env.ob(["agent", "stop"]), "").code(), Some(0));
    assert!(env.agents_gone_within(SOON));
    let fake = UnixListener::bind(env.socket()).unwrap();
    fs::set_permissions(env.socket(), Permissions::from_mode(0o666)).unwrap();
    for verb in counted::<4, _>([
        vec!["status", "--json"],
        vec!["login", "--json", "--password-stdin"],
        vec!["logout", "--json"],
        vec!["exec", "--json", "--password-stdin", "--", "true"],
    ]) {
        let client = crate::support::start(env.ob(&verb), env.answers());
        let (mut stream, _) = fake.accept().unwrap();
        let mut received = Vec::new();
        let _ = stream.read_to_end(&mut received);
        assert_eq!(received, b"", "{verb:?}");
        let ended = crate::support::finish(client);
        assert_eq!(
            (ended.code(), ended.error().as_str(), ended.stdout.as_str()),
            (Some(4), "agent.foreign", ""),
            "{verb:?}: {}",
            ended.stderr
        );
    }
}

#[test]
fn agent_that_sends_garbage_is_a_named_error() {
    for words in counted::<5, _>([
        &b"\xff\xff\xff\xff"[..],
        b"\0\0\0\x02{}",
        b"\0\0\0\x05",
        b"",
        b"\0\0\0\0",
    ]) {
        let env = TestEnv::of("carol").configured();
        env.create_runtime();
        let fake = UnixListener::bind(env.socket()).unwrap();
        let client = crate::support::start(env.ob(["status", "--json"]), "");
        let (mut stream, _) = fake.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(words).unwrap();
        drop(stream);
        let ended = crate::support::finish(client);
        let fine = ended.error() == "agent.link" || ended.stdout.contains("\"agent\":null");
        assert!(fine, "{words:?}: {} {}", ended.stderr, ended.stdout);
    }
}
