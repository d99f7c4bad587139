mod locks;
mod trust;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::aws::SessionDuration;
use crate::model::Environment;
use crate::report::Report;

fn session_duration(seconds: u32) -> SessionDuration {
    SessionDuration::from_seconds(seconds).unwrap()
}

struct Home {
    directory: tempfile::TempDir,
    files: Files,
}

impl Home {
    fn with(user: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        fs::write(&path, user).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let files = Files {
            user: Some(path),
            named: false,
            system: None,
        };
        Self { directory, files }
    }

    /// Adds the administrator's file.
    fn below(mut self, system: &str) -> Self {
        let path = self.directory.path().join("system.toml");
        fs::write(&path, system).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        self.files.system = Some(path);
        self
    }

    fn user(&self) -> &Path {
        self.files.user.as_deref().unwrap()
    }

    fn load(&self) -> Result<Settings, Report> {
        load(&self.files, &Environment::default())
    }
}

fn variables(variables: &[(&str, &str)]) -> Environment {
    variables.iter().copied().collect()
}

fn settings(text: &str) -> Settings {
    Home::with(text).load().unwrap()
}

/// Returns the problems of `text`, without the directory of the file.
fn problems(text: &str) -> Vec<String> {
    let home = Home::with(text);
    let prefix = home.directory.path().display().to_string() + "/";
    let report = home.load().unwrap_err();
    assert_eq!(report.exit, crate::report::Exit::Usage);
    report
        .causes
        .iter()
        .map(|cause| cause.replace(&prefix, ""))
        .collect()
}

const WHOLE: &str = r#"
default_profile = "dev"
[org]
url = "https://acme.okta.com"
username = "alice@acme.com"
factor = "totp"
ca_bundle = "~/acme.pem"
[aws]
region = "eu-west-1"
duration = "2h"
[profiles.dev]
role = "dev/*"
[profiles.prod]
role = "arn:aws:iam::123456789012:role/Deploy"
chain = ["arn:aws:iam::210987654321:role/Admin"]
duration = "1h"
region = "us-east-1"
[accounts]
"123456789012" = "prod"
[agent]
idle = "30m"
"#;

#[test]
fn profile_takes_precedence_over_general_settings() {
    let settings = settings(WHOLE);
    let environment = variables(&[("HOME", "/home/alice")]);
    let dev = settings.resolve(&Flags::default(), &environment).unwrap();
    assert_eq!(dev.profile.as_deref(), Some("dev"));
    assert_eq!(dev.role.as_deref(), Some("dev/*"));
    assert_eq!(dev.duration, session_duration(7200));
    assert_eq!(dev.region.as_deref(), Some("eu-west-1"));
    assert_eq!(dev.org.ca_bundle, Some("/home/alice/acme.pem".into()));
    assert_eq!(dev.org.factor.as_deref(), Some("totp"));
    assert_eq!(dev.accounts["123456789012"], "prod");

    let flags = Flags {
        profile: Some("prod".to_owned()),
        ..Flags::default()
    };
    let prod = settings.resolve(&flags, &environment).unwrap();
    assert_eq!(
        (prod.duration, prod.chain.len()),
        (SessionDuration::HOUR, 1)
    );
    assert_eq!(prod.region.as_deref(), Some("us-east-1"));
    assert_eq!(
        settings.session_lifetime(),
        SessionLifetime {
            idle: Duration::from_secs(1800),
            max: Duration::from_secs(43_200)
        }
    );
}

#[test]
fn typed_role_takes_neither_profile_nor_chain() {
    let settings = settings(WHOLE);
    let flags = Flags {
        role: Some("Admin".to_owned()),
        ..Flags::default()
    };
    let target = settings.resolve(&flags, &Environment::default()).unwrap();
    assert_eq!(
        (target.profile, target.role.as_deref()),
        (None, Some("Admin"))
    );
    let flags = Flags {
        profile: Some("prod".to_owned()),
        ..flags
    };
    let target = settings.resolve(&flags, &Environment::default()).unwrap();
    assert_eq!(
        (target.profile.as_deref(), target.role.as_deref()),
        (Some("prod"), Some("Admin"))
    );
    assert!(target.chain.is_empty());
}

