//! The environment of the command that is run with a role's credentials, as a pure function.
//!
//! Half of the work is taking away: SDKs look in many places, and a stale `AWS_SECURITY_TOKEN` beats a
//! fresh `AWS_SESSION_TOKEN`, an inherited `AWS_PROFILE` makes some ignore the keys beside it, an
//! `AWS_CONTAINER_*` or `AWS_ROLE_ARN` names another identity. Which variables are taken away is decided in
//! `variables`. `AWS_ENDPOINT_URL*` stays: it is where the *child* calls (LocalStack, a VPC endpoint), the user's
//! own and visible choice; our calls never read it.

use std::ffi::{OsStr, OsString};
use std::fmt;

use thiserror::Error;

use super::endpoint::Region;
use super::variables::is_identity;
use crate::model::{Credentials, RoleArn, SessionPolicy};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;

/// What the child is told beside the credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildContext<'a> {
    /// `None` leaves the region variables as they were.
    pub region: Option<&'a Region>,
    /// The profile's name in our settings.
    pub profile: Option<&'a str>,
    /// What is left of the role's rights; `None`: nobody says.
    pub policy: Option<&'a SessionPolicy>,
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
        !is_identity(name) && !ours.iter().any(|(ours, _)| name == OsStr::new(ours))
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
    pub policy: &'a SessionPolicy,
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
        ("OB_PROFILE", escape(context.profile)),
        ("OB_ROLE", role.name().to_owned()),
        ("OB_ACCOUNT", escape(account)),
    ];
    if let Some(words) = context.policy.summary() {
        ours.push(("OB_POLICY", words));
    }
    if let Some(region) = context.region {
        ours.push(("AWS_REGION", region.as_str().to_owned()));
        ours.push(("AWS_DEFAULT_REGION", region.as_str().to_owned()));
    }
    if let Some((name, _)) = ours.iter().find(|(_, value)| value.contains('\0')) {
        return Err(ChildEnvError { name });
    }
    let kept = parent.into_iter().filter(|(name, _)| {
        !is_identity(name) && !ours.iter().any(|(ours, _)| name == OsStr::new(ours))
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
        ours.push(("OB_PROFILE", escape(profile)));
    }
    ours.push(("OB_ROLE", role.name().to_owned()));
    let account = context.account_label.unwrap_or_else(|| role.account());
    ours.push(("OB_ACCOUNT", escape(account)));
    if let Some(words) = context.policy.and_then(SessionPolicy::summary) {
        ours.push(("OB_POLICY", words));
    }
    if let Some(class) = context.class {
        ours.push(("OB_ENV", escape(class)));
    }
    if let Some(color) = context.color {
        ours.push(("OB_COLOR", escape(color)));
    }
    // Seconds since the epoch: shells subtract it without a date parser.
    ours.push(("OB_EXPIRES", credentials.expires_at.0.to_string()));
    ours
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the value of {name} holds a NUL character")]
pub struct ChildEnvError {
    name: &'static str,
}

impl From<ChildEnvError> for Report {
    fn from(error: ChildEnvError) -> Self {
        Self::new(
            ErrorCode::AwsChildEnvNul,
            "cannot give the command its environment",
        )
        .cause(error)
        .hint(
            "check what you set with `ob config check`; `ob login` and try again if it names a key",
        )
    }
}

#[cfg(test)]
mod tests;
