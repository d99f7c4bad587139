//! The status of `ob use` in each shell, and hints that name the running shell.

use std::process::Command;

use super::{Kind, machine};
use crate::support::{TestEnv, run};

/// Returns a line that runs `first` and prints a word if it succeeds.
fn and_say(kind: Kind, first: &str) -> String {
    match kind {
        Kind::Bash | Kind::Zsh => format!("{first} && echo went-on; echo code $?"),
        Kind::Fish => format!("{first} && echo went-on; echo code $status"),
        // A failure ends the line; nushell has no `&&`.
        Kind::Nu => format!("{first}; print went-on; print \"code 0\""),
    }
}

/// A shell without a terminal that sources `ob init` and runs `line`.
fn script(env: &TestEnv, kind: Kind, line: &str) -> Command {
    let ours = run(&mut env.ob(["init", kind.name()]), "").stdout;
    let ours = env.write(&format!("home/ob.{}", kind.name()), ours);
    let flag = if kind == Kind::Nu { "-n" } else { "-f" };
    let mut command = env.command(kind.program());
    match kind {
        Kind::Bash => command.args(["--norc"]),
        Kind::Zsh | Kind::Nu => command.arg(flag),
        Kind::Fish => command.arg("-N"),
    };
    command.args(["-c", &format!("source {}\n{line}", ours.display())]);
    command
}

fn with_profiles() -> TestEnv {
    let env = machine();
    env.sign_in();
    assert!(run(&mut env.ob(["config", "aws"]), "").status.success());
    env
}

#[test]
fn what_follows_a_switch_runs_in_every_shell() {
    let env = with_profiles();
    for kind in super::ALL {
        for line in [
            "ob use prod",
            "ob use ''",
            "ob use --unset",
            "ob use --help",
        ] {
            let ended = run(&mut script(&env, kind, &and_say(kind, line)), "");
            let said = &ended.stdout;
            let all = format!("{kind:?} {line}: {said}{}", &ended.stderr);
            assert!(said.ends_with("went-on\ncode 0\n"), "{all}");
        }
    }
}

#[test]
fn a_failed_switch_returns_the_code_of_ob() {
    let env = with_profiles();
    for kind in super::ALL {
        let ended = run(&mut script(&env, kind, &and_say(kind, "ob use prud")), "");
        let (said, error) = (&ended.stdout, &ended.stderr);
        assert!(!said.contains("went-on"), "{kind:?} {said}");
        assert!(
            error.contains("did you mean `ob use prod`?"),
            "{kind:?} {error}"
        );
        assert!(!error.contains("-p "), "{kind:?} {error}");
        match kind {
            Kind::Nu => assert!(!ended.status.success(), "{error}"),
            _ => assert!(said.ends_with("code 2\n"), "{kind:?} {said}"),
        }
        let nothing_like_it = run(&mut script(&env, kind, "ob use zzz"), "");
        let error = &nothing_like_it.stderr;
        assert!(error.contains("`ob list`"), "{kind:?} {error}");
        assert!(!error.contains("`-r"), "{kind:?} {error}");
    }
}

#[test]
fn what_ob_env_prints_ends_well_in_fish() {
    let env = with_profiles();
    for line in [
        "ob env -p prod --shell fish | source",
        "ob env --unset --shell fish | source",
    ] {
        let ended = run(
            &mut script(&env, Kind::Fish, &and_say(Kind::Fish, line)),
            "",
        );
        assert_eq!(&ended.stdout, "went-on\ncode 0\n", "{line}");
    }
}

