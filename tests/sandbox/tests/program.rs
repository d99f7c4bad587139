//! The program around the servers, with a stand-in for `ob` that writes down what it was given.

#[cfg(test)]
mod program {
    use std::fs;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Output, Stdio};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_ob-sandbox");

    /// Notes its arguments and surroundings beside itself; `exec` reads its answers byte by byte,
    /// as `ob` does, and becomes the command.
    const STAND_IN: &str = r#"#!/bin/sh
    notes=$(dirname "$(readlink -f "$0")")
    echo "$*" >> "$notes/arguments"
    test "$1" = exec || exit 0
    cp "$XDG_CONFIG_HOME/ob/config.toml" "$notes/config.toml"
    stat -c '%a' "$XDG_CONFIG_HOME/ob/config.toml" "$XDG_RUNTIME_DIR" > "$notes/modes"
    echo "$HOME" > "$notes/home"
    for flag in "$@"; do
        test "$flag" = -- && break
        case "$flag" in --password-stdin) read -r password;; --passcode-stdin) read -r code;; esac
    done
    echo "$password $code" > "$notes/answers"
    while test "$1" != --; do shift; done
    shift
    exec "$@"
    "#;

    fn stand_in() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("stand-in");
        fs::write(&file, STAND_IN).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        (directory, file)
    }

    fn exec(ob: &Path, user: &str, command: &[&str], stdin: &str) -> Output {
        let mut child = Command::new(PROGRAM)
            .args(["exec", "--user", user, "--ob"])
            .arg(ob)
            .arg("--")
            .args(command)
            .env("OB_ORG_URL", "https://elsewhere.example")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    fn note(directory: &tempfile::TempDir, name: &str) -> String {
        fs::read_to_string(directory.path().join(name)).unwrap()
    }

    #[test]
    fn exec_answers_the_sign_in_and_passes_on_the_rest_of_stdin() {
        let (notes, ob) = stand_in();
        let output = exec(
            &ob,
            "bob",
            &["sh", "-c", "cat; env | grep ^OB_"],
            "rest\nof it\n",
        );
        assert_eq!(String::from_utf8_lossy(&output.stdout), "rest\nof it\n");
        let answers = note(&notes, "answers");
        let (password, code) = answers.trim().split_once(' ').unwrap();
        assert!(password.starts_with("canary-password-bob-"), "{answers}");
        assert_eq!(code.len(), 6);
        let arguments = note(&notes, "arguments");
        let (first, last) = arguments.trim().rsplit_once('\n').unwrap();
        assert!(first.starts_with("exec --password-stdin --passcode-stdin -- sh -c"));
        assert_eq!(last, "agent stop");
    }

    #[test]
    fn exec_ends_as_its_command_did_and_leaves_nothing_behind() {
        let (notes, ob) = stand_in();
        let ends = |script: &str| exec(&ob, "carol", &["sh", "-c", script], "").status.code();
        assert_eq!(ends("exit 0"), Some(0));
        assert_eq!(ends("exit 255"), Some(255));
        assert_eq!(ends("kill -TERM $$"), Some(128 + 15));
        assert_eq!(note(&notes, "modes"), "600\n700\n");
        let home = note(&notes, "home");
        let home = Path::new(home.trim());
        assert!(!home.exists() && !home.parent().unwrap().exists());
        assert!(note(&notes, "config.toml").contains("username = \"carol@acme.com\""));
        assert!(note(&notes, "arguments").starts_with("exec --password-stdin -- "));
    }

    #[test]
    fn a_user_who_does_not_exist_is_answered_with_those_who_do() {
        let (_notes, ob) = stand_in();
        let output = Command::new(PROGRAM)
            .args(["exec", "--user", "zoe", "--ob"])
            .arg(ob)
            .args(["--", "true"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("alice@acme.com"));
    }

    #[test]
    fn serve_says_where_it_is_and_ends_with_a_signal() {
        let mut child = Command::new(PROGRAM)
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let ca = PathBuf::from(said["ca_file"].as_str().unwrap());
        assert!(
            fs::read_to_string(&ca)
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE")
        );
        let secret = said["users"][0]["totp_secret"].as_str().unwrap();
        let code = Command::new(PROGRAM)
            .args(["code", secret])
            .output()
            .unwrap();
        assert_eq!(code.stdout.len(), 7);
        let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
        nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGTERM).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert!(!ca.exists());
    }
}
