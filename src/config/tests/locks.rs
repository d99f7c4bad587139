//! Keys that the administrator's file locks.

use super::{Home, settings};
use crate::config::{Flags, check_locks, load};
use crate::model::Environment;
use crate::report::ErrorCode;

const SYSTEM: &str = "locked = ['org.url', 'aws.region', 'aws.sts_endpoint', 'vpn.*']\n\
    [org]\nurl = 'https://acme.okta.com'\n[aws]\nregion = 'eu-west-1'\n[vpn]\n\
    host = 'vpn.acme.com'\n";

/// The problems of a user's file and variables under [`SYSTEM`].
fn refused(user: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let environment = super::variables(variables);
    match load(&Home::with(user).below(SYSTEM).files, &environment) {
        Ok(_) => Vec::new(),
        Err(report) => {
            assert_eq!(report.code, ErrorCode::ConfigLocked, "{report:?}");
            report.causes
        }
    }
}

#[test]
fn every_way_to_change_a_locked_key_is_refused() {
    for user in [
        "[org]\nurl = 'https://other.okta.com'\n",
        "[orgs.x]\nurl = 'https://other.okta.com'\n",
        "[aws]\nregion = 'us-east-1'\n",
        "[profiles.dev]\nrole = 'Dev'\nregion = 'us-east-1'\n",
        // Not set by the administrator, so its absence is locked.
        "[aws]\nsts_endpoint = 'https://sts.other.com'\n",
        "[vpn]\nroutes = ['10.0.0.0/8']\n",
    ] {
        let problems = refused(user, &[]);
        assert_eq!(problems.len(), 1, "{user}: {problems:?}");
        assert!(
            problems[0].contains("cannot be changed: it is locked by ")
                && problems[0].contains(":1"),
            "{problems:?}"
        );
    }
    for variable in [
        ("OB_ORG_URL", "https://other.okta.com"),
        ("OB_AWS_REGION", "us-east-1"),
        ("OB_VPN_HOST", "vpn.other.com"),
    ] {
        let problems = refused("", &[variable]);
        assert!(
            problems.len() == 1 && problems[0].starts_with(variable.0),
            "{problems:?}"
        );
    }
    let home = Home::with("").below(SYSTEM);
    let settings = home.load().unwrap();
    let flags = Flags {
        region: Some("us-east-1".into()),
        ..Flags::default()
    };
    let error = settings.resolve(&flags, &Environment::default());
    assert_eq!(error.unwrap_err().code, ErrorCode::ConfigLocked);
}

#[test]
fn the_same_value_and_other_keys_are_allowed() {
    let same = "[org]\nurl = 'https://acme.okta.com'\nusername = 'alice@acme.com'\n\
        [aws]\nregion = 'eu-west-1'\nduration = '2h'\n[profiles.dev]\nrole = 'Dev'\n";
    assert_eq!(
        refused(same, &[("OB_AWS_REGION", "eu-west-1")]),
        Vec::<String>::new()
    );
    let home = Home::with(same).below(SYSTEM);
    let settings = home.load().unwrap();
    let locked: Vec<String> = settings
        .iter()
        .filter_map(|(key, _, _, lock)| lock.map(|_| key))
        .collect();
    assert_eq!(locked, ["aws.region", "org.url", "vpn.host"]);
}

#[test]
fn a_list_of_locks_is_checked() {
    let of = |system: &str, user: &str| {
        let error = Home::with(user).below(system).load().unwrap_err();
        error.causes.join("\n")
    };
    let unknown = of("locked = ['org.ulr']\n", "");
    assert!(
        unknown.contains("there is no setting `org.ulr`; did you mean `org.url`?"),
        "{unknown}"
    );
    assert!(of("locked = ['nothing.*']\n", "").contains("`nothing.*`"));
    assert!(of("locked = ['locked']\n", "").contains("`locked`"));
    assert!(of("locked = 'org.url'\n", "").contains("an array of keys"));
    let users = of(
        "",
        "locked = ['org.url']\n[org]\nurl = 'https://acme.okta.com'\n",
    );
    assert!(
        users.contains("`locked` is for /etc/ob/config.toml only"),
        "{users}"
    );
}

#[test]
fn a_file_that_changes_a_locked_key_is_not_written() {
    let home = Home::with("").below(SYSTEM);
    let check = |text: &str| {
        check_locks(text, home.user(), &home.files, &Environment::default())
            .map_err(|error| error.code)
    };
    assert_eq!(check("[org]\nurl = 'https://acme.okta.com'\n"), Ok(()));
    assert_eq!(
        check("[profiles.dev]\nrole = 'Dev'\nregion = 'us-east-1'\n"),
        Err(ErrorCode::ConfigLocked)
    );
    assert!(settings("").lock_of("org.url").is_none());
}
