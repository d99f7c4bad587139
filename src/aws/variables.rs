//! The one list of environment variables that decide whose credentials an AWS program takes.
//!
//! `exec`, `exec --refresh`, `shell`, `use`, `env` and the browsers that `ob` starts all follow it.
//! The names are those that botocore and the SDKs for JavaScript, Go and Java read
//! (`tests/fixtures/aws/`, compared with the installed packages by a test), and those that other
//! tools' shells leave behind.
//!
//! Kept are the paths of the user's own files (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`,
//! `AWS_LOGIN_CACHE_DIRECTORY`): they say where profiles are, not which one is taken.
//! `AWS_ENDPOINT_URL*` and `AWS_EC2_METADATA_*` are kept too: they say where the program connects,
//! which the user has chosen.

use std::ffi::OsStr;

use crate::model::is_variable_name;

/// The treatment of a variable in the environment of a program that works with a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Names another identity, or marks another tool's shell: never passed on.
    Removed,
    /// Never passed on; `ob` sets it if it has a value for it.
    Set,
    /// Set if a region is known, else passed on.
    Region,
    /// Passed on.
    Kept,
}

const REGION: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];

/// Names that only old programs read.
pub(super) const LEGACY: [&str; 2] = ["AWS_SECURITY_TOKEN", "X_SECURITY_TOKEN_EXPIRES"];

/// The variables that hold a role's credentials or describe it, in the order in which `ob env`
/// writes them.
pub const EXPORTED_NAMES: [&str; 17] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_ACCOUNT_ID",
    REGION[0],
    REGION[1],
    "OB_PROFILE",
    "OB_ROLE",
    "OB_ACCOUNT",
    "OB_ENV",
    "OB_COLOR",
    "OB_EXPIRES",
    "OB_POLICY",
    LEGACY[0],
    LEGACY[1],
];

/// Other variables that `ob` sets in a shell or for a command that renews by itself.
const SET: [&str; 5] = [
    "AWSUME_PROFILE",
    "AWS_PROFILE",
    "AWS_SDK_LOAD_CONFIG",
    "OB_STATE",
    "OB_TARGET",
];

const REMOVED: [&str; 27] = [
    // The SDK for Ruby and fog.
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "AMAZON_SECURITY_TOKEN",
    "AMAZON_SESSION_TOKEN",
    "AWSU_PROFILE",
    "AWS_ACCESS_KEY",
    "AWS_CREDENTIAL_FILE",
    "AWS_CREDENTIAL_SCOPE",
    "AWS_DEFAULT_PROFILE",
    "AWS_DELEGATION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_KEY",
    "AWS_VAULT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    // Ansible, and what saml2aws sets.
    "EC2_ACCESS_KEY",
    "EC2_SECRET_KEY",
    "EC2_SECURITY_TOKEN",
    "SAML2AWS_PROFILE",
    // Properties of Java. Frameworks such as Spring read properties from the environment.
    "aws.accessKeyId",
    "aws.profile",
    "aws.roleArn",
    "aws.roleSessionName",
    "aws.secretAccessKey",
    "aws.secretKey",
    "aws.sessionToken",
    "aws.webIdentityTokenFile",
];

const REMOVED_PREFIXES: [&str; 9] = [
    "AWSUME_",
    // botocore and the SDKs sign a service's requests as another identity with one of these.
    "AWS_BEARER_TOKEN_",
    "AWS_CONTAINER_",
    "AWS_OKTA_",
    "AWS_ROLE_",
    "AWS_SSO_",
    "AWS_VAULT_",
    "AWS_WEB_IDENTITY_",
    "aws.container",
];

/// Returns the treatment of the variable `name`. A name that is not listed is passed on.
pub fn treatment(name: &OsStr) -> Treatment {
    let name = name.as_encoded_bytes();
    let is_in = |names: &[&str]| names.iter().any(|known| known.as_bytes() == name);
    let has_removed_prefix = || {
        let mut prefixes = REMOVED_PREFIXES.iter();
        prefixes.any(|prefix| name.starts_with(prefix.as_bytes()))
    };
    if is_in(&REGION) {
        Treatment::Region
    } else if is_in(&EXPORTED_NAMES) || is_in(&SET) {
        Treatment::Set
    } else if is_in(&REMOVED) || has_removed_prefix() {
        Treatment::Removed
    } else {
        Treatment::Kept
    }
}

