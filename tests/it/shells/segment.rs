//! The prompt's segment beside other prompts. No `ob` runs here: the shells have their file and
//! variables.

use std::process::Command;

use super::tunnel::mark;
use super::{Kind, type_line};
use crate::support::{Pty, TestEnv};

pub(super) const SHELLS: [Kind; 3] = [Kind::Bash, Kind::Zsh, Kind::Fish];

fn file(kind: Kind) -> String {
    format!("{}/shell/ob.{}", env!("CARGO_MANIFEST_DIR"), kind.name())
}

/// A login shell whose start file sources ours twice.
pub(super) fn shell(env: &TestEnv, kind: Kind, before: &str, after: &str) -> Command {
    let ours = file(kind);
    kind.furnish(
        env,
        &format!("{before}\nsource {ours}\nsource {ours}\n{after}"),
    );
    let mut command = env.command(kind.program());
    command.arg("-i");
    command
}

pub(super) fn in_dev(command: &mut Command) -> &mut Command {
    command
        .env("OB_PROFILE", "dev")
        .env("OB_ROLE", "Admin")
        .env("OB_ACCOUNT", "labs")
}

#[test]
fn outside_of_a_role_the_prompt_is_what_it_was() {
    for kind in SHELLS {
        let env = TestEnv::new();
        let mut pty = Pty::spawn(&shell(&env, kind, "", ""));
        let before = pty.until("READY> ");
        assert!(
            !before.contains("dev") && !before.contains("OB_PS1"),
            "{before:?}"
        );
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn the_status_of_the_last_command_survives() {
    let bash = "PROMPT_COMMAND='seen=$?'";
    let shown = "PS1='[$?|$seen] READY> '";
    let array =
        "PROMPT_COMMAND=('seen=$?' 'pipe=${PIPESTATUS[*]}')\nPS1='[$?|$seen|$pipe] READY> '";
    let zsh = "setopt promptsubst; precmd_functions=(first); first() { seen=$? }; \
        PROMPT='[%?|$seen] READY> '";
    let fish = "function fish_prompt; echo -n \"[$status|$pipestatus] READY> \"; end";
    for (kind, before, command, expected) in [
        (
            Kind::Bash,
            format!("{bash}\n{shown}"),
            "(exit 3)",
            "[3|3] READY",
        ),
        (
            Kind::Bash,
            array.to_owned(),
            "(exit 3) | (exit 4)",
            "[4|4|3 4] READY",
        ),
        (
            Kind::Bash,
            format!("set -u\nset -o vi\n{shown}\nseen=0"),
            "(exit 3)",
            "[3|0] READY",
        ),
        (Kind::Zsh, zsh.to_owned(), "(exit 3)", "[3|3] READY"),
        (
            Kind::Zsh,
            format!("set -u\nbindkey -v\n{zsh}"),
            "(exit 3)",
            "[3|3] READY",
        ),
        (
            Kind::Fish,
            fish.to_owned(),
            "false | sh -c 'exit 4'",
            "[4|1 4] READY",
        ),
    ] {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, &before, "");
        let mut pty = Pty::spawn(in_dev(&mut bare));
        pty.until("labs/Admin [");
        type_line(kind, &mut pty, command);
        pty.until(&format!("labs/Admin {expected}"));
    }
}

#[test]
fn errexit_and_nounset_do_not_end_the_shell() {
    for kind in [Kind::Bash, Kind::Zsh] {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, "", "set -eu");
        let mut pty = Pty::spawn(in_dev(&mut bare));
        pty.until("labs/Admin READY");
        // A status that must not end the shell.
        type_line(kind, &mut pty, "! true");
        pty.until("labs/Admin READY");
        type_line(kind, &mut pty, "echo still-\"\"here");
        pty.until("still-here");
        pty.until("labs/Admin READY");
    }
}

#[test]
fn a_right_prompt_that_was_there_stays() {
    for (kind, before, expected) in [
        (Kind::Zsh, "RPROMPT=RIGHT", "RIGHT labs/Admin"),
        (
            Kind::Fish,
            "function fish_right_prompt; echo -n RIGHT; end",
            "RIGHT labs/Admin",
        ),
    ] {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, before, "");
        let mut pty = Pty::spawn(in_dev(&mut bare).env("OB_SHELL_SIDE", "right"));
        let seen = pty.until(expected);
        assert!(!seen.contains("labs/Admin READY"), "{seen:?}");
    }
}

#[test]
fn the_format_says_what_is_shown_and_none_shows_nothing() {
    for kind in SHELLS {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, "", "");
        in_dev(&mut bare)
            .env("OB_SHELL_FORMAT", "<{profile}:{class}>")
            .env("OB_ENV", "dev");
        let mut pty = Pty::spawn(&bare);
        pty.until("<dev:dev> READY");
        let mut pty = Pty::spawn(bare.env("OB_SHELL_FORMAT", "none"));
        let seen = pty.until("READY> ");
        assert!(!seen.contains("dev"), "{seen:?}");
    }
}

