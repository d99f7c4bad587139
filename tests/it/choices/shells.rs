//! What a shell was opened for stays its own.

use super::{ENGINEER, EXEC, READ_ONLY, line, machine, pick, ran_as, terminal, without_a_terminal};
use crate::shells::{Kind, type_line};

/// What a shell was opened for stays its own, whatever is chosen in its terminal later.
#[test]
fn a_shell_renews_the_role_chosen_for_it() {
    for (settings, flags) in [
        ("", ""),
        ("", " -r '*'"),
        ("[profiles.any]\nrole = \"*\"\nconfirm = true\n", " -p any"),
    ] {
        let env = machine(settings);
        let mut pty = terminal(&env);
        type_line(
            Kind::Bash,
            &mut pty,
            &format!("ob shell --shell bash{flags}"),
        );
        if settings.contains("confirm") {
            pty.until("in this terminal? [y/N] ");
            pty.send("y\r");
        }
        pick(&mut pty, "ReadOnly");
        pty.until("m READY");
        let seen = line(&mut pty, "ob exec -r Engineer -- true", None);
        assert!(seen.ends_with("code-0."), "{seen}");
        let seen = line(
            &mut pty,
            &EXEC.replace("exec", "exec --choose -r '*'"),
            Some("Engineer"),
        );
        assert!(ran_as(&seen, "Engineer"), "{seen}");
        // A verb without a role means the shell's.
        let seen = line(&mut pty, EXEC, None);
        assert!(
            ran_as(&seen, "ReadOnly") && !seen.contains("ob: using"),
            "{seen}"
        );
        pty.until("m READY");
        env.sandbox.advance_clock(3500);
        let other = without_a_terminal(&env, &["roles", "--refresh"]);
        assert!(other.status.success());
        env.sandbox.clear_log();
        type_line(Kind::Bash, &mut pty, &Kind::Bash.expire_in(100));
        let shown = pty.until("m READY");
        assert!(!shown.contains("1m READY"), "{shown}");
        let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
        let roles: Vec<_> = calls
            .iter()
            .filter_map(|call| call.form("RoleArn"))
            .collect();
        assert_eq!(roles, [READ_ONLY], "{flags}");
    }
}

#[test]
fn a_shell_with_a_chain_renews_its_last_role() {
    let next = "arn:aws:iam::210987654321:role/Admin";
    let env = machine(&format!(
        "[profiles.far]\nrole = \"*\"\nchain = [\"{next}\"]\n"
    ));
    let mut pty = terminal(&env);
    type_line(Kind::Bash, &mut pty, "ob shell --shell bash -p far");
    pick(&mut pty, "Engineer");
    pty.until("m READY");
    env.sandbox.advance_clock(3500);
    assert!(
        without_a_terminal(&env, &["roles", "--refresh"])
            .status
            .success()
    );
    type_line(Kind::Bash, &mut pty, &Kind::Bash.expire_in(100));
    let shown = pty.until("m READY");
    assert!(!shown.contains("1m READY"), "{shown}");
    let last = |action: &str| {
        let calls = env.sandbox.sts_calls(action);
        (
            calls.len(),
            calls.last().and_then(|call| call.form("RoleArn")),
        )
    };
    assert_eq!(last("AssumeRoleWithSAML"), (2, Some(ENGINEER.to_owned())));
    assert_eq!(last("AssumeRole"), (2, Some(next.to_owned())));
}