#[test]
fn hints_name_the_shell_that_runs_and_not_the_login_shell() {
    let env = with_profiles();
    for (kind, hint, syntax) in [
        (
            Kind::Bash,
            "`eval \"$(ob init bash)\"`",
            "export OB_PROFILE=",
        ),
        (Kind::Zsh, "`eval \"$(ob init zsh)\"`", "export OB_PROFILE="),
        (Kind::Fish, "`ob init fish | source`", "set -gx OB_PROFILE "),
        (Kind::Nu, "`ob init nu | save -f ob.nu`", "\"OB_PROFILE\":"),
    ] {
        for login in ["/usr/bin/zsh", "/usr/bin/fish", "/bin/nu", "/bin/bash"] {
            let mut command = env.command(kind.program());
            // Not the last command of the line, which would replace the shell.
            command.args(["-c", "ob use prod; ob env -p prod; exit 7"]);
            let ended = run(command.env("SHELL", login), "");
            let error = &ended.stderr;
            assert!(error.contains(hint), "{kind:?} {login}: {error}");
            if kind != Kind::Nu {
                let said = &ended.stdout;
                assert!(said.contains(syntax), "{kind:?} {login}: {said}");
            }
        }
    }
    // Without a known parent shell, $SHELL is used.
    let ended = run(env.ob(["use", "prod"]).env("SHELL", "/usr/bin/zsh"), "");
    assert!(ended.stderr.contains("`eval \"$(ob init zsh)\"`"));
    let ended = run(env.ob(["use", "prod"]).env("SHELL", "/bin/tcsh"), "");
    for hint in ["`eval \"$(ob init bash)\"`", "`ob init fish | source`"] {
        assert!(ended.stderr.contains(hint));
    }
}

/// Only bash continues after an assignment to a readonly variable.
#[test]
fn a_readonly_variable_stops_what_follows_a_switch() {
    let env = with_profiles();
    for kind in [Kind::Bash, Kind::Zsh] {
        for (name, first) in [
            ("AWS_PROFILE", "ob use prod"),
            ("AWS_PROFILE", "ob use --unset"),
            ("AWS_ROLE_ARN", "ob use prod"),
            ("AWS_PROFILE", "eval \"$(ob env -p prod --shell bash)\""),
            (
                "AWS_ACCESS_KEY_ID",
                "eval \"$(ob env -p prod --shell bash)\"",
            ),
        ] {
            let line = format!(
                "export {name}=mine; readonly {name}; {}",
                and_say(kind, first)
            );
            let ended = run(&mut script(&env, kind, &line), "");
            let (said, error) = (&ended.stdout, &ended.stderr);
            let what = format!("{kind:?} {name} {first}: {said}{error}");
            assert!(!said.contains("went-on"), "{what}");
            assert!(said.ends_with("code 1\n"), "{what}");
            if first.starts_with("ob use") {
                assert!(error.contains("hint: `readonly -p` lists them"), "{what}");
            }
            // With `set -e`, a script ends there.
            let ended = run(
                &mut script(&env, kind, &format!("set -e; {line}; {first}; echo end")),
                "",
            );
            assert!(!ended.stdout.contains("end"), "{what}");
        }
    }
}

/// fish passes a universal variable to programs even if a global one of the same name exists.
#[test]
fn a_universal_identity_of_fish_is_erased_and_said() {
    let env = with_profiles();
    let ours = run(&mut env.ob(["init", "fish"]), "").stdout;
    let ours = env.write("home/ob.fish", ours);
    let fish = |line: &str| {
        // Without its configuration, fish has no universal variables.
        let mut fish = env.command(Kind::Fish.program());
        fish.args(["-c", &format!("source {}; {line}", ours.display())]);
        let ended = run(&mut fish, "");
        (ended.stdout.to_owned(), ended.stderr.to_owned())
    };
    for first in ["ob use prod", "ob env -p prod --shell fish | source"] {
        let line = format!(
            "set -Ux AWS_ROLE_ARN universal; set -Ux AWS_PROFILE mine; {first}; \
             env | string match 'AWS_ROLE_ARN=*'; echo seen"
        );
        let (said, error) = fish(&line);
        assert_eq!(said, "seen\n", "{error}");
        assert!(
            error.contains("erased the universal variable AWS_ROLE_ARN"),
            "{error}"
        );
    }
    let line =
        "set -Ux AWS_PROFILE mine; ob use prod; echo $AWS_PROFILE; ob use ''; echo $AWS_PROFILE";
    assert_eq!(
        fish(line).0,
        "ob/prod\nmine\n",
        "what is the user's own comes back"
    );
}
