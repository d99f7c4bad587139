//! A session that outlives the network it was started in: each request uses the network settings of
//! its own command, and obstacles are named.

mod machine;
mod portals;
mod proxies;
mod roaming;

use std::process::Command;

use crate::support::{Finished, TestEnv, run};

/// Runs `ob exec` with these variables; nothing is answered.
fn exec_by(env: &TestEnv, variables: &[(&str, &str)], words: &[&str]) -> Finished {
    let mut all = vec!["exec", "--json"];
    all.extend(words);
    all.extend(["--", "echo", "out"]);
    ob_by(env, variables, &all)
}

/// Runs `ob` with these variables; nothing is answered.
fn ob_by(env: &TestEnv, variables: &[(&str, &str)], words: &[&str]) -> Finished {
    run(with_variables(env.ob(words), variables), "")
}

fn with_variables(mut command: Command, variables: &[(&str, &str)]) -> Command {
    command.envs(variables.iter().copied());
    command
}

/// Signs in with these variables; everything is answered.
fn sign_in_by(env: &TestEnv, variables: &[(&str, &str)]) {
    env.sandbox.forget_used_codes();
    let mut login = env.ob(["login"]);
    login.args(env.answer_flags());
    let ended = run(with_variables(login, variables), env.answers());
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
}

fn assert_ran(ended: &Finished) {
    assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "out\n");
}

/// Runs `ob login --json` with these variables; everything is answered.
fn login_by(env: &TestEnv, variables: &[(&str, &str)]) -> Finished {
    let mut login = env.ob(["login", "--json"]);
    login.args(env.answer_flags());
    run(with_variables(login, variables), env.answers())
}
