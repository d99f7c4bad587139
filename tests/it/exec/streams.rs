//! What the command inherits besides its environment: name, input, descriptors, limits.

use super::{Way, both_ways};
use crate::support::{TestEnv, run};

both_ways! {
    the_command_keeps_its_name_and_arguments,
    standard_input_is_the_commands,
    what_follows_the_answers_on_standard_input_is_the_commands,
    no_descriptor_is_handed_on,
    a_descriptor_of_the_callers_is_handed_on,
    a_core_dump_is_off_but_may_be_put_on_again,
}

fn the_command_keeps_its_name_and_arguments(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let line = "/proc/self/cmdline";
    let ended = way.run(&mut env.ob(["exec", "--", "cat", line, "--", "-p", ""]));
    let words: Vec<&str> = ended.output.split('\0').take(5).collect();
    assert_eq!(words, ["cat", line, "--", "-p", ""]);
}

fn standard_input_is_the_commands(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let ended = way.run(
        env.command("bash")
            .args(["-c", "printf 'some\\nlines' | ob exec -- cat"]),
    );
    assert_eq!(ended.output, "some\nlines");
}

fn what_follows_the_answers_on_standard_input_is_the_commands(way: Way) {
    let env = TestEnv::new();
    let answers = env.write("answers", env.answers() + "rest\nof it");
    for agent in ["", "--no-agent"] {
        env.sandbox.forget_used_codes();
        let script = format!(
            "cat {} | ob {agent} exec --password-stdin --passcode-stdin -- cat",
            answers.display()
        );
        let ended = way.run(env.command("bash").args(["-c", &script]));
        assert_eq!(ended.output, "rest\nof it", "{agent}");
    }
}

fn no_descriptor_is_handed_on(way: Way) {
    let env = TestEnv::new();
    let list = ["ls", "/proc/self/fd"];
    let before = way.run(env.command("env").args(list)).output;
    let answers = env.write("answers", env.answers());
    let cold = format!(
        "exec ob exec --password-stdin --passcode-stdin -- ls /proc/self/fd < {}",
        answers.display()
    );
    let cold = way.run(env.command("bash").args(["-c", &cold]));
    let warm = way.run(env.ob(["exec", "--"]).args(list));
    assert_eq!(cold.output, before, "{cold:?}");
    assert_eq!(warm.output, before, "{warm:?}");
}

fn a_descriptor_of_the_callers_is_handed_on(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let script = "ob exec -- cat <(echo substituted)";
    let ended = way.run(env.command("bash").args(["-c", script]));
    assert_eq!(ended.output, "substituted\n");
}

fn a_core_dump_is_off_but_may_be_put_on_again(way: Way) {
    let env = TestEnv::new();
    env.sign_in();
    let limits = |command: &mut std::process::Command| {
        let ended = way.run(command.args(["grep", "core file", "/proc/self/limits"]));
        let words: Vec<String> = ended.output.split_whitespace().map(Into::into).collect();
        (words[4].clone(), words[5].clone())
    };
    let (_, hard) = limits(&mut env.command("env"));
    let soft = if hard == "0" { "0" } else { "1" };
    assert_eq!(limits(&mut env.ob(["exec", "--"])), (soft.to_owned(), hard));
}

#[test]
fn nobodys_descriptor_stays_open_in_the_agent() {
    let env = TestEnv::new();
    let answers = env.write("answers", env.answers());
    // `ssh host ob …` would hang if the agent kept its output open.
    let script = format!(
        "ob exec --password-stdin --passcode-stdin -- true < {} 2>&1 | cat; echo closed",
        answers.display()
    );
    let ended = run(env.command("bash").args(["-c", &script]), "");
    assert_eq!((ended.stdout.as_str(), env.agents().len()), ("closed\n", 1));
}
