//! The end of a command: its own exit code and signal, and `ob`'s codes if it was not run.

use super::{Way, both_ways};
use crate::support::{TestEnv, run};

both_ways! {
    the_commands_exit_code_is_ours,
    death_by_a_signal_is_what_the_shell_shows,
    a_command_that_cannot_be_run_is_126_or_127,
    a_failure_of_obs_own_is_125_and_says_so,
}

fn the_commands_exit_code_is_ours(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    for code in [0, 3, 255] {
        let script = format!("exit {code}");
        let ended = way.run(&mut env.ob(["exec", "--", "sh", "-c", &script]));
        assert_eq!((ended.code(), &*ended.errors), (Some(code), ""));
    }
}

fn death_by_a_signal_is_what_the_shell_shows(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    for (name, number) in [("TERM", 15), ("KILL", 9), ("USR1", 10)] {
        let die = format!("kill -{name} $$");
        let ended = way.run(&mut env.ob(["exec", "--", "sh", "-c", &die]));
        assert_eq!(ended.signal(), Some(number), "{name}");
        let script = format!("ob exec -- sh -c '{die}'; echo status=$?");
        let shell = way.run(env.command("bash").args(["-c", &script]));
        let expected = format!("status={}\n", 128 + number);
        assert!(shell.output.ends_with(&expected), "{name}: {shell:?}");
    }
}

fn a_command_that_cannot_be_run_is_126_or_127(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let file = env.write("home/notes", "not a program\n");
    let file = file.to_str().unwrap();
    let directory = env.path("home");
    for (command, code, says) in [
        (
            "no-such-command",
            127,
            "ob: cannot find the command no-such-command\n",
        ),
        (
            "/no/such/command",
            127,
            "ob: cannot find the command /no/such/command\n",
        ),
        (file, 126, "ob: cannot execute /"),
        (directory.to_str().unwrap(), 126, "ob: cannot execute /"),
    ] {
        let ended = way.run(&mut env.ob(["exec", "--", command]));
        assert_eq!(ended.code(), Some(code), "{ended:?}");
        assert!(ended.errors.starts_with(says), "{ended:?}");
        assert!(ended.errors.contains("\n  hint: "), "{ended:?}");
    }
}

fn a_failure_of_obs_own_is_125_and_says_so(way: Way) {
    let env = TestEnv::new();
    let settings = env.path("config/ob/config.toml");
    let ended = way.run(
        env.ob(["--config", settings.to_str().unwrap(), "exec", "--", "true"])
            .env_remove("HOME")
            .env("XDG_RUNTIME_DIR", "relative"),
    );
    assert_eq!(ended.code(), Some(125), "{ended:?}");
    assert!(
        ended
            .errors
            .starts_with("ob: there is no private directory for the agent's socket\n")
    );
}

#[test]
fn what_keeps_a_command_from_being_run_has_its_own_exit_code() {
    let env = TestEnv::new();
    let flags = [&["exec"], env.answer_flags(), &["--", "echo", "ran"]].concat();
    let ends = |arguments: &[&str], input: &str| {
        let ended = run(&mut env.ob(arguments), input);
        assert_eq!(&ended.stdout, "", "{arguments:?}");
        assert!(ended.stderr.starts_with("ob: "), "{ended:?}");
        ended.status.code()
    };
    assert_eq!(ends(&["exec", "--bogus", "--", "echo", "ran"], ""), Some(2));
    assert_eq!(
        ends(&["exec", "-p", "none", "--", "echo", "ran"], ""),
        Some(2)
    );
    assert_eq!(ends(&["exec", "--", "echo", "ran"], ""), Some(3));
    assert_eq!(ends(&flags, "wrong\n123456\n"), Some(4));
    env.sandbox.stop();
    assert_eq!(ends(&flags, &env.answers()), Some(5));
}

/// Nothing is asked and nothing sent for a command that cannot be run.
#[test]
fn missing_command_is_reported_before_a_sign_in() {
    let env = TestEnv::new();
    let words = ["exec", "--password-stdin", "--"];
    for command in ["no-such-command", "./no-such-command"] {
        let ended = run(env.ob(words).arg(command), "not the password\n");
        let said = &ended.stderr;
        assert_eq!(ended.status.code(), Some(127), "{said}");
        let first = format!("ob: cannot find the command {command}\n");
        assert!(said.starts_with(&first), "{said}");
    }
    // The password is wrong, which would be reported if it had been sent. An existing command leads
    // to the usual prompts.
    env.write("home/here", "#!/bin/sh\n");
    for command in ["true", env.path("home/here").to_str().unwrap()] {
        let ended = run(env.ob(words).arg(command), "not the password\n");
        let said = &ended.stderr;
        assert_eq!(ended.status.code(), Some(4), "{said}");
    }
}