/// Whether the variable `name` of the parent would decide the identity of a program, or what a
/// prompt shows of it.
pub fn is_identity(name: &OsStr) -> bool {
    matches!(treatment(name), Treatment::Removed | Treatment::Set)
}

/// Returns the identity variables that a shell has to unset: those with a fixed name always, others
/// if they are among `present`. Names that a shell cannot have as a variable are left out.
pub fn names_to_unset<'a>(present: impl IntoIterator<Item = &'a OsStr>) -> Vec<&'a str> {
    let fixed = EXPORTED_NAMES.into_iter().chain(SET).chain(REMOVED);
    let mut names: Vec<&str> = present_identities(fixed.map(OsStr::new)).collect();
    names.extend(present_identities(present));
    names.sort_unstable();
    names.dedup();
    names
}

/// Returns the identity variables among `present` that a shell can have as a variable.
pub(super) fn present_identities<'a>(
    present: impl IntoIterator<Item = &'a OsStr>,
) -> impl Iterator<Item = &'a str> {
    present
        .into_iter()
        .filter(|name| is_identity(name) && is_variable_name(name))
        .filter_map(OsStr::to_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables that each SDK reads, with the treatment that was decided for them.
    const FIXTURES: [(&str, &str); 5] = [
        (
            "awscli",
            include_str!("../../tests/fixtures/aws/awscli.txt"),
        ),
        (
            "botocore",
            include_str!("../../tests/fixtures/aws/botocore.txt"),
        ),
        ("go", include_str!("../../tests/fixtures/aws/go.txt")),
        ("java", include_str!("../../tests/fixtures/aws/java.txt")),
        (
            "javascript",
            include_str!("../../tests/fixtures/aws/javascript.txt"),
        ),
    ];

    #[test]
    fn every_name_that_an_sdk_reads_is_classified() {
        for (sdk, text) in FIXTURES {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            let mut count = 0;
            for line in lines {
                let (name, decided) = line.split_once(' ').unwrap();
                let expected = match treatment(OsStr::new(name)) {
                    Treatment::Removed => "removed",
                    Treatment::Set | Treatment::Region => "set",
                    Treatment::Kept => "kept",
                };
                assert_eq!(decided, expected, "{sdk}: {name}");
                count += 1;
            }
            assert!(count > 20, "{sdk}");
        }
    }

    #[test]
    fn credential_names_of_any_sdk_are_identities() {
        for name in [
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_BEARER_TOKEN_OF_NEXT_YEAR",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_SERVICE_ENDPOINT",
            "AWS_DELEGATION_TOKEN",
            "AWS_ROLE_ARN",
            "AWS_SECURITY_TOKEN",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_WEB_IDENTITY_X;touch pwned",
            "aws.accessKeyId",
        ] {
            assert!(is_identity(OsStr::new(name)), "{name}");
        }
        for name in [
            "AWS_CONFIG_FILE",
            "AWS_REGION",
            "AWS_PAGER",
            "HOME",
            "AWS_ROLES",
            "",
        ] {
            assert!(!is_identity(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn shell_unsets_fixed_names_and_present_ones() {
        let present = [
            "AWS_SSO_START_URL",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_SSO_X;touch pwned;#",
            "AWS_SSO_",
            "AWS_REGION",
            "HOME",
        ];
        let names = names_to_unset(present.map(OsStr::new));
        for name in ["AWS_SSO_START_URL", "AWS_BEARER_TOKEN_BEDROCK", "AWS_SSO_"] {
            assert!(names.contains(&name), "{name}");
        }
        for name in ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "OB_TARGET"] {
            assert!(names.contains(&name), "{name}");
        }
        for name in [
            "AWS_SSO_X;touch pwned;#",
            "AWS_REGION",
            "HOME",
            "aws.profile",
        ] {
            assert!(!names.contains(&name), "{name}");
        }
    }
}
