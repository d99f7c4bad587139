//! `ob shell` in bash, zsh, fish and nushell, as a person meets it at a terminal.

use super::{Kind, machine, role_name, type_line};
use crate::support::{Pty, TestEnv};

/// The answers of a line editor's terminal are given by the test's: nushell asks where its cursor is.
fn open(env: &TestEnv, kind: Kind, more: &[&str]) -> Pty {
    let program = kind.program();
    let mut command = env.ob(["shell", "--shell", program.to_str().unwrap()]);
    command.args(more);
    Pty::spawn(&command)
}

fn fresh(pty: &mut Pty, label: &str) {
    pty.until(&format!("{label} "));
    let shown = pty.until("m READY");
    assert!(shown == "59m READY" || shown == "60m READY", "{shown:?}");
}

/// Open, see the segment, renew, let it cross each threshold, expire, exit.
fn lives(kind: Kind) {
    let env = machine();
    env.sign_in();
    kind.furnish(&env, "");
    let label = format!("acme-prod/{}", role_name(&env));
    let mut pty = open(&env, kind, &["-p", "prod"]);
    fresh(&mut pty, &label);

    // The user's own files have run, and the credentials are there.
    type_line(kind, &mut pty, "mine");
    pty.until("MINE\r");
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWS_ACCESS_KEY_ID"));
    pty.until("<ASIA");
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWSUME_PROFILE"));
    pty.until("<prod>");
    fresh(&mut pty, &label);

    // Near the end it asks the agent, and takes what it gets in place.
    type_line(kind, &mut pty, &kind.expire_in(890));
    fresh(&mut pty, &label);
    type_line(kind, &mut pty, &kind.print("AWS_SESSION_TOKEN"));
    pty.until("<");
    fresh(&mut pty, &label);

    // With nobody to ask each threshold shows, and nothing else does.
    crate::support::run(&mut env.ob(["agent", "stop"]), "");
    for (seconds, shown) in [(890, "14m!"), (290, "4m!!"), (-5, "expired")] {
        type_line(kind, &mut pty, &kind.expire_in(seconds));
        pty.until(&format!("{label} {shown} READY"));
    }
    type_line(kind, &mut pty, "exit");
    let (status, _) = pty.wait();
    assert_eq!(status.code(), Some(0), "{kind:?}");
}

#[test]
fn bash_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Bash);
}

#[test]
fn zsh_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Zsh);
}

#[test]
fn fish_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Fish);
}

#[test]
fn nushell_shows_its_role_renews_in_place_and_leaves_no_trace() {
    lives(Kind::Nu);
}
