//! Variables of okta-aws-cli and properties of Okta's Java tool: one profile, without sections.

use super::entry::{Entry, value_of};
use super::error::ImportError;
use super::findings::Findings;
use super::profile;
use super::tool::Tool;

const PREFIX: &str = "OKTA_AWSCLI_";
/// Variables of okta-aws-cli from before the prefix.
const UNPREFIXED: [&str; 3] = [
    "OKTA_ORG_DOMAIN",
    "OKTA_OIDC_CLIENT_ID",
    "OKTA_AWS_ACCOUNT_FEDERATION_APP_ID",
];

/// Reads the variables of okta-aws-cli among `variables`; returns `None` when there are none.
///
/// # Errors
/// As [`Tool::read`].
pub fn from_variables<'a>(
    variables: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Findings>, ImportError> {
    let variables = variables.filter(|(name, _)| is_variable(name));
    let entries: Vec<_> = variables
        .map(|(name, value)| Entry::new(name, value, 0))
        .collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let mut findings = Findings::default();
    okta_aws_cli(entries, &mut findings)?;
    Ok(Some(findings))
}

pub(super) fn okta_aws_cli(
    mut entries: Vec<Entry>,
    findings: &mut Findings,
) -> Result<(), ImportError> {
    entries.retain(|entry| is_variable(&entry.key));
    if entries.is_empty() {
        return Err(ImportError::Nothing("okta-aws-cli's variables"));
    }
    let name = value_of(&entries, "OKTA_AWSCLI_PROFILE").unwrap_or("default");
    profile::add(Tool::OktaAwsCliVariables, name, &entries, findings);
    Ok(())
}

pub(super) fn okta_java(entries: &[Entry], findings: &mut Findings) -> Result<(), ImportError> {
    if !entries.iter().any(|entry| entry.key.starts_with("OKTA_")) {
        return Err(ImportError::Nothing("Okta's Java tool"));
    }
    let name = value_of(entries, "OKTA_PROFILE").unwrap_or("default");
    profile::add(Tool::OktaJava, name, entries, findings);
    Ok(())
}

fn is_variable(name: &str) -> bool {
    name.starts_with(PREFIX) || UNPREFIXED.contains(&name)
}
