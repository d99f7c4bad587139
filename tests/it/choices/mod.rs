//! Remembered answers: a role that was chosen in a menu serves only the terminal of that menu.

mod phones;
mod shells;
mod unopened;
mod walk;

use ob_sandbox::Server;

use crate::shells::{Kind, type_line};
use crate::support::{Finished, Pty, TestEnv, run};

const ENGINEER: &str = "arn:aws:iam::123456789012:role/Engineer";
const READ_ONLY: &str = "arn:aws:iam::123456789012:role/ReadOnly";

/// Carol's machine: two roles, and settings that name neither of them.
fn machine(more: &str) -> TestEnv {
    let env = TestEnv::of("carol");
    env.write_settings(&(env.minimal_settings() + more));
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    env
}

/// A terminal with a shell in it.
fn terminal(env: &TestEnv) -> Pty {
    let mut pty = Pty::spawn(env.command("bash").arg("-i").env("TERM", "dumb"));
    pty.until("READY> ");
    pty
}

/// Types a line that prints `role-NAME.`; chooses `picks` if a menu is expected. Returns the
/// output.
fn line(pty: &mut Pty, line: &str, picks: Option<&str>) -> String {
    type_line(Kind::Bash, pty, &format!("{line}; echo c\"\"ode-$?."));
    let mut seen = String::new();
    if let Some(picked) = picks {
        seen += &pick(pty, picked);
    }
    seen + &pty.until("code-") + &pty.until(".")
}

/// Chooses a role in the menu that opens.
fn pick(pty: &mut Pty, role: &str) -> String {
    let menu = pty.until("Role (1-") + &pty.until("): ");
    let numbered = |line: &&str| line.contains(&format!(":role/{role}"));
    let found = menu
        .lines()
        .find(numbered)
        .unwrap_or_else(|| panic!("{menu}"));
    let number: String = found
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    pty.send(&format!("{number}\r"));
    menu
}

fn ran_as(seen: &str, role: &str) -> bool {
    seen.contains(&format!("role-{role}.")) && seen.ends_with("code-0.")
}

const EXEC: &str = "ob exec -- sh -c 'echo role-\"\"$OB_ROLE.'";

fn without_a_terminal(env: &TestEnv, words: &[&str]) -> Finished {
    run(&mut env.ob(words), "")
}

#[test]
fn a_chosen_role_serves_its_terminal_alone() {
    let env = machine("");
    let (mut first, mut second) = (terminal(&env), terminal(&env));
    let seen = line(&mut first, EXEC, Some("ReadOnly"));
    assert!(
        ran_as(&seen, "ReadOnly") && !seen.contains("chosen"),
        "{seen}"
    );
    // There it is used again, with a message.
    let seen = line(&mut first, EXEC, None);
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    let said = seen.lines().find(|line| line.contains("ob: using"));
    let said = said.unwrap_or_else(|| panic!("{seen}")).trim();
    assert!(
        said.starts_with("ob: using 123456789012/ReadOnly, chosen ")
            && said.ends_with("; --choose to change"),
        "{said}"
    );
    // Another terminal gets its own menu.
    let seen = line(&mut second, EXEC, Some("Engineer"));
    assert!(ran_as(&seen, "Engineer"), "{seen}");
    for (pty, role) in [(&mut first, "ReadOnly"), (&mut second, "Engineer")] {
        let seen = line(pty, EXEC, None);
        assert!(ran_as(&seen, role), "{role}: {seen}");
    }
    // A process that has left the terminal does not belong to it.
    let seen = line(&mut first, "setsid -w ob exec -- echo it ran", None);
    assert!(
        seen.ends_with("code-3.") && !seen.contains("\nit ran"),
        "{seen}"
    );
    // A terminal inside of that terminal is another one.
    let nested = format!(
        "script -qec \"{}\" /dev/null",
        EXEC.replace('"', "\\\"").replace('$', "\\$")
    );
    let seen = line(&mut first, &nested, Some("Engineer"));
    assert!(ran_as(&seen, "Engineer"), "{seen}");
}

