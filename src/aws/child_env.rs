//! The environment of the command that is run with a role's credentials, as a pure function.
//!
//! Half of the work is taking away: SDKs look in many places, and a stale `AWS_SECURITY_TOKEN` beats a
//! fresh `AWS_SESSION_TOKEN`, an inherited `AWS_PROFILE` makes some ignore the keys beside it, an
//! `AWS_CONTAINER_*` or `AWS_ROLE_ARN` names another identity. `AWS_ENDPOINT_URL*` stays: it is where
//! the *child* calls (LocalStack, a VPC endpoint), the user's own and visible choice; our calls never
//! read it.

use std::ffi::{OsStr, OsString};
use std::fmt;

use thiserror::Error;

use super::endpoint::Region;
use crate::model::{Credentials, RoleArn};
use crate::report::{Exit, Report};
use crate::shown::shown;

/// What the child is told beside the credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildContext<'a> {
    /// `None` leaves the region variables as they were.
    pub region: Option<&'a Region>,
    /// The profile's name in our settings.
    pub profile: Option<&'a str>,
    /// The account's name in our settings or in Okta; else its number is shown.
    pub account_label: Option<&'a str>,
    /// The class of the environment (`prod`, `stage`, `dev`…), for prompts.
    pub class: Option<&'a str>,
    /// The colour's name, for prompts.
    pub color: Option<&'a str>,
}

/// Everything the child has: replace the environment with it, inherit nothing.
#[derive(PartialEq, Eq)]
pub struct ChildEnv(Vec<(OsString, OsString)>);

impl ChildEnv {
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl IntoIterator for ChildEnv {
    type Item = (OsString, OsString);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Names only: three of the values are secrets, and the parent's may be as well.
impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// The parent's variables without what would mislead an SDK, then ours.
///
/// # Errors
/// When a value cannot be an environment variable's.
pub fn child_env(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    credentials: &Credentials,
    context: &ChildContext<'_>,
) -> Result<ChildEnv, ChildEnvError> {
    let ours = checked_variables(credentials, context)?;
    let kept = parent.into_iter().filter(|(name, _)| {
        !is_removed(name) && !ours.iter().any(|(ours, _)| name == OsStr::new(ours))
    });
    let mut all: Vec<_> = kept.collect();
    all.extend(ours.iter().map(|(name, value)| (name.into(), value.into())));
    Ok(ChildEnv(all))
}

/// Our variables, none of which holds what no variable can.
pub(super) fn checked_variables(
    credentials: &Credentials,
    context: &ChildContext<'_>,
) -> Result<Vec<(&'static str, String)>, ChildEnvError> {
    let ours = variables(credentials, context);
    match ours.iter().find(|(_, value)| value.contains('\0')) {
        Some((name, _)) => Err(ChildEnvError { name }),
        None => Ok(ours),
    }
}

/// What a child that renews by itself is told.
#[derive(Clone, Copy, Debug)]
pub struct RenewingContext<'a> {
    /// A profile of `~/.aws/config` with a `credential_process`.
    pub aws_profile: &'a str,
    /// `None` leaves the region variables as they were.
    pub region: Option<&'a Region>,
    /// The profile's name in our settings.
    pub profile: &'a str,
    pub account_label: Option<&'a str>,
}

/// The parent's variables without any identity, and the name of the profile that renews.
///
/// # Errors
/// As [`child_env`].
pub fn renewing_env(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    role: &RoleArn,
    context: &RenewingContext<'_>,
) -> Result<ChildEnv, ChildEnvError> {
    let account = context.account_label.unwrap_or_else(|| role.account());
    let mut ours = vec![
        ("AWS_PROFILE", context.aws_profile.to_owned()),
        // Go's first SDK reads ~/.aws/config only where this is set.
        ("AWS_SDK_LOAD_CONFIG", "1".to_owned()),
        ("OB_PROFILE", shown(context.profile)),
        ("OB_ROLE", role.name().to_owned()),
        ("OB_ACCOUNT", shown(account)),
    ];
    if let Some(region) = context.region {
        ours.push(("AWS_REGION", region.as_str().to_owned()));
        ours.push(("AWS_DEFAULT_REGION", region.as_str().to_owned()));
    }
    if let Some((name, _)) = ours.iter().find(|(_, value)| value.contains('\0')) {
        return Err(ChildEnvError { name });
    }
    // An account's number belongs to keys; the profile brings its own.
    let keys = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ACCOUNT_ID",
    ];
    let kept = parent.into_iter().filter(|(name, _)| {
        !is_removed(name)
            && !keys.iter().any(|key| name == OsStr::new(key))
            && !ours.iter().any(|(ours, _)| name == OsStr::new(ours))
    });
    let mut all: Vec<_> = kept.collect();
    all.extend(ours.iter().map(|(name, value)| (name.into(), value.into())));
    Ok(ChildEnv(all))
}

