//! `ob use` in a running shell, and direnv's `use ob`.

use super::{Kind, machine, role_name, type_line};
use crate::support::{Pty, TestEnv, run};

const SHELLS: [Kind; 4] = [Kind::Bash, Kind::Zsh, Kind::Fish, Kind::Nu];

/// A login shell whose start file sources what `ob init` prints.
fn shell(env: &TestEnv, kind: Kind) -> Pty {
    let output = run(&mut env.ob(["init", kind.name()]), "");
    let ours = env.write(&format!("home/ob.{}", kind.name()), output.stdout);
    kind.furnish(env, &format!("source {}", ours.display()));
    let mut command = env.command(kind.program());
    command.arg("-i");
    Pty::spawn(&command)
}

fn write_profiles(env: &TestEnv) {
    let written = run(&mut env.ob(["config", "aws"]), "");
    assert!(written.status.success(), "{}", &written.stderr);
}

#[test]
fn a_shell_is_switched_to_a_profile_without_keys_and_back() {
    for kind in SHELLS {
        let env = machine();
        env.sign_in();
        write_profiles(&env);
        let role = role_name(&env);
        let mut pty = shell(&env, kind);
        pty.until("READY");
        type_line(kind, &mut pty, "ob use prod");
        pty.until(&format!("acme-prod/{role} "));
        pty.until("m READY");
        for (name, expected) in [
            ("AWS_PROFILE", "<ob/prod>"),
            ("OB_ENV", "<prod>"),
            ("AWS_ACCESS_KEY_ID", "<>"),
            ("AWS_SESSION_TOKEN", "<>"),
        ] {
            type_line(kind, &mut pty, &kind.print(name));
            pty.until(expected);
            pty.until("m READY");
        }
        type_line(kind, &mut pty, "ob use dev");
        pty.until("m READY");
        type_line(kind, &mut pty, "ob use -");
        pty.until("m READY");
        type_line(kind, &mut pty, &kind.print("AWS_PROFILE"));
        pty.until("<ob/prod>");
        pty.until("m READY");
        // Other arguments are passed to the program: an error is printed and changes nothing.
        type_line(kind, &mut pty, "ob use prud");
        pty.until("did you mean");
        pty.until("m READY");
        type_line(kind, &mut pty, "ob use --help");
        pty.until("Usage: ob use");
        pty.until("m READY");
        type_line(kind, &mut pty, "ob status");
        pty.until("bob@acme.com");
        pty.until("m READY");
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn before_the_first_use_a_dash_leaves_every_profile() {
    for kind in SHELLS {
        let env = machine();
        env.sign_in();
        write_profiles(&env);
        let mut pty = shell(&env, kind);
        pty.until("READY");
        type_line(kind, &mut pty, "ob use dev");
        pty.until("m READY");
        type_line(kind, &mut pty, "ob use -");
        pty.until("READY");
        type_line(kind, &mut pty, &kind.print("AWS_PROFILE"));
        pty.until("<>");
        pty.until("READY");
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn the_profile_for_aws_tools_is_offered_where_it_is_missing() {
    let env = machine();
    let mut pty = shell(&env, Kind::Bash);
    pty.until("READY> ");
    type_line(Kind::Bash, &mut pty, "ob use prod");
    pty.until(
        "has no profile ob/prod for these settings. Write ob's profiles there (no secrets)? [y/N] ",
    );
    pty.send("n\r");
    pty.until("`ob config aws` writes one");
    assert!(!env.path("home/.aws/config").exists());
    pty.until("READY> ");
    type_line(Kind::Bash, &mut pty, "ob use prod");
    pty.until("[y/N] ");
    pty.send("y\r");
    pty.until("`ob login` signs you in");
    pty.until("acme-prod/");
    pty.until("READY> ");
    let config = std::fs::read_to_string(env.path("home/.aws/config")).unwrap();
    assert!(config.contains("[profile ob/prod]"), "{config}");
    // Without a terminal, the offer becomes an error that says what to type.
    std::fs::remove_file(env.path("home/.aws/config")).unwrap();
    let ended = run(&mut env.ob(["use", "--shell", "bash", "prod"]), "");
    assert_eq!(ended.status.code(), Some(3));
    assert!(ended.stderr.contains("`ob config aws`"));
}

#[test]
fn the_prompt_follows_what_the_credential_process_gets() {
    for kind in SHELLS {
        let env = machine();
        write_profiles(&env);
        let mut pty = shell(&env, kind);
        pty.until("READY");
        type_line(kind, &mut pty, "ob use prod");
        pty.until(&format!("acme-prod/{} READY", role_name(&env)));
        // Another client signs in, and a tool asks for credentials.
        env.sign_in();
        let got = run(&mut env.ob(["credential", "-p", "prod"]), "");
        assert!(got.status.success(), "{}", &got.stderr);
        type_line(kind, &mut pty, "echo");
        pty.until("m READY");
        // The prompt has no minutes to show.
        assert!(run(&mut env.ob(["logout"]), "").status.success());
        type_line(kind, &mut pty, "echo");
        pty.until(&format!("acme-prod/{} READY", role_name(&env)));
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}

#[test]
fn the_program_alone_says_that_use_is_a_function() {
    let env = machine();
    let ended = run(&mut env.ob(["use", "prod"]), "");
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("`eval \"$(ob init bash)\"`"));
    assert!(ended.stdout.is_empty());
}

#[test]
fn direnv_uses_a_profile_without_keys_and_without_questions() {
    let env = machine();
    env.sign_in();
    write_profiles(&env);
    let snippet = run(&mut env.ob(["init", "direnv"]), "").stdout;
    for name in ["config/direnv", "config/direnv/lib", "home/project"] {
        std::fs::create_dir(env.path(name)).unwrap();
    }
    env.write("config/direnv/lib/ob.sh", snippet);
    env.write("home/project/.envrc", "use ob prod\n");
    let direnv = |words: &[&str]| {
        let mut command = env.command("direnv");
        command.args(words).current_dir(env.path("home/project"));
        run(&mut command, "")
    };
    assert!(direnv(&["allow", "."]).status.success());
    let ended = direnv(&["exec", ".", "env"]);
    let seen = &ended.stdout;
    let has = |line: &str| seen.lines().any(|seen| seen == line);
    assert!(has("AWS_PROFILE=ob/prod"), "{seen} {}", &ended.stderr);
    assert!(has("OB_ACCOUNT=acme-prod") && !seen.contains("AWS_ACCESS_KEY_ID"));
    // A profile that AWS tools do not know is reported, and not written.
    std::fs::remove_file(env.path("home/.aws/config")).unwrap();
    let ended = direnv(&["exec", ".", "env"]);
    assert!(
        ended.stderr.contains("`ob config aws`"),
        "{}",
        &ended.stderr
    );
    assert!(!env.path("home/.aws/config").exists());
}

#[test]
fn hostile_account_names_are_inert_when_switched_to() {
    let name = "it's $(touch pwned) `touch pwned` \\ \\\\ \"%\" {role} ; & | \u{1f600}";
    for kind in SHELLS {
        let env = machine();
        let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
        let quoted = format!("'\'\'{name}\'\'\'").replace("\\'", "'");
        let settings = settings.replace("\"acme-prod\"", &quoted);
        env.write_settings(&settings);
        env.sign_in();
        write_profiles(&env);
        let mut pty = shell(&env, kind);
        pty.until("READY");
        type_line(kind, &mut pty, "ob use prod");
        pty.until("m READY");
        type_line(kind, &mut pty, &kind.print("OB_ACCOUNT"));
        pty.until(&format!("<{name}>"));
        assert!(!env.path("home/pwned").exists(), "{kind:?}");
        pty.until("m READY");
        type_line(kind, &mut pty, "exit");
        pty.wait();
    }
}
