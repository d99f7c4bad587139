//! Which source of credentials each SDK takes, and that every SDK takes what `ob` hands over.

use super::*;
use crate::aws::{ChildContext, RenewingContext, child_env, names_to_unset, renewing_env};
use crate::model::{Credentials, RoleArn, SessionPolicy, Timestamp};
use crate::secret::Secret;

fn of(sdk: Sdk, variables: &[(&str, &str)], config: &str, credentials: &str) -> CredentialSource {
    let environment = variables.iter().copied().collect();
    credential_source(sdk, &environment, config, credentials)
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "s")];
const OB: &str = "[profile ob/dev]\ncredential_process = ob credential -p dev\n";
const STATIC: &str = "[default]\naws_access_key_id = A\naws_secret_access_key = s\n";

#[test]
fn environment_keys_win_except_for_node_with_a_profile() {
    let both: Vec<_> = KEYS
        .into_iter()
        .chain([("AWS_PROFILE", "ob/dev")])
        .collect();
    for sdk in Sdk::ALL {
        assert_eq!(
            of(sdk, &KEYS, OB, STATIC),
            CredentialSource::Environment,
            "{sdk:?}"
        );
        let expected = match sdk {
            Sdk::Node => CredentialSource::Process("ob/dev".into()),
            _ => CredentialSource::Environment,
        };
        assert_eq!(of(sdk, &both, OB, STATIC), expected, "{sdk:?}");
    }
}

#[test]
fn default_section_beats_container_and_missing_profile_is_named() {
    let container = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/")];
    let ghost: Vec<_> = KEYS.into_iter().chain([("AWS_PROFILE", "ghost")]).collect();
    for sdk in Sdk::ALL {
        assert_eq!(
            of(sdk, &container, "", STATIC),
            CredentialSource::Keys("default".into())
        );
        assert_eq!(of(sdk, &container, "", ""), CredentialSource::Container);
        assert_eq!(of(sdk, &[], "", ""), CredentialSource::InstanceMetadata);
        let expected = match sdk {
            Sdk::Java => CredentialSource::Environment,
            _ => CredentialSource::MissingProfile("ghost".into()),
        };
        assert_eq!(of(sdk, &ghost, OB, STATIC), expected, "{sdk:?}");
    }
}

#[test]
fn login_session_ranks_as_in_each_sdk() {
    let profile = [("AWS_PROFILE", "p")];
    let login = "[profile p]\nlogin_session = arn:aws:iam::123456789012:user/alice\n";
    let process = format!("{login}credential_process = x\n");
    for sdk in Sdk::ALL {
        assert_eq!(
            of(sdk, &profile, login, ""),
            CredentialSource::Login("p".into())
        );
        let expected = match sdk {
            Sdk::Node => CredentialSource::Process("p".into()),
            _ => CredentialSource::Login("p".into()),
        };
        assert_eq!(of(sdk, &profile, &process, ""), expected, "{sdk:?}");
    }
    let default = login.replace("profile p", "default");
    for sdk in Sdk::ALL {
        let cache = [("AWS_LOGIN_CACHE_DIRECTORY", "/x")];
        assert_eq!(
            of(sdk, &cache, &default, ""),
            CredentialSource::Login("default".into())
        );
    }
}

#[test]
fn older_names_and_java_properties_win_if_read() {
    let old = [("AWS_ACCESS_KEY", "A"), ("AWS_SECRET_KEY", "s")];
    for sdk in Sdk::ALL {
        let expected = match sdk {
            Sdk::Go => CredentialSource::Environment,
            _ => CredentialSource::InstanceMetadata,
        };
        assert_eq!(of(sdk, &old, "", ""), expected, "{sdk:?}");
    }
    let options = "-Xmx1g -Daws.accessKeyId=A -Daws.secretAccessKey=s";
    let both: Vec<_> = KEYS
        .into_iter()
        .chain([("JAVA_TOOL_OPTIONS", options)])
        .collect();
    assert_eq!(
        of(Sdk::Java, &both, "", ""),
        CredentialSource::JavaProperties
    );
    assert_eq!(of(Sdk::Go, &both, "", ""), CredentialSource::Environment);
    let harmless: Vec<_> = KEYS
        .into_iter()
        .chain([("JAVA_TOOL_OPTIONS", "-Xmx1g")])
        .collect();
    assert_eq!(
        of(Sdk::Java, &harmless, "", ""),
        CredentialSource::Environment
    );
}

