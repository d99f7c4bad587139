//! A session that outlives the network it was begun in: each request goes by the route of its own
//! settings, and what stands in the way is named.

mod machine;
mod portals;
mod proxies;
mod roaming;

use std::process::Command;

use crate::support::{Finished, TestEnv, run};

/// `ob exec`, with these variables; nothing is answered.
fn exec_by(env: &TestEnv, variables: &[(&str, &str)], words: &[&str]) -> Finished {
    let mut all = vec!["exec", "--json"];
    all.extend(words);
    all.extend(["--", "echo", "out"]);
    ob_by(env, variables, &all)
}

/// `ob` with these variables; nothing is answered.
fn ob_by(env: &TestEnv, variables: &[(&str, &str)], words: &[&str]) -> Finished {
    run(with(env.ob(words), variables), "")
}

fn with(mut command: Command, variables: &[(&str, &str)]) -> Command {
    command.envs(variables.iter().copied());
    command
}

/// Signs in with these variables, everything answered.
fn sign_in_by(env: &TestEnv, variables: &[(&str, &str)]) {
    env.sandbox.forget_used_codes();
    let mut login = env.ob(["login"]);
    login.args(env.answer_flags());
    let ended = run(with(login, variables), &env.answers());
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}

fn ran(ended: &Finished) {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "out\n");
}
