//! Shells and renewing programs keep the role that they were started with.

use std::fs;

use ob_sandbox::{AwsApp, Options};

use super::{ENGINEER, EXEC, READ_ONLY, line, machine, pick, ran_as, terminal, without_a_terminal};
use crate::shells::{Kind, type_line};
use crate::support::{Pty, TestEnv, eventually};

/// A shell keeps its role, whatever is chosen in its terminal later.
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

/// Credentials that expire within seconds are written again, without a prompt.
#[test]
fn a_watch_keeps_the_role_chosen_for_it() {
    let options = Options {
        session_not_on_or_after_seconds: Some(12),
        ..Options::default()
    };
    let env = TestEnv::with("carol", options);
    env.sign_in();
    let path = env.path("home/.aws/credentials");
    let keys = || fs::read_to_string(&path).unwrap_or_default();
    let mut pty = Pty::spawn(env.ob(["write", "--choose", "--watch"]).env("TERM", "dumb"));
    pick(&mut pty, "ReadOnly");
    pty.until("; renewing at ");
    let first = keys();
    assert!(first.contains("ReadOnly"), "{first}");
    eventually("it is written again", || keys() != first);
    let seen = pty.until("; renewing at ");
    assert!(!seen.contains("Role (1-"), "{seen}");
    let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
    let roles = calls.iter().filter_map(|call| call.form("RoleArn"));
    assert!(roles.clone().count() > 1 && roles.clone().all(|role| role == READ_ONLY));
}

/// A second role that appears later is not written instead.
#[test]
fn a_watch_keeps_the_only_role_it_began_with() {
    let options = Options {
        session_not_on_or_after_seconds: Some(12),
        ..Options::default()
    };
    let env = TestEnv::with("bob", options);
    env.sign_in();
    let role = env.sandbox.roles("bob", AwsApp::Production).remove(0);
    let path = env.path("home/.aws/credentials");
    let keys = || fs::read_to_string(&path).unwrap_or_default();
    let mut pty = Pty::spawn(env.ob(["write", "--watch"]).env("TERM", "dumb"));
    pty.until("; renewing at ");
    let first = keys();
    let provider = "arn:aws:iam::210987654321:saml-provider/okta";
    let other = "arn:aws:iam::210987654321:role/Other";
    env.sandbox
        .grant("bob", AwsApp::Production, provider, other);
    eventually("it is written again", || keys() != first);
    let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
    let roles = calls.iter().filter_map(|call| call.form("RoleArn"));
    assert!(roles.clone().count() > 1 && roles.clone().all(|called| called == role));
}

#[test]
fn use_says_why_tools_get_nothing_of_several_roles() {
    let env = machine("[profiles.any]\nrole = \"*\"\n");
    assert!(
        without_a_terminal(&env, &["config", "aws"])
            .status
            .success()
    );
    let used = without_a_terminal(&env, &["use", "--shell", "bash", "any"]);
    let said = &used.stderr;
    assert!(
        used.status.success() && said.contains("it matches several roles"),
        "{said}"
    );
}