#[test]
fn without_a_terminal_no_choice_is_used() {
    let env = machine("[profiles.any]\nrole = \"*\"\n");
    let mut pty = terminal(&env);
    for typed in [EXEC, &EXEC.replace("exec", "exec -r '*'")] {
        let seen = line(&mut pty, typed, Some("ReadOnly"));
        assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    }
    for words in [
        &["exec", "--", "true"][..],
        &["exec", "-r", "*", "--", "true"],
        &["exec", "-p", "any", "--", "true"],
        &["env", "-r", "*"],
        &["shell", "--shell", "bash"],
        &["console", "--print"],
        &["write"],
        &["roles", "--discover"],
        &["credential", "-p", "any"],
        &["credential", "-r", "*"],
        &["exec", "--refresh", "-p", "any", "--", "true"],
    ] {
        let ended = without_a_terminal(&env, words);
        assert_eq!(ended.status.code(), Some(3), "{words:?}");
        assert!(ended.stdout.is_empty(), "{words:?}");
        let said = &ended.stderr;
        for expected in [
            "which role to assume",
            "`-r ROLE`",
            "`-p PROFILE`",
            ENGINEER,
            READ_ONLY,
        ] {
            assert!(said.contains(expected), "{words:?}: {said}");
        }
    }
    // A verb that never asks does not use the choice, also in its terminal.
    let seen = line(&mut pty, "ob credential -p any", None);
    assert!(
        seen.ends_with("code-3.") && !seen.contains("AccessKeyId"),
        "{seen}"
    );
}

#[test]
fn choose_opens_the_menu_again() {
    let env = machine("[profiles.dev]\nrole = \"Engineer\"\n");
    let mut pty = terminal(&env);
    let choose = EXEC.replace("exec", "exec --choose");
    let seen = line(&mut pty, EXEC, Some("ReadOnly"));
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    let seen = line(&mut pty, &choose, Some("Engineer"));
    assert!(
        ran_as(&seen, "Engineer") && !seen.contains("ob: using"),
        "{seen}"
    );
    let seen = line(&mut pty, EXEC, None);
    assert!(ran_as(&seen, "Engineer"), "{seen}");
    // A request that names one role has nothing to choose.
    for words in ["-p dev", "-r ReadOnly"] {
        let seen = line(
            &mut pty,
            &EXEC.replace("exec", &format!("exec --choose {words}")),
            None,
        );
        assert!(
            seen.ends_with("code-2.") && seen.contains("names one role"),
            "{seen}"
        );
    }
    // With a default profile, `--choose` lists all roles.
    env.write_settings(&format!(
        "default_profile = \"dev\"\n{}[profiles.dev]\nrole = \"Engineer\"\n",
        env.minimal_settings()
    ));
    let seen = line(&mut pty, EXEC, None);
    assert!(
        ran_as(&seen, "Engineer") && !seen.contains("ob: using"),
        "{seen}"
    );
    let seen = line(&mut pty, &choose, Some("ReadOnly"));
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    let seen = line(&mut pty, EXEC, None);
    assert!(ran_as(&seen, "Engineer"), "{seen}");
}

#[test]
fn a_choice_ends_with_the_session() {
    let env = machine("");
    let mut pty = terminal(&env);
    let ends: [&dyn Fn(); 3] = [
        &|| assert!(without_a_terminal(&env, &["logout"]).status.success()),
        &|| {
            let stopped = without_a_terminal(&env, &["agent", "stop"]);
            assert!(stopped.status.success());
        },
        // A second session of the same user.
        &|| {
            let mut again = env.ob(["login", "--again"]);
            let again = run(again.args(env.answer_flags()), env.answers());
            assert!(again.status.success(), "{}", &again.stderr);
        },
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let picked = ["ReadOnly", "Engineer"][number % 2];
        let seen = line(&mut pty, EXEC, Some(picked));
        assert!(ran_as(&seen, picked), "{number}: {seen}");
        end();
        env.sign_in();
    }
    let seen = line(&mut pty, EXEC, Some("ReadOnly"));
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
}

#[test]
fn menus_of_two_terminals_are_open_at_once() {
    for remembered in [false, true] {
        let env = machine("");
        if remembered {
            assert!(without_a_terminal(&env, &["roles"]).status.success());
        }
        let (mut first, mut second) = (terminal(&env), terminal(&env));
        for pty in [&mut first, &mut second] {
            type_line(Kind::Bash, pty, EXEC);
        }
        // The second menu does not wait for the first, and its choice stays there.
        pick(&mut second, "Engineer");
        second.until("role-Engineer.");
        let ended = without_a_terminal(&env, &["exec", "--", "true"]);
        assert_eq!(ended.status.code(), Some(3));
        pick(&mut first, "ReadOnly");
        first.until("role-ReadOnly.");
    }
}