fn variables(credentials: &Credentials, context: &ChildContext<'_>) -> Vec<(&'static str, String)> {
    let role = &credentials.role;
    let expiration = credentials.expires_at.to_string();
    let mut ours = vec![
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        (
            "AWS_SECRET_ACCESS_KEY",
            credentials.secret_access_key.expose().to_owned(),
        ),
        (
            "AWS_SESSION_TOKEN",
            credentials.session_token.expose().to_owned(),
        ),
        // The first is the SDKs' name, the second the one that older prompts read.
        ("AWS_CREDENTIAL_EXPIRATION", expiration.clone()),
        ("AWS_SESSION_EXPIRATION", expiration),
        ("AWS_ACCOUNT_ID", role.account().to_owned()),
    ];
    if let Some(region) = context.region {
        ours.push(("AWS_REGION", region.as_str().to_owned()));
        ours.push(("AWS_DEFAULT_REGION", region.as_str().to_owned()));
    }
    // These end in prompts, so what a terminal would act on is escaped here.
    if let Some(profile) = context.profile {
        ours.push(("OB_PROFILE", shown(profile)));
    }
    ours.push(("OB_ROLE", role.name().to_owned()));
    let account = context.account_label.unwrap_or_else(|| role.account());
    ours.push(("OB_ACCOUNT", shown(account)));
    if let Some(class) = context.class {
        ours.push(("OB_ENV", shown(class)));
    }
    if let Some(color) = context.color {
        ours.push(("OB_COLOR", shown(color)));
    }
    // Seconds since the epoch: shells subtract it without a date parser.
    ours.push(("OB_EXPIRES", credentials.expires_at.0.to_string()));
    ours
}

/// Variables that would answer "who am I" for the child, or mark another tool's shell.
const REMOVED: [&str; 20] = [
    "AWS_ACCESS_KEY",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_CREDENTIAL_FILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SDK_LOAD_CONFIG",
    "AWS_SECRET_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_EXPIRATION",
    "AWS_VAULT",
    "OB_ACCOUNT",
    "OB_COLOR",
    "OB_ENV",
    "OB_EXPIRES",
    "OB_PROFILE",
    "OB_ROLE",
    "OB_STATE",
    "OB_TARGET",
];

const REMOVED_PREFIXES: [&str; 7] = [
    "AWSUME_",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_CREDENTIALS_",
    "AWS_OKTA_",
    "AWS_SSO_",
    "AWS_VAULT_",
    "AWS_WEB_IDENTITY_",
];

