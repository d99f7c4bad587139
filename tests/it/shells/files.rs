//! The files that shells source, each checked by its own shell.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::text;

use super::{ALL, Kind};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("shell")
        .join(name)
}

fn run(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code(), said)
}

#[test]
fn init_prints_each_file_byte_for_byte() {
    let files = [
        ("bash", "ob.bash"),
        ("zsh", "ob.zsh"),
        ("fish", "ob.fish"),
        ("nu", "ob.nu"),
        ("nushell", "ob.nu"),
        ("direnv", "direnv.sh"),
    ];
    for (shell, name) in files {
        let output = Command::new(env!("CARGO_BIN_EXE_ob"))
            .args(["init", shell])
            .env_clear()
            .output()
            .unwrap();
        assert_eq!(output.stdout, std::fs::read(file(name)).unwrap(), "{shell}");
    }
}

#[test]
fn every_file_runs_under_e_u_pipefail_with_empty_output() {
    let clean = (Some(0), String::new());
    for name in ["ob.bash", "direnv.sh"] {
        let path = file(name);
        let path = path.to_str().unwrap();
        assert_eq!(
            run("bash", &["-eu", "-o", "pipefail", path]),
            clean,
            "{name}"
        );
        // A shell that sources it twice.
        let twice =
            format!(". {path}; . {path}; declare -F _ob_prompt >/dev/null && _ob_prompt; :");
        let norc = ["--norc", "-eu", "-o", "pipefail", "-c", &twice];
        assert_eq!(run("bash", &norc), clean, "{name}");
    }
    let (zsh, fish, nu) = (file("ob.zsh"), file("ob.fish"), file("ob.nu"));
    let twice = format!(". {0}; . {0}; _ob_precmd; _ob_preexec", zsh.display());
    assert_eq!(
        run("zsh", &["-f", "-eu", "-o", "pipefail", "-c", &twice]),
        clean
    );
    let twice = format!("source {0}; source {0}; _ob_look", fish.display());
    assert_eq!(run("fish", &["--no-config", "-c", &twice]), clean);
    let nu = nu.to_str().unwrap();
    assert_eq!(run(Kind::Nu.program(), &["--no-config-file", nu]), clean);
    for name in ["zshenv", "zshrc"] {
        let path = file("start").join(name);
        assert_eq!(run("zsh", &["-n", path.to_str().unwrap()]), clean, "{name}");
    }
}

#[test]
fn shellcheck_and_shfmt_find_nothing() {
    for name in ["ob.bash", "direnv.sh", "start/bashrc"] {
        let path = file(name);
        let path = path.to_str().unwrap();
        let clean = (Some(0), String::new());
        assert_eq!(run("shellcheck", &["--shell=bash", path]), clean);
        assert_eq!(run("shfmt", &["-d", "-i", "2", "-ci", path]), clean);
    }
    // fish formats its scripts in one way.
    let ours = std::fs::read_to_string(file("ob.fish")).unwrap();
    let path = file("ob.fish");
    let (_, indented) = run("fish_indent", &[path.to_str().unwrap()]);
    assert_eq!(indented, ours);
}

#[test]
fn a_shell_that_ob_does_not_know_is_named_with_those_it_does() {
    let (code, said) = run(env!("CARGO_BIN_EXE_ob"), &["init", "tcsh"]);
    assert_eq!(code, Some(2));
    for kind in ALL {
        assert!(said.contains(kind.name()), "{said}");
    }
}
