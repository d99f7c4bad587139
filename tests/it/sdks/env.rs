//! `ob env`.

use super::tools::{ENGINEER, asked, dev, printed, tool, who_am_i};
use crate::shells::Kind;
use crate::support::{Pty, run};

#[test]
fn a_terminal_gets_a_refusal_unless_reveal() {
    let env = dev();
    env.sign_in();
    let (status, seen) = Pty::spawn(&env.ob(["env", "-p", "dev"])).wait();
    assert_eq!(status.code(), Some(2), "{seen}");
    assert!(
        seen.contains("will not show secrets") && !seen.contains("AWS_SECRET"),
        "{seen}"
    );
    for hint in ["`eval \"$(ob env -p dev)\"`", "`ob env -p dev --reveal`"] {
        assert!(seen.contains(hint), "{seen}");
    }
    let (status, seen) = Pty::spawn(&env.ob(["env", "-p", "dev", "--reveal"])).wait();
    assert!(
        status.success() && seen.contains("export AWS_SECRET_ACCESS_KEY='"),
        "{seen}"
    );
    // Output without a secret may be shown.
    let (status, seen) = Pty::spawn(&env.ob(["env", "--unset"])).wait();
    assert!(
        status.success() && seen.starts_with("unset AWS_ACCESS_KEY_ID "),
        "{seen}"
    );
}

#[test]
fn real_shells_evaluate_it_and_the_aws_tools_take_it_from_there() {
    let env = dev();
    env.sign_in();
    let words = who_am_i();
    let quoted: Vec<String> = words[0].iter().map(|word| format!("'{word}'")).collect();
    let ask = quoted.join(" ");
    for (shell, script) in [
        ("bash", format!("eval \"$(ob env -p dev)\" && {ask}")),
        (
            "zsh",
            format!("eval \"$(ob env -p dev --shell zsh)\" && {ask}"),
        ),
        (
            "fish",
            format!("ob env -p dev --shell fish | source; and {ask}"),
        ),
    ] {
        let mut command = tool(&env, shell);
        command
            .args(["-c", &script])
            .env("AWS_PROFILE", "a-ghost")
            .env("AWS_SECURITY_TOKEN", "stale");
        assert!(printed(&mut command).starts_with(ENGINEER), "{shell}");
    }
    let script =
        "eval \"$(ob env -p dev)\" && eval \"$(ob env --unset)\" && env | grep -c '^AWS_SE\\|^OB_'";
    let none = run(env.command("bash").args(["-c", script]), "");
    assert_eq!(&none.stdout, "0\n");
}

#[test]
fn dotenv_and_json_carry_the_same_values_to_every_sdk() {
    let env = dev();
    env.sign_in();
    let json = printed(&mut env.ob(["env", "-p", "dev", "--format", "json"]));
    assert_eq!(json, printed(&mut env.ob(["env", "-p", "dev", "--json"])));
    let object: serde_json::Value = serde_json::from_str(&json).unwrap();
    let dotenv = printed(&mut env.ob(["env", "-p", "dev", "--format", "dotenv", "--legacy"]));
    let variables: Vec<(&str, &str)> = dotenv
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .collect();
    assert_eq!(variables.len(), object.as_object().unwrap().len() + 2);
    for (name, value) in &variables {
        assert!(
            object.get(name).is_none_or(|known| known == value),
            "{name}"
        );
    }
    for words in who_am_i() {
        let arn = printed(asked(&env, &words).envs(variables.iter().copied()));
        assert!(arn.starts_with(ENGINEER), "{words:?}: {arn}");
    }
}

#[test]
fn nushell_loads_hostile_names_as_they_are() {
    let name = "it's $(touch pwned) `touch pwned` \\ \"%\" {role} ; & | \u{1f600}";
    let env = dev();
    let settings = std::fs::read_to_string(env.path("config/ob/config.toml")).unwrap();
    let named = format!("{settings}\n[accounts]\n\"123456789012\" = '''{name}'''\n");
    env.write_settings(&named);
    env.sign_in();
    let mut nu = env.command(Kind::Nu.program().to_str().unwrap());
    let ob = env!("CARGO_BIN_EXE_ob");
    let script =
        format!("^{ob} env -p dev --shell nu | from json | load-env; print -n $env.OB_ACCOUNT");
    let said = run(nu.args(["-n", "-c", &script]), "");
    assert_eq!(&said.stdout, name, "{}", &said.stderr);
    assert!(!env.path("home/pwned").exists());
}
