//! The environment of a command that runs with a role's credentials, as a pure function.
//!
//! SDKs look in many places, so misleading variables are removed first: a stale
//! `AWS_SECURITY_TOKEN` overrides a fresh `AWS_SESSION_TOKEN`, an inherited `AWS_PROFILE` makes
//! some SDKs ignore the keys beside it, and `AWS_CONTAINER_*` or `AWS_ROLE_ARN` name another
//! identity. `variables.rs` has the list.

use std::ffi::{OsStr, OsString};
use std::fmt;

use thiserror::Error;

use super::endpoint::Region;
use super::variables::is_identity;
use crate::model::{Credentials, RoleArn, SessionPolicy};
use crate::report::{ErrorCode, Report};
use crate::sanitize::escape;

/// The description of a role for the command and its prompt.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChildContext<'a> {
    /// `None` keeps the parent's region variables.
    pub region: Option<&'a Region>,
    /// The profile's name in the settings.
    pub profile: Option<&'a str>,
    /// The session policy, if it is known.
    pub policy: Option<&'a SessionPolicy>,
    /// The account's name in the settings or in Okta, shown instead of its number.
    pub account_label: Option<&'a str>,
    /// The class of the environment (`prod`, `stage`, `dev`…).
    pub class: Option<&'a str>,
    /// The name of the profile's colour.
    pub color: Option<&'a str>,
}

/// The description of a role for a command that renews its credentials by itself.
#[derive(Clone, Copy, Debug)]
pub struct RenewingContext<'a> {
    /// A profile of `~/.aws/config` with a `credential_process`.
    pub aws_profile: &'a str,
    /// `None` keeps the parent's region variables.
    pub region: Option<&'a Region>,
    /// The profile's name in the settings.
    pub profile: &'a str,
    pub policy: &'a SessionPolicy,
    pub account_label: Option<&'a str>,
}

/// The whole environment of a command, which inherits nothing else.
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

/// Shows only names: three of the values are secrets, and the parent's may be too.
impl fmt::Debug for ChildEnv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_list().entries(names).finish()
    }
}

/// Returns the parent's variables without those that would mislead an SDK, and the credentials.
///
/// # Errors
/// [`ChildEnvError`] if a value holds a NUL.
pub fn child_env(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    credentials: &Credentials,
    context: &ChildContext<'_>,
) -> Result<ChildEnv, ChildEnvError> {
    let own = credential_variables(credentials, context)?;
    Ok(replace_identity(parent, &own))
}

/// Returns the parent's variables without any identity, and the name of the profile that renews.
///
/// # Errors
/// [`ChildEnvError`] if a value holds a NUL.
pub fn renewing_env(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    role: &RoleArn,
    context: &RenewingContext<'_>,
) -> Result<ChildEnv, ChildEnvError> {
    let mut own = vec![
        ("AWS_PROFILE", context.aws_profile.to_owned()),
        // Version 1 of Go's SDK reads ~/.aws/config only if this is set.
        ("AWS_SDK_LOAD_CONFIG", "1".to_owned()),
    ];
    let (profile, policy) = (Some(context.profile), Some(context.policy));
    push_role(&mut own, role, profile, context.account_label, policy);
    push_region(&mut own, context.region);
    Ok(replace_identity(parent, &reject_nul(own)?))
}

type Variables = Vec<(&'static str, String)>;

/// Returns the variables that hold and describe `credentials`.
pub(super) fn credential_variables(
    credentials: &Credentials,
    context: &ChildContext<'_>,
) -> Result<Variables, ChildEnvError> {
    let secret_key = credentials.secret_access_key.expose();
    let expiration = credentials.expires_at.to_string();
    let role = &credentials.role;
    let mut own = vec![
        ("AWS_ACCESS_KEY_ID", credentials.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", secret_key.to_owned()),
        (
            "AWS_SESSION_TOKEN",
            credentials.session_token.expose().to_owned(),
        ),
        // The first is the SDKs' name, the second the one that older prompts read.
        ("AWS_CREDENTIAL_EXPIRATION", expiration.clone()),
        ("AWS_SESSION_EXPIRATION", expiration),
        ("AWS_ACCOUNT_ID", role.account().to_owned()),
    ];
    push_region(&mut own, context.region);
    let label = context.account_label;
    push_role(&mut own, role, context.profile, label, context.policy);
    own.extend(context.class.map(|class| ("OB_ENV", escape(class))));
    own.extend(context.color.map(|color| ("OB_COLOR", escape(color))));
    // Seconds since the epoch: shells subtract it without a date parser.
    own.push(("OB_EXPIRES", credentials.expires_at.0.to_string()));
    reject_nul(own)
}

fn push_region(own: &mut Variables, region: Option<&Region>) {
    if let Some(region) = region {
        own.push(("AWS_REGION", region.as_str().to_owned()));
        own.push(("AWS_DEFAULT_REGION", region.as_str().to_owned()));
    }
}

/// Adds the variables for prompts, in which control characters are escaped.
fn push_role(
    own: &mut Variables,
    role: &RoleArn,
    profile: Option<&str>,
    account_label: Option<&str>,
    policy: Option<&SessionPolicy>,
) {
    own.extend(profile.map(|profile| ("OB_PROFILE", escape(profile))));
    own.push(("OB_ROLE", role.name().to_owned()));
    let account = account_label.unwrap_or_else(|| role.account());
    own.push(("OB_ACCOUNT", escape(account)));
    let words = policy.and_then(SessionPolicy::summary);
    own.extend(words.map(|words| ("OB_POLICY", words)));
}

fn reject_nul(own: Variables) -> Result<Variables, ChildEnvError> {
    match own.iter().find(|(_, value)| value.contains('\0')) {
        Some((name, _)) => Err(ChildEnvError { name }),
        None => Ok(own),
    }
}

/// Returns the parent's variables without identities, then `own`.
fn replace_identity(
    parent: impl IntoIterator<Item = (OsString, OsString)>,
    own: &[(&'static str, String)],
) -> ChildEnv {
    let is_own = |name: &OsStr| own.iter().any(|(own, _)| name == OsStr::new(own));
    let kept = parent
        .into_iter()
        .filter(|(name, _)| !is_identity(name) && !is_own(name));
    let own = own.iter().map(|(name, value)| (name.into(), value.into()));
    ChildEnv(kept.chain(own).collect())
}

/// A value that no environment variable can have.
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