#[test]
fn hostile_names_are_inert() {
    let hostile = "a'b\"$(touch pwned)`touch pwned`%n%(?.x.y)\\u!!&|;\n\x1b[31m\x07z";
    let shown = "a'b\"$(touch pwned)`touch pwned`%n%(?.x.y)\\u!!&|;[31mz READY";
    let zsh_too = "setopt promptsubst";
    for (kind, before) in [
        (Kind::Bash, ""),
        (Kind::Zsh, ""),
        (Kind::Zsh, zsh_too),
        (Kind::Fish, ""),
    ] {
        let env = TestEnv::new();
        let mut bare = shell(&env, kind, before, "");
        for (name, value) in [
            ("OB_PROFILE", hostile),
            ("OB_SHELL_FORMAT", "{profile}"),
            ("OB_EXPIRES", "a[$(touch pwned)]"),
            ("OB_SHELL_WARN", "a[$(touch pwned)]m"),
            ("OB_COLOR", "$(touch pwned)"),
            ("OB_STATE", "$(touch pwned)"),
        ] {
            bare.env(name, value);
        }
        let mut pty = Pty::spawn(&bare);
        pty.until(shown);
        // Every threshold again, with invalid times.
        for time in ["99999999999", "08", "-1", "1e9"] {
            let mut pty = Pty::spawn(bare.env_remove("OB_STATE").env("OB_EXPIRES", time));
            pty.until("READY> ");
            type_line(kind, &mut pty, "echo still-\"\"here");
            pty.until("still-here");
        }
        let mut pty = Pty::spawn(bare.env("OB_PROFILE", "x".repeat(10_240)));
        pty.until("xx READY");
        assert!(!env.path("home/pwned").exists(), "{kind:?}");
    }
}

/// A theme that is chosen later may set the option.
#[test]
fn names_stay_inert_when_zsh_begins_to_expand_its_prompt() {
    let hostile = "a$(touch pwned)`touch pwned`z";
    for side in ["left", "right"] {
        let env = TestEnv::new();
        let mut bare = shell(&env, Kind::Zsh, "", "");
        bare.env("OB_PROFILE", hostile);
        bare.env("OB_SHELL_FORMAT", "{profile}");
        bare.env("OB_SHELL_SIDE", side);
        let mut pty = Pty::spawn(&bare);
        pty.until(hostile);
        type_line(Kind::Zsh, &mut pty, "setopt promptsubst");
        pty.until(hostile);
        type_line(Kind::Zsh, &mut pty, "unsetopt promptsubst; echo so-\"\"far");
        pty.until("so-far");
        pty.until(hostile);
        assert!(!env.path("home/pwned").exists(), "{side}");
    }
}

/// Returns the processes in a trace. fish's threads do not count: their number depends on the load.
fn started(trace: &std::path::Path) -> Vec<String> {
    let trace_text = std::fs::read_to_string(trace).unwrap();
    let begun = trace_text.lines().filter(|line| {
        let no_process = ["CLONE_THREAD", "resumed>", "+++", "---"];
        !no_process.iter().any(|other| line.contains(other))
    });
    begun.map(ToOwned::to_owned).collect()
}

#[test]
fn no_prompt_starts_a_program() {
    for kind in SHELLS {
        let env = TestEnv::new();
        let trace = env.path("tmp/trace");
        mark(&env.path("run/ob"), ".");
        let mut bare = shell(&env, kind, "", "");
        in_dev(&mut bare).env("OB_EXPIRES", "9999999999");
        let mut traced = env.command("strace");
        let arguments: Vec<_> = bare.get_args().map(ToOwned::to_owned).collect();
        traced
            .args([
                "-f",
                "-qq",
                "-e",
                "signal=none",
                "-e",
                "trace=fork,vfork,clone,clone3,execve",
                "-o",
            ])
            .arg(&trace)
            .args(arguments);
        for (name, value) in bare.get_envs() {
            traced.env(name, value.unwrap_or_default());
        }
        let mut pty = Pty::spawn(&traced);
        pty.until("READY> ");
        let before = started(&trace).len();
        for _ in 0..50 {
            pty.send("\r");
            pty.until("READY> ");
        }
        let new = started(&trace).split_off(before);
        assert!(new.is_empty(), "{kind:?}: {new:#?}");
        // The trace shows processes that are started.
        type_line(kind, &mut pty, "env true; echo so-\"\"far");
        pty.until("so-far");
        assert!(started(&trace).len() > before, "{kind:?}");
    }
}