/// Whether a variable of the parent would mislead an SDK or a prompt.
pub(super) fn is_removed(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    REMOVED.contains(&name)
        || REMOVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the value of {name} holds a NUL character")]
pub struct ChildEnvError {
    name: &'static str,
}

impl From<ChildEnvError> for Report {
    fn from(error: ChildEnvError) -> Self {
        Self::new(
            Exit::Failed,
            "aws.child_env.nul",
            "cannot give the command its environment",
        )
        .cause(error)
        .hint(
            "check what you set with `ob config check`; `ob login` and try again if it names a key",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::secret::Secret;

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: Secret::new("secret"),
            session_token: Secret::new("token"),
            expires_at: Timestamp(1_795_309_375),
            role: RoleArn::parse("arn:aws:iam::123456789012:role/team/Deploy").unwrap(),
        }
    }

    /// `before` as `NAME=value` lines, the child's environment in the same form.
    fn transcript(before: &str, context: &ChildContext<'_>) -> String {
        let parent = before.lines().map(|line| {
            let (name, value) = line.trim().split_once('=').unwrap();
            (name.into(), value.into())
        });
        let env = child_env(parent, &credentials(), context).unwrap();
        let lines = env.iter().map(|(name, value)| {
            format!("{}={}\n", name.to_str().unwrap(), value.to_str().unwrap())
        });
        lines.collect()
    }

    const BARE: &str = "\
        AWS_ACCESS_KEY_ID=ASIAEXAMPLE\n\
        AWS_SECRET_ACCESS_KEY=secret\n\
        AWS_SESSION_TOKEN=token\n\
        AWS_CREDENTIAL_EXPIRATION=2026-11-22T01:02:55Z\n\
        AWS_SESSION_EXPIRATION=2026-11-22T01:02:55Z\n\
        AWS_ACCOUNT_ID=123456789012\n";
    const BARE_MARKERS: &str = "\
        OB_ROLE=Deploy\n\
        OB_ACCOUNT=123456789012\n\
        OB_EXPIRES=1795309375\n";

    #[test]
    fn an_empty_parent_gives_only_what_is_ours() {
        let after = transcript("", &ChildContext::default());
        assert_eq!(after, format!("{BARE}{BARE_MARKERS}"));
    }

    #[test]
    fn the_parents_own_variables_stay_in_their_order() {
        let before = "HOME=/home/alice\nPATH=/bin\nAWS_PAGER=\nAWS_CONFIG_FILE=/x\n\
                      AWS_ENDPOINT_URL=http://localhost:4566\nAWS_ENDPOINT_URL_S3=http://s3\n\
                      OB_DEFAULT_PROFILE=dev\nAWS_REGION=eu-west-1\n";
        let after = transcript(before, &ChildContext::default());
        assert_eq!(after, format!("{before}{BARE}{BARE_MARKERS}"));
    }

    #[test]
    fn what_would_mislead_an_sdk_or_a_prompt_is_gone() {
        let before = "AWS_SECURITY_TOKEN=old\nAWS_PROFILE=other\nAWS_DEFAULT_PROFILE=other\n\
            AWS_CREDENTIAL_FILE=/x\nAWS_ROLE_ARN=arn\nAWS_ROLE_SESSION_NAME=n\nAWS_SDK_LOAD_CONFIG=1\n\
            AWS_WEB_IDENTITY_TOKEN_FILE=/t\nAWS_CONTAINER_CREDENTIALS_FULL_URI=http://x\n\
            AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/x\nAWS_CONTAINER_AUTHORIZATION_TOKEN=t\n\
            AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/t\nAWS_VAULT=prod\nAWS_VAULT_BACKEND=pass\n\
            AWS_SSO_PROFILE=p\nAWS_OKTA_PROFILE=p\nAWSUME_PROFILE=p\nAWS_ACCESS_KEY=k\nAWS_SECRET_KEY=k\n\
            AWS_ACCESS_KEY_ID=AKIAOLD\nAWS_SECRET_ACCESS_KEY=old\nAWS_SESSION_TOKEN=old\n\
            AWS_CREDENTIAL_EXPIRATION=2000-01-01T00:00:00Z\nAWS_ACCOUNT_ID=999999999999\n\
            OB_PROFILE=outer\nOB_ROLE=Outer\nOB_ACCOUNT=outer\nOB_ENV=prod\nOB_EXPIRES=1\n\
            OB_COLOR=red\nOB_STATE=/x\nOB_TARGET={}";
        let after = transcript(before, &ChildContext::default());
        assert_eq!(after, format!("{BARE}{BARE_MARKERS}"));
    }

    #[test]
    fn region_profile_account_and_class_are_told() {
        let region = Region::parse("eu-west-1").unwrap();
        let context = ChildContext {
            region: Some(&region),
            profile: Some("prod"),
            account_label: Some("payments\x1b[31m"),
            class: Some("prod"),
            color: Some("red"),
        };
        let after = transcript(
            "AWS_REGION=us-east-1\nAWS_DEFAULT_REGION=us-east-1",
            &context,
        );
        let expected = format!(
            "{BARE}AWS_REGION=eu-west-1\nAWS_DEFAULT_REGION=eu-west-1\nOB_PROFILE=prod\n\
             OB_ROLE=Deploy\nOB_ACCOUNT=payments\\u{{1b}}[31m\nOB_ENV=prod\nOB_COLOR=red\nOB_EXPIRES=1795309375\n"
        );
        assert_eq!(after, expected);
    }

    #[test]
    fn a_value_that_no_variable_can_hold_is_named() {
        let mut broken = credentials();
        broken.session_token = Secret::new("a\0b");
        let error = child_env([], &broken, &ChildContext::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the value of AWS_SESSION_TOKEN holds a NUL character"
        );
    }

    #[test]
    fn a_child_that_renews_gets_a_profile_and_no_identity_else() {
        let parent = "HOME=/h\nAWS_ACCESS_KEY_ID=A\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=t\n\
            AWS_SECURITY_TOKEN=t\nAWS_PROFILE=other\nAWS_ACCOUNT_ID=9\nOB_EXPIRES=1\nAWS_VAULT=x";
        let parent = parent.lines().map(|line| {
            let (name, value) = line.trim().split_once('=').unwrap();
            (name.into(), value.into())
        });
        let context = RenewingContext {
            aws_profile: "ob/dev",
            region: None,
            profile: "dev",
            account_label: None,
        };
        let env = renewing_env(parent, &credentials().role, &context).unwrap();
        let lines: Vec<String> = env
            .iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect();
        assert_eq!(
            lines,
            [
                "HOME=/h",
                "AWS_PROFILE=ob/dev",
                "AWS_SDK_LOAD_CONFIG=1",
                "OB_PROFILE=dev",
                "OB_ROLE=Deploy",
                "OB_ACCOUNT=123456789012",
            ]
        );
    }

    #[test]
    fn debug_shows_names_alone() {
        let env = child_env([], &credentials(), &ChildContext::default()).unwrap();
        let debug = format!("{env:?}");
        assert!(debug.contains("AWS_SESSION_TOKEN") && !debug.contains("token\""));
    }
}