#[test]
fn one_menu_serves_all_that_runs_in_its_terminal() {
    let env = machine("");
    let script = format!("{EXEC} & {EXEC} & {EXEC} & wait; echo all-\"\"done");
    let mut command = env.command("sh");
    command.args(["-c", &script]).env("TERM", "dumb");
    let mut pty = Pty::spawn(&command);
    pick(&mut pty, "ReadOnly");
    let seen = pty.until("all-done");
    assert_eq!(seen.matches("role-ReadOnly.").count(), 3, "{seen}");
    assert!(!seen.contains("Role (1-"), "{seen}");
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn the_only_role_of_a_user_is_shared() {
    let env = TestEnv::new();
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    env.sandbox.clear_log();
    let mut children: Vec<_> = (0..20)
        .map(|_| env.ob(["exec", "--", "true"]).spawn().unwrap())
        .collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    for _ in 0..2 {
        let mut pty = terminal(&env);
        let seen = line(&mut pty, EXEC, None);
        assert!(
            seen.ends_with("code-0.") && !seen.contains("ob: using"),
            "{seen}"
        );
    }
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn two_terminals_with_one_choice_share_its_credentials() {
    let env = machine("");
    for _ in 0..2 {
        let mut pty = terminal(&env);
        let seen = line(&mut pty, EXEC, Some("ReadOnly"));
        assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    }
    assert_eq!(env.sandbox.sts_calls("AssumeRoleWithSAML").len(), 1);
}

#[test]
fn a_menu_opens_its_app_once() {
    let env = machine("");
    let mut pty = terminal(&env);
    env.sandbox.clear_log();
    let seen = line(&mut pty, EXEC, Some("Engineer"));
    assert!(ran_as(&seen, "Engineer"), "{seen}");
    let opened = env.sandbox.requests(Server::Org, "/home/amazon_aws/");
    assert_eq!(opened.len(), 1, "{opened:?}");
}

/// Without an identity of the terminal from `/proc`, no answer is remembered.
#[test]
fn unidentified_terminal_is_asked_each_time() {
    let env = machine("");
    let mut pty = terminal(&env);
    let seen = line(&mut pty, EXEC, Some("ReadOnly"));
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    let hidden =
        "unshare -m sh -c 'mount -t tmpfs none /proc && exec ob exec -- echo it \"$0\"' ran";
    for _ in 0..2 {
        let seen = line(&mut pty, hidden, Some("Engineer"));
        assert!(
            seen.contains("\nit ran") && !seen.contains("ob: using"),
            "{seen}"
        );
    }
    // The choice is unchanged.
    let seen = line(&mut pty, EXEC, None);
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
}

#[test]
fn a_limit_is_not_dropped_by_a_choice() {
    let env = machine("");
    let mut pty = terminal(&env);
    let limited = EXEC.replace("exec", "exec --read-only");
    let seen = line(&mut pty, &limited, Some("Engineer"));
    assert!(ran_as(&seen, "Engineer"), "{seen}");
    let seen = line(&mut pty, EXEC, Some("ReadOnly"));
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
    let longer = EXEC.replace("exec", "exec --duration 30m");
    let seen = line(&mut pty, &longer, None);
    assert!(ran_as(&seen, "ReadOnly"), "{seen}");
}

/// A terminal has its own menu also among many clients without terminals.
#[test]
fn clients_without_terminals_get_no_terminals_choice() {
    let env = TestEnv::of("carol").configured();
    env.write_settings(&env.full_settings().replace("default_profile = 'dev'\n", ""));
    env.sign_in();
    let mut pty = Pty::spawn(env.ob(["exec", "--", "echo", "it ran"]).env("TERM", "dumb"));
    let menu = pty.until("Role (1-");
    let run_clients: Vec<_> = (0..20)
        .map(|_| crate::support::start(env.ob(["exec", "--", "true"]), ""))
        .collect();
    for client in run_clients {
        let ended = crate::support::finish(client);
        assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
    }
    assert!(menu.contains(READ_ONLY), "{menu}");
    pty.send("1\r");
    pty.until("it ran");
    assert!(pty.wait().0.success());
}