#[test]
fn precedence_is_flag_variable_user_system() {
    let mut home = Home::with(
        "[org]\nurl = 'acme.okta.com'\n[aws]\nregion = 'eu-west-2'\n\
         [profiles.p]\nregion = 'eu-west-3'\n",
    );
    let system = home.directory.path().join("system.toml");
    fs::write(
        &system,
        "[org]\nusername = 'fleet@acme.com'\n[aws]\nregion = 'eu-west-1'\nduration = '30m'\n",
    )
    .unwrap();
    fs::set_permissions(&system, Permissions::from_mode(0o644)).unwrap();
    home.files.system = Some(system);
    let region = |flag: Option<&str>, profile: Option<&str>, environment: &Environment| {
        let settings = load(&home.files, environment).unwrap();
        let flags = Flags {
            region: flag.map(ToOwned::to_owned),
            profile: profile.map(ToOwned::to_owned),
            ..Flags::default()
        };
        settings
            .resolve(&flags, environment)
            .unwrap()
            .region
            .unwrap()
    };
    let (none, set) = (
        Environment::default(),
        variables(&[("OB_AWS_REGION", "eu-west-4")]),
    );
    assert_eq!(region(None, None, &none), "eu-west-2");
    assert_eq!(region(None, Some("p"), &none), "eu-west-3");
    assert_eq!(region(None, Some("p"), &set), "eu-west-4");
    assert_eq!(region(Some("eu-west-5"), Some("p"), &set), "eu-west-5");
    let merged = load(&home.files, &none).unwrap();
    let target = merged.resolve(&Flags::default(), &none).unwrap();
    assert_eq!(target.org.username.as_deref(), Some("fleet@acme.com"));
    assert_eq!(target.duration, session_duration(1800));
    let sources: Vec<String> = merged
        .iter()
        .map(|(key, _, source, _)| format!("{key} {source}"))
        .collect();
    assert!(
        sources
            .iter()
            .any(|line| line.starts_with("aws.region") && line.ends_with("config.toml:4")),
        "{sources:?}"
    );
}

#[test]
fn problem_names_file_line_key_and_suggestion() {
    assert_eq!(
        problems(
            "[org]\nurl = 'https://acme.okta.com'\nuser_name = 'alice'\n[profile.x]\nrole = 'x'\n"
        ),
        [
            "config.toml:3: there is no setting `org.user_name`; did you mean `org.username`?",
            "config.toml:4: there is no setting `profile`; did you mean `profiles`?",
        ]
    );
    for (text, expected) in [
        (
            "[org]\nurl = 'http://acme.okta.com'",
            "config.toml:2: `org.url`: plain http is accepted for localhost only",
        ),
        (
            "[org]\nsign_in = 'magic'",
            "config.toml:2: `org.sign_in`: expected one of: \
             auto, terminal, identity_engine, browser, machine",
        ),
        (
            "[org]\nurl = 5",
            "config.toml:2: `org.url`: expected a string, found a number",
        ),
        (
            "org = 'x'",
            "config.toml:1: `org`: expected a table, found string",
        ),
        (
            "[aws.region]\nx = 1",
            "config.toml:1: `aws.region`: expected a string, found table",
        ),
        (
            "[aws]\n\n\nduration = '13h'",
            "config.toml:4: `aws.duration`: out of range; it must lie between 15m and 12h",
        ),
        (
            "[aws]\nduration = 'soon'",
            "config.toml:2: `aws.duration`: not a duration; write `1h`, `90m` or `45s`",
        ),
        (
            "[aws]\nregion = 'Ireland'",
            "config.toml:2: `aws.region`: not a region like `eu-west-1`",
        ),
        (
            "[profiles.p]\nrole = 'arn:aws:iam::1:role/x'",
            "config.toml:2: `profiles.p.role`: the account is not twelve digits",
        ),
        (
            "[profiles.p]\nchain = ['x']",
            "config.toml:2: `profiles.p.chain`: \
             not an IAM ARN (arn:aws:iam::123456789012:…)",
        ),
        (
            "[profiles.p]\nchain = 'x'",
            "config.toml:2: `profiles.p.chain`: expected an array of role ARNs, found a string",
        ),
        (
            "[org]\nca_bundle = 'acme.pem'",
            "config.toml:2: `org.ca_bundle`: the path must be absolute or begin with `~/`",
        ),
        (
            "[accounts]\nprod = '123456789012'",
            "config.toml:2: `accounts.prod`: \
             the keys of [accounts] are account numbers of twelve digits",
        ),
        (
            "[org]\nusername = ''",
            "config.toml:2: `org.username`: the value is empty",
        ),
        (
            "default_profile = 'dve'\n[profiles.dev]",
            "config.toml:1: `default_profile`: there is no profile `dve`; did you mean `dev`?",
        ),
        ("[orgs.acme]", "config.toml:1: `orgs.acme` lacks `url`"),
        (
            "[profiles.p]\norg = 'acme'",
            "config.toml:2: `profiles.p.org`: there is no org `acme`",
        ),
    ] {
        assert_eq!(problems(text), [expected], "{text}");
    }
    let twice = problems("[org]\nurl = 'a.okta.com'\nurl = 'b.okta.com'");
    assert!(
        twice[0].starts_with("config.toml:3: not TOML: duplicate key"),
        "{twice:?}"
    );
}

