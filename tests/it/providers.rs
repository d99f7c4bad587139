//! A role that there is through several identity providers: which one opens it, and what is said where one does not.

use ob_sandbox::AwsApp;

use crate::scene::{Ended, Scene, run};

const LABS: &str = "arn:aws:iam::123456789012:saml-provider/okta-labs";

/// Carol, with her one role through a second app as well.
fn scene() -> (Scene, String) {
    let scene = Scene::of("carol");
    let login = scene.user().login.clone();
    let role = scene.sandbox.roles(&login, AwsApp::Production).remove(0);
    scene.sandbox.grant("carol", AwsApp::Labs, LABS, &role);
    // Whichever app it is, it is found among the tiles.
    let settings = scene.settings();
    let named = settings.lines().filter(|line| !line.starts_with("app = "));
    scene.write_settings(&(named.collect::<Vec<_>>().join("\n") + "\n"));
    (scene, role)
}

fn exec(scene: &Scene, words: &[&str]) -> Ended {
    run(scene.ob([&["exec"], words, &["--", "true"]].concat()), "")
}

#[test]
fn a_wrong_provider_is_answered_with_those_that_have_the_role_and_not_with_the_role() {
    let (scene, role) = scene();
    scene.sign_in();
    for (provider, offered) in [
        ("okta-lab", "`--provider okta-labs` or `--provider okta`"),
        ("nope", "`--provider okta` or `--provider okta-labs`"),
    ] {
        let ended = exec(&scene, &["-r", &role, "--provider", provider]);
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
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
        let ended = exec(&scene, &[&["-r", &role], &first[..]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}
