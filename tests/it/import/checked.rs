//! `--check`, which writes nothing.

use super::{Home, TOOLS, input};

#[test]
fn check_lists_profiles_and_locates_invalid_values() {
    for (tool, place) in TOOLS {
        let home = Home::with(tool);
        let good = home.import(&["--check", "--from", tool, "--json"]);
        let listed: serde_json::Value = serde_json::from_str(&good.stdout).unwrap();
        assert!(!listed["profiles"].as_array().unwrap().is_empty(), "{tool}");
        // Most tools have a key for the org's address or the role; neither accepts this.
        let bad = "https://user@@:nowhere";
        let input = input(tool);
        let at = input.lines().position(|line| {
            let line = line.to_lowercase();
            let keys = ["org-domain", "okta_org", "url ", "aws_okta_organization"];
            keys.iter().any(|key| line.trim_start().starts_with(key))
        });
        let Some(at) = at else {
            // oktaws and aws-okta read the org elsewhere.
            assert!(["oktaws", "aws-okta"].contains(&tool), "{tool}");
            continue;
        };
        let broken = |(number, line): (usize, &str)| match number == at {
            true => {
                let (key, _) = line.split_at(line.find([':', '=']).unwrap() + 1);
                format!("{key} {bad}\n")
            }
            false => format!("{line}\n"),
        };
        let text_of: String = input.lines().enumerate().map(broken).collect();
        home.write(place, &text_of);
        let wrong = home.import(&["--check", "--from", tool]);
        assert_eq!(
            wrong.status.code(),
            Some(2),
            "{tool}: {}",
            home.said(&wrong)
        );
        let named = format!("{place}:{}: ", at + 1);
        assert!(
            wrong.stderr.contains(&named),
            "{tool}: {}",
            home.said(&wrong)
        );
        assert!(!home.settings().exists());
    }
}

#[test]
fn check_lists_the_profiles_and_writes_nothing() {
    let home = Home::with("saml2aws");
    let good = home.import(&["--check"]);
    assert_eq!(
        (good.status.code(), good.stdout.as_str()),
        (Some(0), "default\n")
    );
    let home = Home::with("okta-aws-cli");
    let wrong = home.import(&["--check"]);
    assert_eq!(
        (wrong.status.code(), wrong.stdout.as_str()),
        (Some(2), "ci\ndefault\n")
    );
    assert!(!home.settings().exists());
}
