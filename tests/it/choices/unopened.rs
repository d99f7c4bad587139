//! An AWS app that does not open may grant a matching role: the role that the other apps leave is
//! not used without a prompt.

use ob_sandbox::{AwsApp, Fault, FaultKind};

use super::{EXEC, line, ran_as, terminal, without_a_terminal};
use crate::shells::Kind;
use crate::support::TestEnv;

const LABS: &str = "arn:aws:iam::210987654321:saml-provider/okta";
const OTHER: &str = "arn:aws:iam::210987654321:role/Other";

/// Bob's machine, with one role in each of two apps.
fn of_two_apps() -> TestEnv {
    let env = TestEnv::of("bob");
    env.sandbox.role(OTHER, 3600);
    env.sandbox.grant("bob", AwsApp::Labs, LABS, OTHER);
    env.sign_in();
    Kind::Bash.furnish(&env, "");
    env
}

/// As above, but the second app does not open.
fn machine() -> TestEnv {
    let env = of_two_apps();
    close(&env);
    env
}

fn close(env: &TestEnv) {
    let denied = FaultKind::Status {
        code: 403,
        headers: Vec::new(),
        body: Vec::new(),
    };
    let url = env.sandbox.app_url(AwsApp::Labs);
    let path = url.strip_prefix(&env.sandbox.org_url()).unwrap();
    env.sandbox.fault(Fault::org(path, denied).always());
}

fn role(env: &TestEnv) -> String {
    env.sandbox.roles("bob", AwsApp::Production).remove(0)
}

#[test]
fn role_left_by_an_unopened_app_is_not_taken_unasked() {
    let env = machine();
    let role = role(&env);
    let name = role.rsplit('/').next().unwrap();
    for words in [
        &["exec", "--", "echo", "it ran"][..],
        &["exec", "-r", "*", "--", "echo", "it ran"],
        &["exec", "-r", name, "--", "echo", "it ran"],
        &["credential", "-r", "*"],
    ] {
        let ended = without_a_terminal(&env, words);
        let said = &ended.stderr;
        assert_eq!(ended.status.code(), Some(3), "{words:?}: {said}");
        assert!(ended.stdout.is_empty(), "{words:?}");
        assert!(
            said.contains("another AWS app could not be opened") && said.contains(&role),
            "{words:?}: {said}"
        );
    }
    assert!(env.sandbox.sts_calls("AssumeRoleWithSAML").is_empty());
    // In a terminal there is a menu, whose choice serves no other terminal.
    let mut pty = terminal(&env);
    let seen = line(&mut pty, EXEC, Some(name));
    assert!(ran_as(&seen, name), "{seen}");
    let ended = without_a_terminal(&env, &["exec", "--", "true"]);
    assert_eq!(ended.status.code(), Some(3));
    // The whole ARN leaves nothing to ask.
    let ended = without_a_terminal(&env, &["exec", "-r", &role, "--", "true"]);
    assert!(ended.status.success(), "{}", &ended.stderr);
}

#[test]
fn roles_of_an_app_that_opened_before_are_counted() {
    let env = machine();
    let role = role(&env);
    let name = role.rsplit('/').next().unwrap();
    env.sandbox.clear_faults();
    let ended = without_a_terminal(&env, &["exec", "-r", name, "--", "true"]);
    assert!(ended.status.success(), "{}", &ended.stderr);
    close(&env);
    // No role of the other app has this name.
    let words = ["exec", "--duration", "30m", "-r", name, "--", "true"];
    let ended = without_a_terminal(&env, &words);
    assert!(ended.status.success(), "{}", &ended.stderr);
    let ended = without_a_terminal(&env, &["exec", "--", "true"]);
    assert_eq!(ended.status.code(), Some(3));
}

#[test]
fn withdrawn_choice_is_not_replaced_unasked() {
    let env = of_two_apps();
    let role = role(&env);
    let name = role.rsplit('/').next().unwrap();
    let mut pty = terminal(&env);
    let any = EXEC.replace("exec", "exec -r '*'");
    let seen = line(&mut pty, &any, Some("Other"));
    assert!(ran_as(&seen, "Other"), "{seen}");
    env.sandbox.withdraw("bob", AwsApp::Labs, LABS);
    // Other credentials are needed.
    let again = any.replace("exec", "exec --duration 30m");
    let seen = line(&mut pty, &again, None);
    assert!(
        seen.ends_with("code-4.") && seen.contains("no longer granted") && seen.contains(&role),
        "{seen}"
    );
    assert!(!seen.contains(&format!("role-{name}.")), "{seen}");
    let seen = line(&mut pty, &again, None);
    assert!(ran_as(&seen, name), "{seen}");
}
