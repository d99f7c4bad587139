//! Standard output: complete data, or an error.

use std::fs::OpenOptions;
use std::io::pipe;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use nix::libc::SIGPIPE;

fn completions() -> Command {
    let mut ob = Command::new(env!("CARGO_BIN_EXE_ob"));
    ob.args(["completions", "bash"]).env_clear();
    ob
}

#[test]
fn a_reader_that_has_gone_ends_ob_by_sigpipe_without_a_word() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let ended = completions()
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(ended.status.signal(), Some(SIGPIPE));
    assert_eq!(ended.stderr, b"");
}

#[test]
fn a_full_disk_is_a_failure_with_its_reason() {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = completions()
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(
        said.starts_with("ob: cannot use standard output\n  cause: no space left on device\n"),
        "{said}"
    );
}

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish"] {
        let ended = Command::new(env!("CARGO_BIN_EXE_ob"))
            .args(["completions", shell])
            .env_clear()
            .output()
            .unwrap();
        let script = String::from_utf8(ended.stdout).unwrap();
        assert!(
            ended.status.success() && script.contains("config"),
            "{shell}"
        );
    }
}
