//! `ob` and `ob-agent`: how the one finds the other, and what happens if they do not match.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use ob::wire::{self, FromAgent, Hello, PROTOCOL, ToAgent};

use crate::support::{Finished, TestEnv, run};

const AGENT: &str = env!("CARGO_BIN_EXE_ob-agent");

/// A place with a copy of `ob`, as a package makes it.
struct Package {
    env: TestEnv,
    directory: PathBuf,
}

impl Package {
    fn new() -> Self {
        let env = TestEnv::of("carol").configured();
        let directory = env.path("package/bin");
        fs::create_dir_all(&directory).unwrap();
        let package = Self { env, directory };
        package.copy(env!("CARGO_BIN_EXE_ob"));
        package
    }

    fn copy(&self, program: &str) -> PathBuf {
        let to = self.directory.join(Path::new(program).file_name().unwrap());
        // `cp`: a file that this process has open for writing cannot be executed.
        let copied = Command::new("cp").arg(program).arg(&to).status();
        assert!(copied.unwrap().success());
        to
    }

    fn write_agent(&self, script: &str) {
        let path = self.directory.join("ob-agent");
        let text = format!("#!/bin/sh\n{script}\n");
        let mut command = Command::new("sh");
        command.args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh"]);
        assert!(command.arg(text).arg(&path).status().unwrap().success());
    }

    /// Runs a command that needs an agent.
    fn exec(&self, ob: &Path) -> Finished {
        let mut command = self.env.command(ob.to_str().unwrap());
        command.args(["--json", "exec", "--password-stdin", "--", "true"]);
        run(command, self.env.answers())
    }

    fn ob(&self) -> PathBuf {
        self.directory.join("ob")
    }
}

#[test]
fn agent_is_found_beside_ob_through_links() {
    let package = Package::new();
    package.copy(AGENT);
    let link = package.env.path("bin/linked-ob");
    symlink(package.ob(), &link).unwrap();
    let second = package.env.path("bin/linked-twice");
    symlink("linked-ob", &second).unwrap();
    let ended = package.exec(&second);
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    let agent = package.env.agent().unwrap();
    let program = fs::read_link(format!("/proc/{agent}/exe")).unwrap();
    assert_eq!(program, package.directory.join("ob-agent"));
}

#[test]
fn missing_agent_program_is_named_with_both_places() {
    let package = Package::new();
    for words in [
        &["exec", "--", "true"][..],
        &["--no-agent", "exec", "--", "true"],
    ] {
        let mut command = package.env.command(package.ob().to_str().unwrap());
        command.arg("--json").args(words);
        let ended = run(command, "");
        assert_eq!(
            (ended.code(), ended.error().as_str()),
            (Some(125), "agent.program-missing")
        );
        for place in [
            package.directory.join("ob-agent"),
            "/usr/libexec/ob/ob-agent".into(),
        ] {
            let place = place.display().to_string();
            assert!(ended.stderr.contains(&place), "{}", ended.stderr);
        }
        assert!(ended.stderr.contains("install"), "{}", ended.stderr);
    }
    // What needs no agent works.
    let mut status = package.env.command(package.ob().to_str().unwrap());
    let status = run(status.arg("status"), "");
    assert_eq!(status.stdout, "nobody is signed in (no agent is running)\n");
}

#[test]
fn agent_program_that_others_may_write_is_not_started() {
    let package = Package::new();
    let agent = package.copy(AGENT);
    fs::set_permissions(&agent, Permissions::from_mode(0o757)).unwrap();
    let ended = package.exec(&package.ob());
    assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
    assert_eq!(ended.error(), "agent.program-untrusted", "{}", ended.stderr);
    assert!(ended.stderr.contains("mode 0757"), "{}", ended.stderr);
    assert_eq!(package.env.agent(), None);
}

#[test]
fn agent_program_of_another_build_is_refused_by_itself() {
    // The real program, started by an `ob` of another version.
    for (words, said) in [
        (&["--for", "0.0.1/1"][..], "!"),
        (&["--for"], "!"),
        (&[], "ob-agent is a part of ob"),
        (&["--help"], "ob-agent is a part of ob"),
    ] {
        let output = Command::new(AGENT).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.starts_with(said), "{words:?}: {printed}");
    }
    // This `ob`, with a program that says so.
    let package = Package::new();
    package.write_agent("printf !");
    let ended = package.exec(&package.ob());
    assert_eq!(ended.code(), Some(125), "{}", ended.stderr);
    assert_eq!(ended.error(), "agent.program-version", "{}", ended.stderr);
    assert!(
        ended.stderr.contains("from the same package"),
        "{}",
        ended.stderr
    );
}

#[test]
fn agent_program_that_fails_or_is_none_is_named() {
    let package = Package::new();
    for (script, said) in [
        ("exit 3", "it ended at once"),
        ("printf 'no memory'; exit 1", "no memory"),
    ] {
        package.write_agent(script);
        let ended = package.exec(&package.ob());
        assert_eq!(ended.code(), Some(125), "{}", ended.stderr);
        assert_eq!(ended.error(), "agent.start", "{}", ended.stderr);
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}

fn frame(message: &impl serde::Serialize) -> Vec<u8> {
    wire::encode(message, wire::FROM_AGENT_MAX)
        .unwrap()
        .to_vec()
}

fn hello(protocol: u16) -> Hello {
    Hello {
        protocol,
        build: "0.0.9".into(),
    }
}

fn receive(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut header = [0; wire::HEADER];
    stream.read_exact(&mut header).ok()?;
    let mut body = vec![0; wire::body_length(header, wire::FROM_AGENT_MAX).unwrap()];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

#[test]
fn new_client_names_an_old_running_agent() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    run(&mut env.ob(["agent", "stop"]), "");
    let listener = UnixListener::bind(env.socket()).unwrap();
    let old_agent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        receive(&mut stream).unwrap();
        let _ = stream.write_all(&frame(&FromAgent::Hello(hello(PROTOCOL - 1))));
    });
    let ended = run(&mut env.ob(["--json", "exec", "--", "true"]), "");
    old_agent.join().unwrap();
    assert_eq!(ended.code(), Some(125), "{}", ended.stderr);
    assert_eq!(ended.error(), "agent.protocol", "{}", ended.stderr);
    assert!(ended.stderr.contains("ob 0.0.9"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`ob agent stop`"), "{}", ended.stderr);
}

#[test]
fn running_agent_tells_an_old_client_its_protocol_and_stays() {
    let env = TestEnv::of("carol").configured();
    env.sign_in();
    let mut old_client = UnixStream::connect(env.socket()).unwrap();
    old_client
        .write_all(&frame(&ToAgent::Hello(hello(PROTOCOL - 1))))
        .unwrap();
    let answer: FromAgent = wire::decode(&receive(&mut old_client).unwrap()).unwrap();
    assert!(matches!(answer, FromAgent::Hello(own) if own.protocol == PROTOCOL));
    assert_eq!(receive(&mut old_client), None);
    let ended = run(&mut env.ob(["exec", "--", "true"]), "");
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}
