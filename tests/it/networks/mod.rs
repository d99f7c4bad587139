//! A session that outlives the network it was begun in: each request goes by the route of its own
//! settings, and what stands in the way is named.

mod machine;
mod portals;
mod proxies;
mod roaming;

use std::process::Command;

use crate::scene::{Ended, Scene, run};

/// `ob exec`, with these variables; nothing is answered.
fn exec_by(scene: &Scene, variables: &[(&str, &str)], words: &[&str]) -> Ended {
    let mut all = vec!["exec", "--json"];
    all.extend(words);
    all.extend(["--", "echo", "out"]);
    ob_by(scene, variables, &all)
}

/// `ob` with these variables; nothing is answered.
fn ob_by(scene: &Scene, variables: &[(&str, &str)], words: &[&str]) -> Ended {
    run(with(scene.ob(words), variables), "")
}

fn with(mut command: Command, variables: &[(&str, &str)]) -> Command {
    command.envs(variables.iter().copied());
    command
}

/// Signs in with these variables, everything answered.
fn sign_in_by(scene: &Scene, variables: &[(&str, &str)]) {
    scene.sandbox.forget_used_codes();
    let mut login = scene.ob(["login"]);
    login.args(scene.answer_flags());
    let ended = run(with(login, variables), &scene.answers());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

fn ran(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout, "out\n");
}
