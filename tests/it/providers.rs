//! A role that several identity providers grant: which one is used, and the messages if one is
//! withdrawn.

use ob_sandbox::AwsApp;

use crate::shells::{Kind, type_line};
use crate::support::Pty;
use crate::support::{Finished, TestEnv, run};

const LABS: &str = "arn:aws:iam::123456789012:saml-provider/okta-labs";
const OKTA: &str = "arn:aws:iam::123456789012:saml-provider/okta";

/// Carol, with her one role in a second app as well.
fn env() -> (TestEnv, String) {
    let env = TestEnv::of("carol").configured();
    let login = env.user().login.clone();
    let role = env.sandbox.roles(&login, AwsApp::Production).remove(0);
    env.sandbox.grant("carol", AwsApp::Labs, LABS, &role);
    // Either app is found among the tiles.
    let settings = env.full_settings();
    let named = settings.lines().filter(|line| !line.starts_with("app = "));
    env.write_settings(&(named.collect::<Vec<_>>().join("\n") + "\n"));
    (env, role)
}

fn exec(env: &TestEnv, words: &[&str]) -> Finished {
    run(env.ob([&["exec"], words, &["--", "true"]].concat()), "")
}

fn last_by(env: &TestEnv) -> String {
    let calls = env.sandbox.sts_calls("AssumeRoleWithSAML");
    calls.last().unwrap().form("PrincipalArn").unwrap()
}

#[test]
fn wrong_provider_is_answered_with_providers_of_the_role() {
    let (env, role) = env();
    env.sign_in();
    for (provider, offered) in [
        ("okta-lab", "`--provider okta-labs` or `--provider okta`"),
        ("nope", "`--provider okta` or `--provider okta-labs`"),
    ] {
        let ended = exec(&env, &["-r", &role, "--provider", provider]);
        assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
        let hints: Vec<&str> = ended
            .stderr
            .lines()
            .filter(|line| line.starts_with("  hint: "))
            .collect();
        let meant = format!("  hint: did you mean {offered}?");
        assert_eq!(
            hints,
            [
                &*meant,
                "  hint: `ob roles` shows the roles you were granted"
            ]
        );
        let first = offered.split('`').nth(1).unwrap();
        let first: Vec<&str> = first.split(' ').collect();
        let ended = exec(&env, &[&["-r", &role], &first[..]].concat());
        assert_eq!(ended.code(), Some(0), "{}", ended.stderr);
    }
}

#[test]
fn withdrawn_unnamed_provider_is_replaced_by_another() {
    for app_is_left in [true, false] {
        let (env, _) = env();
        if app_is_left {
            let other = "arn:aws:iam::210987654321:saml-provider/okta";
            let role = "arn:aws:iam::210987654321:role/Other";
            env.sandbox.grant("carol", AwsApp::Labs, other, role);
        }
        env.sign_in();
        Kind::Bash.furnish(&env, "");
        let mut person = Pty::spawn(env.command("bash").arg("-i"));
        person.until("READY> ");
        type_line(Kind::Bash, &mut person, "ob exec -- true");
        person.until("okta-labs)");
        person.send("okta-labs\r");
        person.until("READY> ");
        assert_eq!(last_by(&env), LABS);

        // Without that terminal nothing is chosen.
        let ended = exec(&env, &[]);
        assert_eq!(ended.code(), Some(3), "{}", ended.stderr);
        for words in ["several identity providers", LABS, "--provider"] {
            assert!(ended.stderr.contains(words), "{}", ended.stderr);
        }

        // A renewal uses the chosen provider …
        let mut renewed = |ago: i64| {
            env.sandbox.advance_clock(ago);
            // The agent learns the time from Okta's next response.
            let roles = run(env.ob(["roles", "--refresh"]), "");
            assert_eq!(roles.code(), Some(0), "{}", roles.stderr);
            let line = "ob exec --min-ttl 55m -- true; echo c\"\"ode-$?.";
            type_line(Kind::Bash, &mut person, line);
            let seen = person.until("code-0.");
            assert!(!seen.contains("okta-labs)"), "{seen}");
            let by = last_by(&env);
            // Printed while the choice is used.
            let said = "/Engineer through okta-labs, chosen ";
            assert_eq!(seen.contains(said), by == LABS, "{seen}");
            by
        };
        let before = env.sandbox.sts_calls("AssumeRoleWithSAML").len();
        assert_eq!(renewed(600), LABS);
        assert_eq!(
            env.sandbox.sts_calls("AssumeRoleWithSAML").len(),
            before + 1
        );
        // … while that grants the role.
        env.sandbox.withdraw("carol", AwsApp::Labs, LABS);
        assert_eq!(renewed(600), OKTA, "{app_is_left}");

        // A provider that is named is not replaced.
        let ended = exec(&env, &["--provider", "okta-labs"]);
        assert_eq!(ended.code(), Some(4), "{}", ended.stderr);
    }
}
