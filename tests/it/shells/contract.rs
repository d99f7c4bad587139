//! The variables that other prompts read, which `ob shell` sets and `ob exec` does not.

use super::{Kind, machine, type_line};
use crate::support::{Pty, run};

/// starship 1.26 (`src/modules/aws.rs`) and powerlevel10k (`prompt_aws`) read the profile from
/// `AWSU_PROFILE`, `AWS_SSO_PROFILE`, `AWS_VAULT`, `AWSUME_PROFILE`, `AWS_PROFILE`,
/// `AWS_DEFAULT_PROFILE`, in this order.
#[test]
fn other_prompts_find_profile_region_and_expiry() {
    let env = machine();
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    let mut command = env.ob(["shell", "-p", "prod", "--shell", "bash"]);
    // Variables of other tools, which are read before ours.
    for name in [
        "AWSU_PROFILE",
        "AWS_VAULT",
        "AWS_SSO_PROFILE",
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
    ] {
        command.env(name, "foreign");
    }
    command.env(
        "STARSHIP_CONFIG",
        env.write("home/starship.toml", "format = '$aws'\n"),
    );
    let mut pty = Pty::spawn(&command);
    pty.until("m READY");
    for (name, expected) in [
        ("AWSU_PROFILE", "<>"),
        ("AWS_VAULT", "<>"),
        ("AWS_SSO_PROFILE", "<>"),
        ("AWSUME_PROFILE", "<prod>"),
        ("AWS_PROFILE", "<>"),
        ("AWS_DEFAULT_PROFILE", "<>"),
        ("AWS_REGION", "<eu-west-1>"),
        ("AWS_SESSION_EXPIRATION", "Z>"),
        ("AWS_CREDENTIAL_EXPIRATION", "Z>"),
        ("OB_EXPIRES", "<1"),
    ] {
        type_line(Kind::Bash, &mut pty, &Kind::Bash.print(name));
        pty.until(expected);
        pty.until("m READY");
    }
    // With starship installed, its output is compared with tests/fixtures/prompt/starship.txt.
    if let Ok(starship) = std::env::var("OB_TEST_STARSHIP") {
        type_line(
            Kind::Bash,
            &mut pty,
            &format!("{starship} module aws >~/seen; echo star-\"\"ted"),
        );
        pty.until("star-ted");
        let seen = std::fs::read_to_string(env.path("home/seen")).unwrap();
        let made = "# OB_TEST_STARSHIP=/path/to/starship cargo test --test it other_prompts";
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/prompt/starship.txt"
        );
        std::fs::write(
            path,
            format!("{made}\n# starship 1.26.0\n{}\n", seen.trim_end()),
        )
        .unwrap();
    }
    let kept = include_str!("../../fixtures/prompt/starship.txt");
    assert!(
        kept.contains("prod (eu-west-1) [59m") || kept.contains("prod (eu-west-1) [1h"),
        "{kept}"
    );

    let plain = run(&mut env.ob(["exec", "-p", "prod", "--", "env"]), "");
    assert!(!plain.stdout.contains("AWSUME_"));
}