#[test]
fn contradictions_name_both_places() {
    let chained = "[profiles.p]\nduration = '4h'\nchain = ['arn:aws:iam::123456789012:role/R']\n";
    let [only] = &problems(chained)[..] else {
        panic!()
    };
    assert!(
        only.starts_with(
            "config.toml:2: `profiles.p.duration`: a chained role lasts one hour at most ("
        ),
        "{only}"
    );
    assert!(only.ends_with("config.toml:3)"), "{only}");
    let accounts = "[accounts]\n\"123456789012\" = 'prod'\n\"210987654321\" = 'Prod'\n";
    assert_eq!(
        problems(accounts),
        ["config.toml:3: `accounts.210987654321`: another account has this name (config.toml:2)"]
    );
    let partitions = "[profiles.p]\nrole = 'arn:aws:iam::123456789012:role/R'\n\
                      chain = ['arn:aws-cn:iam::123456789012:role/R']\n";
    assert_eq!(
        problems(partitions),
        ["config.toml:3: `profiles.p.chain`: a chain cannot cross AWS partitions (config.toml:2)"]
    );
}

#[test]
fn org_is_the_selected_or_the_only_one() {
    let none = Environment::default();
    let two = settings(
        "[orgs.acme]\nurl='acme.okta.com'\n[orgs.preview]\nurl='acme.oktapreview.com'\n\
         [profiles.p]\norg='preview'\n",
    );
    let flags = |org: Option<&str>, profile: Option<&str>| Flags {
        org: org.map(ToOwned::to_owned),
        profile: profile.map(ToOwned::to_owned),
        ..Flags::default()
    };
    let host = |flags: &Flags| {
        two.resolve(flags, &none)
            .map(|target| target.org.org.host().to_owned())
    };
    assert_eq!(host(&flags(Some("acme"), None)).unwrap(), "acme.okta.com");
    assert_eq!(
        host(&flags(None, Some("p"))).unwrap(),
        "acme.oktapreview.com"
    );
    assert_eq!(
        host(&flags(Some("acme"), Some("p"))).unwrap(),
        "acme.okta.com"
    );
    assert_eq!(
        host(&flags(None, None)).unwrap_err().name(),
        "config.which-org"
    );
    let report = host(&flags(Some("amce"), None)).unwrap_err();
    assert_eq!(report.hints, ["did you mean `--org acme`?"]);
    let nothing = settings("").resolve(&Flags::default(), &none).unwrap_err();
    assert_eq!((nothing.name(), nothing.exit.code()), ("config.no-org", 2));
    let variable = variables(&[("OB_ORG_URL", "acme.okta.com")]);
    assert!(
        load(&Files::default(), &variable)
            .unwrap()
            .resolve(&Flags::default(), &variable)
            .is_ok()
    );
}
