//! The completion scripts: that they are current, and how shells use them.

use std::path::Path;

use crate::shells::{Kind, machine, role_name, type_line};
use crate::support::{Pty, TestEnv, run};

const SCRIPTS: [(&str, &str); 3] = [("bash", "ob.bash"), ("zsh", "_ob"), ("fish", "ob.fish")];

fn file(name: &str) -> String {
    format!("{}/completions/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Unusual names of profiles; one of them is no line.
fn hostile() -> TestEnv {
    let env = machine();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let names = r#""x$(touch pwned)'\"`touch pwned`", "x\u001b[31m", "x\ny""#;
    let tables = names.split(", ").map(|name| format!("[profiles.{name}]\n"));
    env.write_settings(&(settings + &tables.collect::<String>()));
    env
}

fn bash(env: &TestEnv, line: &[&str]) -> String {
    bash_with(env, ":", line)
}

/// With this in the user's start file.
fn bash_with(env: &TestEnv, own: &str, line: &[&str]) -> String {
    let script = "source \"$1\"; eval \"$2\"; shift 2; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - \
        1)); \
                  _ob ob \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; printf '%s\\n' \
                  \"${COMPREPLY[@]}\"";
    let mut command = env.command("bash");
    command
        .args(["--norc", "-c", script, "bash", &file("ob.bash"), own])
        .args(line);
    let ended = run(&mut command, "");
    assert_eq!(&ended.stderr, "");
    ended.stdout.to_owned()
}

fn fish(env: &TestEnv, line: &str) -> String {
    fish_with(env, "true", line)
}

/// With this in the user's start file.
fn fish_with(env: &TestEnv, own: &str, line: &str) -> String {
    let mut command = env.command("fish");
    command.args(["--no-config", "-c"]);
    command.arg(format!(
        "source {}; {own}; complete -C '{line}'",
        file("ob.fish")
    ));
    let ended = run(&mut command, "");
    // fish adds the option's description after a tab.
    let words = ended.stdout.lines().map(|line| line.split('\t').next());
    words
        .map(|word| word.unwrap_or_default().to_owned() + "\n")
        .collect()
}

#[test]
fn what_is_checked_in_is_what_the_program_prints() {
    for (shell, name) in SCRIPTS {
        let env = TestEnv::new();
        let printed = run(&mut env.ob(["completions", shell]), "").stdout;
        let kept = std::fs::read_to_string(Path::new(&file(name))).unwrap();
        assert!(
            kept == printed,
            "the grammar has changed: `target/debug/ob completions {shell} >completions/{name}`"
        );
    }
}

#[test]
fn profiles_roles_and_orgs_are_known_without_an_agent() {
    let env = machine();
    let role = format!("acme-prod/{}\n", role_name(&env));
    assert_eq!(bash(&env, &["ob", "exec", "-p", ""]), "dev\nprod\n");
    assert_eq!(bash(&env, &["ob", "use", "p"]), "prod\n");
    assert_eq!(bash(&env, &["ob", "shell", "--role", ""]), role);
    assert_eq!(bash(&env, &["ob", "shell", "--shell", "z"]), "zsh\n");
    assert_eq!(fish(&env, "ob exec -p "), "dev\nprod\n");
    assert_eq!(fish(&env, "ob use "), "dev\nprod\n");
    for verb in ["exec", "env", "shell", "use", "write", "console"] {
        assert_eq!(bash(&env, &["ob", verb, "p"]), "prod\n", "{verb}");
        assert_eq!(fish(&env, &format!("ob {verb} pro")), "prod\n", "{verb}");
    }
    assert_eq!(bash(&env, &["ob", "config", "remove", "p"]), "prod\n");
    assert_eq!(fish(&env, "ob config remove pro"), "prod\n");
    assert_eq!(fish(&env, "ob shell -r "), role);
    assert!(env.agents().is_empty(), "completing has started an agent");
    assert!(
        env.sandbox.log().is_empty(),
        "completing has used the network"
    );
}

/// A command that the shell completes itself: `obtest fir` becomes `first`.
const COMPLETING: &str = "obtest";

#[test]
fn after_two_dashes_the_command_and_its_words_are_completed() {
    let env = machine();
    env.write("bin/obtest", "#!/bin/sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(env.path("bin/obtest"), mode).unwrap();
    for verb in [
        &["ob", "exec", "-p", "dev", "--"][..],
        &["ob", "vpn", "exec", "--"],
    ] {
        let line = |words: &[&'static str]| [verb, words].concat();
        assert_eq!(bash(&env, &line(&["obte"])), "obtest\n");
        let own = "_obtest() { COMPREPLY=($(compgen -W \"first-${#COMP_WORDS[@]}-$COMP_CWORD \
            second $1\" -- \"$2\")); }; complete -F _obtest obtest";
        assert_eq!(
            bash_with(&env, own, &line(&[COMPLETING, "fir"])),
            "first-2-1\n"
        );
        // bash-completion loads the command's own completion.
        let offset = "_command_offset() { COMPREPLY=(\"offset-$1\"); }";
        let at = format!("offset-{}\n", verb.len());
        assert_eq!(bash_with(&env, offset, &line(&[COMPLETING, "fir"])), at);
        assert_eq!(bash(&env, &line(&["unknown-command", "x"])), "\n");
        // Neither our options nor our words.
        assert_eq!(bash(&env, &line(&[COMPLETING, "--prof"])), "\n");
        let verb = verb.join(" ");
        assert_eq!(fish(&env, &format!("{verb} obte")), "obtest\n");
        let fish_own = "complete -c obtest -f -a \"first second\"";
        assert_eq!(
            fish_with(&env, fish_own, &format!("{verb} obtest fir")),
            "first\n"
        );
        assert_eq!(
            fish_with(&env, fish_own, &format!("{verb} obtest --prof")),
            ""
        );
    }
}

#[test]
fn zsh_completes_the_command_behind_two_dashes() {
    let env = machine();
    let own = "_obtest() { compadd first-of-obtest; }; compdef _obtest obtest; obtest() { echo \
        \"<$*>\"; }";
    let setup = format!(
        "fpath=({}/completions $fpath)\nautoload -Uz compinit\ncompinit -u -d $HOME/dump\n{own}",
        env!("CARGO_MANIFEST_DIR")
    );
    Kind::Zsh.furnish(&env, &setup);
    let mut pty = Pty::spawn(env.command("zsh").arg("-i"));
    pty.until("READY> ");
    pty.send("ob exec -- obtes\t");
    pty.until("obtest");
    pty.send("fir\t");
    pty.until("st-of-obtest");
}

#[test]
fn bash_descends_into_a_directory_behind_two_dashes() {
    let env = machine();
    std::fs::create_dir_all(env.path("home/bin/deep dir")).unwrap();
    env.write("home/bin/deep dir/obtest", "#!/bin/sh\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(env.path("home/bin/deep dir/obtest"), mode).unwrap();
    Kind::Bash.furnish(&env, &format!("cd\nsource {}", file("ob.bash")));
    let mut pty = Pty::spawn(env.command("bash").arg("-i"));
    pty.until("READY> ");
    pty.send("ob exec -- ./bi\tde\tobt\t");
    pty.until("./bin/deep\\ dir/obtest ");
}

#[test]
fn the_factors_are_completed() {
    let env = machine();
    assert_eq!(bash(&env, &["ob", "login", "--factor", "y"]), "yubikey\n");
    assert!(bash(&env, &["ob", "exec", "--factor", ""]).starts_with("push\ntotp\n"));
    assert_eq!(fish(&env, "ob login --factor yub"), "yubikey\n");
}

#[test]
fn zsh_completes_a_profile() {
    let env = machine();
    let setup = format!(
        "fpath=({}/completions $fpath)\nautoload -Uz compinit\ncompinit -u -d $HOME/dump",
        env!("CARGO_MANIFEST_DIR")
    );
    Kind::Zsh.furnish(&env, &setup);
    let mut pty = Pty::spawn(env.command("zsh").arg("-i"));
    pty.until("READY> ");
    for line in [
        "ob exec -p pr\t",
        "ob exec pr\t",
        "ob shell pr\t",
        "ob config remove pr\t",
    ] {
        pty.send(line);
        pty.until("prod");
        pty.send("\x15");
    }
    type_line(Kind::Zsh, &mut pty, "ob use d\tx\x7f");
    pty.until("is a function of your shell");
    assert!(env.agents().is_empty(), "completing has started an agent");
}

#[test]
fn roles_that_the_agent_holds_are_known() {
    let env = TestEnv::new();
    env.sign_in();
    assert_eq!(bash(&env, &["ob", "exec", "-r", ""]), "\n");
    assert!(env.ob(["exec", "--", "true"]).status().unwrap().success());
    let role = format!("123456789012/{}\n", role_name(&env));
    assert_eq!(bash(&env, &["ob", "exec", "-r", ""]), role);
}

#[test]
fn hostile_names_are_inert_when_completed() {
    let env = hostile();
    let quoted = "x\\$\\(touch\\ pwned\\)\\'\\\"\\`touch\\ pwned\\`";
    assert_eq!(
        bash(&env, &["ob", "exec", "-p", "x"]),
        format!("{quoted}\n")
    );
    assert_eq!(fish(&env, "ob exec -p x").lines().count(), 1);
    let mut command = env.command("bash");
    let round = format!("printf %s {quoted}");
    let ended = run(command.args(["--norc", "-c", &round]), "");
    assert_eq!(&ended.stdout, "x$(touch pwned)'\"`touch pwned`");
    assert!(!env.path("home/pwned").exists());
}

#[test]
fn every_verb_has_a_page_of_the_manual() {
    let env = TestEnv::new();
    let list = run(&mut env.ob(["man", "--list"]), "").stdout;
    let names: Vec<&str> = list.lines().collect();
    assert!(
        names.contains(&"exec") && names.contains(&"config aws") && !names.contains(&"complete")
    );
    for name in names {
        let page = run(env.ob(["man"]).args(name.split(' ')), "");
        let title = format!(".TH OB-{} 1", name.to_uppercase().replace(' ', "-"));
        assert!(page.stdout.contains(&title), "{name}");
        assert!(page.stdout.contains(".SH \"EXIT STATUS\""), "{name}");
    }
    for name in [
        "",
        "login",
        "exec",
        "shell",
        "credential",
        "vpn",
        "vpn up",
        "vpn exec",
    ] {
        let page = run(env.ob(["man"]).args(name.split_whitespace()), "");
        let page = &page.stdout;
        let (_, examples) = page.split_once(".SH EXAMPLES\n").unwrap();
        assert!(
            examples.contains("\\fBob ") && !page.contains("EXTRA"),
            "{page}"
        );
        let long = run(env.ob(name.split_whitespace()).arg("--help"), "").stdout;
        for part in ["\nExamples:\n  ", "\nExit status:\n  "] {
            assert!(long.contains(part), "{name}: {long}");
        }
        // The options of every verb are on the page of `ob` alone.
        assert_eq!(long.contains("--org <NAME>"), name.is_empty(), "{long}");
        assert!(!long.contains('\x1b'), "{long}");
        let short = run(env.ob(name.split_whitespace()).arg("-h"), "").stdout;
        let asked = run(env.ob(["help"]).args(name.split_whitespace()), "").stdout;
        assert!(short == long && asked == long, "{name}");
    }
    assert!(run(&mut env.ob(["man"]), "").stdout.contains(".TH OB 1"));
    assert_eq!(run(&mut env.ob(["man", "tea"]), "").status.code(), Some(2));
}