/// Variables that name another identity, as in the test with the real SDKs.
const FOREIGN: [(&str, &str); 10] = [
    ("AWS_ACCESS_KEY", "A"),
    ("AWS_BEARER_TOKEN_BEDROCK", "b"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/"),
    ("AWS_DEFAULT_PROFILE", "ghost"),
    ("AWS_PROFILE", "ghost"),
    ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Other"),
    ("AWS_ROLE_SESSION_NAME", "n"),
    ("AWS_SECRET_KEY", "s"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/t"),
];

#[test]
fn every_sdk_takes_our_credentials() {
    let parent = || FOREIGN.map(|(name, value)| (name.into(), value.into()));
    let environment: Environment = child_env(parent(), &credentials(), &ChildContext::default())
        .unwrap()
        .into_iter()
        .collect();
    for sdk in Sdk::ALL {
        assert_eq!(
            credential_source(sdk, &environment, OB, STATIC),
            CredentialSource::Environment,
            "{sdk:?}"
        );
    }
    let context = RenewingContext {
        aws_profile: "ob/dev",
        region: None,
        profile: "dev",
        policy: &SessionPolicy::Whole,
        account_label: None,
    };
    let renewing: Environment = renewing_env(parent(), &credentials().role, &context)
        .unwrap()
        .into_iter()
        .collect();
    // What `ob use` leaves of the shell's variables, with the one it sets.
    let foreign: Environment = FOREIGN.into_iter().collect();
    let dropped = names_to_unset(foreign.iter().map(|(name, _)| name));
    let left = FOREIGN
        .into_iter()
        .filter(|(name, _)| !dropped.contains(name));
    let switched: Environment = left.chain([("AWS_PROFILE", "ob/dev")]).collect();
    for sdk in Sdk::ALL {
        for environment in [&renewing, &switched] {
            let taken = credential_source(sdk, environment, OB, STATIC);
            assert_eq!(taken, CredentialSource::Process("ob/dev".into()), "{sdk:?}");
        }
    }
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "ASIAEXAMPLE".to_owned(),
        secret_access_key: Secret::new("secret"),
        session_token: Secret::new("token"),
        expires_at: Timestamp(1_795_309_375),
        role: RoleArn::parse("arn:aws:iam::123456789012:role/Deploy").unwrap(),
        provider: None,
    }
}

#[test]
fn profile_is_read_in_the_order_of_each_sdk() {
    let profile = [("AWS_PROFILE", "p")];
    let config = "[profile p]\ncredential_process = x\naws_access_key_id = A\n";
    assert_eq!(
        of(Sdk::Python, &profile, config, ""),
        CredentialSource::Process("p".into())
    );
    assert_eq!(
        of(Sdk::Node, &profile, config, ""),
        CredentialSource::Keys("p".into())
    );
    assert_eq!(
        of(Sdk::Python, &profile, config, "[p]\naws_access_key_id=A\n"),
        CredentialSource::Keys("p".into())
    );
    let role = "[profile p]\nrole_arn = x\nsource_profile = q\n";
    for sdk in Sdk::ALL {
        assert_eq!(
            of(sdk, &profile, role, ""),
            CredentialSource::AssumedRole("p".into())
        );
    }
}

#[test]
fn python_stops_at_a_line_that_others_skip() {
    let config = "[default]\noutput\n";
    let stops = CredentialSource::Unreadable("config", 2);
    assert_eq!(of(Sdk::Python, &KEYS, config, STATIC), stops);
    assert!(stops.to_string().contains("line 2 of the config file"));
    let keys = CredentialSource::Keys("default".into());
    assert_eq!(of(Sdk::Go, &[], config, STATIC), keys);
    let twice = format!("{STATIC}[default]\n");
    let stops = CredentialSource::Unreadable("credentials", 4);
    assert_eq!(of(Sdk::Python, &[], OB, &twice), stops);
}

#[test]
fn nested_block_does_not_belong_to_the_profile() {
    let profile = [("AWS_PROFILE", "p")];
    let config = "[profile p] # mine\n  s3 =\n    role_arn = x\n  REGION: y\n";
    for sdk in Sdk::ALL {
        assert_eq!(
            of(sdk, &profile, config, ""),
            CredentialSource::InstanceMetadata,
            "{sdk:?}"
        );
    }
}
