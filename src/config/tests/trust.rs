//! Refused settings: files of others, files that are no settings, secrets, foreign links.

use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::*;
use super::{Home, WHOLE, settings, variables};
use crate::model::Environment;

#[test]
fn secret_is_no_setting_and_is_not_repeated() {
    let report = Home::with("[org]\npassword = 'canary'\n")
        .load()
        .unwrap_err();
    assert!(
        report.hints[0].contains("no setting holds a secret"),
        "{report:?}"
    );
    for text in [
        "[org]\nurl = 'https://alice:canary@acme.okta.com'",
        "[org]\nproxy = 'socks4://alice:canary@proxy'",
        "[org]\npassword = \"canary",
        "canary",
    ] {
        let report = Home::with(text).load().unwrap_err().render();
        assert!(
            !report.contains("alice:canary") && !report.contains("\"canary"),
            "{report}"
        );
    }
}

#[test]
fn file_that_others_could_write_is_refused() {
    let home = Home::with(WHOLE);
    for mode in [0o620, 0o602, 0o666] {
        fs::set_permissions(home.user(), Permissions::from_mode(mode)).unwrap();
        let report = home.load().unwrap_err();
        assert_eq!(report.name(), "config.writable");
        assert!(report.summary.contains("config.toml") && report.hints[0].contains("chmod go-w"));
    }
    // Only root can give a file away.
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(home.user(), Some(12_345), None).unwrap();
        fs::set_permissions(home.user(), Permissions::from_mode(0o600)).unwrap();
        assert_eq!(home.load().unwrap_err().name(), "config.foreign");
        std::os::unix::fs::chown(home.user(), Some(0), None).unwrap();
        fs::set_permissions(home.user(), Permissions::from_mode(0o666)).unwrap();
    }
    let link = home.directory.path().join("link.toml");
    symlink(home.user(), &link).unwrap();
    let linked = Files {
        user: Some(link),
        ..Files::default()
    };
    assert_eq!(
        load(&linked, &Environment::default())
            .unwrap_err()
            .name()
            .to_owned(),
        "config.writable"
    );
    fs::set_permissions(home.user(), Permissions::from_mode(0o644)).unwrap();
    assert!(load(&linked, &Environment::default()).is_ok());
}

#[test]
fn file_that_is_no_small_text_is_refused() {
    let home = Home::with("");
    let name = |path: &Path| {
        let files = Files {
            user: Some(path.to_owned()),
            named: true,
            system: None,
        };
        load(&files, &Environment::default())
            .unwrap_err()
            .name()
            .to_owned()
    };
    assert_eq!(name(home.directory.path()), "config.not-a-file");
    assert_eq!(name(Path::new("/dev/null")), "config.not-a-file");
    assert_eq!(
        name(&home.directory.path().join("absent")),
        "config.missing"
    );
    let pipe = home.directory.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(name(&pipe), "config.not-a-file");
    fs::write(home.user(), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert_eq!(name(home.user()), "config.too-large");
    fs::write(home.user(), [0xff, 0xfe]).unwrap();
    assert_eq!(name(home.user()), "config.not-utf8");
    fs::write(home.user(), "\u{feff}[org]\nurl = 'acme.okta.com'\n").unwrap();
    assert!(home.load().is_ok(), "a byte order mark does no harm");
    fs::write(home.user(), "[".repeat(100_000)).unwrap();
    assert_eq!(name(home.user()), "config.invalid");
    fs::write(home.user(), format!("a = {}", "[".repeat(100_000))).unwrap();
    assert_eq!(name(home.user()), "config.invalid");
}

#[test]
fn variables_are_checked_and_markers_are_not_settings() {
    let home = Home::with("[org]\nurl = 'acme.okta.com'\n");
    let report = load(&home.files, &variables(&[("OB_AWS_DURATION", "1d")])).unwrap_err();
    assert_eq!(
        report.causes,
        ["OB_AWS_DURATION: `aws.duration`: not a duration; write `1h`, `90m` or `45s`"]
    );
    let latin: Environment = [("OB_ORG_USERNAME", std::ffi::OsString::from_vec(vec![0xe9]))]
        .into_iter()
        .collect();
    let report = load(&home.files, &latin).unwrap_err();
    assert_eq!(
        report.causes,
        ["OB_ORG_USERNAME: `org.username`: the value is not UTF-8 text"]
    );
    let environment = variables(&[
        ("OB_ROLE", "x"),
        ("OB_PROFILE", "x"),
        ("OB_ORG_ULR", "x"),
        ("OB_ORG_FACTOR", ""),
    ]);
    let settings = load(&home.files, &environment).unwrap();
    let target = settings.resolve(&Flags::default(), &environment).unwrap();
    assert_eq!((target.role, target.profile), (None, None));
    assert_eq!(
        unknown_variables(&environment),
        [("OB_ORG_ULR".to_owned(), Some("OB_ORG_URL"))]
    );
}

#[test]
fn link_to_another_org_and_a_bad_flag_are_refused() {
    let none = Environment::default();
    let foreign = settings(
        "[org]\nurl='acme.okta.com'\n\
         [aws]\napp='https://evil.okta.com/home/amazon_aws/0oa1/272'\n",
    );
    assert_eq!(
        foreign
            .resolve(&Flags::default(), &none)
            .unwrap_err()
            .name(),
        "config.foreign-app"
    );
    let flags = Flags {
        duration: Some("5s".to_owned()),
        ..Flags::default()
    };
    let report = settings("[org]\nurl='acme.okta.com'\n")
        .resolve(&flags, &none)
        .unwrap_err();
    assert_eq!(
        (report.name(), report.summary.as_str()),
        ("config.flag", "cannot use --duration")
    );
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(
        text in "\\PC{0,200}|[\\[\\]a-z.=\"'\n 0-9]{0,120}",
    ) {
        let contents = contents::parse(&text, &Arc::from(Path::new("t")));
        for problem in contents.problems {
            prop_assert!(problem.to_string().starts_with("t:"));
        }
    }
}
