//! Resolves settings and flags to what one command works on.

use std::collections::BTreeMap;

use super::flags::{Flags, parse_flag};
use super::org::OrgTarget;
use super::settings::Settings;
use super::source::Source;
use super::value::Value;
use crate::aws::{Region, SessionDuration};
use crate::model::{Environment, Labels, RoleArn, SessionPolicy, whole_seconds};
use crate::report::{ErrorCode, Report};

/// The resolved settings of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub org: OrgTarget,
    /// The AWS app's embed link or id; if none, it is found from the user's tiles.
    pub app: Option<String>,
    pub profile: Option<String>,
    /// ARN, `account/role`, name or glob, as the user wrote it.
    pub role: Option<String>,
    /// ARN, name or glob of the identity provider.
    pub provider: Option<String>,
    /// Roles to assume from `role`, one after another.
    pub chain: Vec<RoleArn>,
    /// Limits the rights of the last role.
    pub policy: SessionPolicy,
    /// The duration to ask STS for.
    pub duration: SessionDuration,
    pub region: Option<String>,
    /// Whether the region is the general setting's, which is dropped for a role of another
    /// partition.
    pub region_is_general: bool,
    pub sts_endpoint: Option<String>,
    /// The user's names of accounts, by account number.
    pub accounts: BTreeMap<String, String>,
    pub labels: Labels,
    /// The profile's colour in the prompt.
    pub color: Option<String>,
    /// Whether the user must confirm the profile's first use in each terminal.
    pub confirm: bool,
}

impl Target {
    /// Returns the region for `role`, without a general setting of another partition.
    ///
    /// # Errors
    /// When the setting is no region.
    pub fn region_for(&self, role: Option<&RoleArn>) -> Result<Option<Region>, Report> {
        let region = self.region.as_deref().map(Region::parse).transpose()?;
        Ok(match role.filter(|_| self.region_is_general) {
            Some(role) => region.and_then(|region| region.in_partition(&role.partition())),
            None => region,
        })
    }

    /// Returns the region for the role as far as the settings tell it, without a sign-in.
    ///
    /// # Errors
    /// As [`Self::region_for`].
    pub fn configured_region(&self) -> Result<Option<Region>, Report> {
        let role = self.role.as_deref();
        let role = role.and_then(|role| RoleArn::parse(role).ok());
        self.region_for(self.chain.last().or(role.as_ref()))
    }
}

impl Settings {
    /// Resolves a command with `flags`.
    ///
    /// # Errors
    /// When no org or profile is selected, a flag's value is refused, or the app is another org's.
    pub fn resolve(&self, flags: &Flags, environment: &Environment) -> Result<Target, Report> {
        for (flag, path, typed) in [
            ("--region", "aws.region", &flags.region),
            ("--duration", "aws.duration", &flags.duration),
        ] {
            if typed.is_some() {
                self.check_flag(flag, path)?;
            }
        }
        let profile = self.select_profile(flags)?;
        let named = profile.as_deref();
        let org = self.org_of(flags, named, environment)?;
        let own = |path| named.and_then(|name| self.value(path, Some(name)));
        let typed = |flag, path, text: &Option<String>| {
            let value = text.as_ref().map(|text| parse_flag(flag, path, text));
            value.transpose()
        };
        let role = typed("--role", "profiles.*.role", &flags.role)?;
        let provider = typed("--provider", "profiles.*.provider", &flags.provider)?;
        let region = typed("--region", "aws.region", &flags.region)?;
        let duration = typed("--duration", "aws.duration", &flags.duration)?;
        let chain = match own("profiles.*.chain") {
            // A typed role is the role that is meant, not the first one of a chain.
            Some(Value::Roles(chain)) if role.is_none() => chain.clone(),
            _ => Vec::new(),
        };
        let duration =
            duration.or_else(|| self.effective(named, "profiles.*.duration", "aws.duration"));
        let region_is_general = region.is_none() && own("profiles.*.region").is_none();
        let region = region.or_else(|| self.effective(named, "profiles.*.region", "aws.region"));
        Ok(Target {
            app: self.app(&org, named)?,
            role: text(role.as_ref().or_else(|| own("profiles.*.role"))),
            provider: text(provider.as_ref().or_else(|| own("profiles.*.provider"))),
            chain,
            policy: self.session_policy(flags, named)?,
            duration: match duration {
                Some(Value::Duration(duration)) => {
                    SessionDuration::from_seconds(whole_seconds(duration))?
                }
                _ => SessionDuration::HOUR,
            },
            region_is_general,
            region: text(region.as_ref()),
            sts_endpoint: self.string("aws.sts_endpoint", None),
            accounts: self.accounts(),
            labels: self.labels(),
            color: text(own("profiles.*.color")),
            confirm: own("profiles.*.confirm") == Some(&Value::Boolean(true)),
            profile,
            org,
        })
    }

    /// Returns the value of a setting that a profile and a general key have. A variable of the
    /// general key takes precedence over the profile, the profile over the general key of a file.
    fn effective(
        &self,
        profile: Option<&str>,
        own: &'static str,
        general: &'static str,
    ) -> Option<Value> {
        let own = profile.and_then(|name| self.get(own, Some(name)));
        let general = self.get(general, None);
        let variable = general.filter(|(_, source)| matches!(source, Source::Variable(_)));
        variable.or(own).or(general).map(|(value, _)| value.clone())
    }

    /// Returns the AWS app. Its page is fetched with the org's session, so an embed link must be
    /// the org's.
    fn app(&self, org: &OrgTarget, profile: Option<&str>) -> Result<Option<String>, Report> {
        let Some(app) = text(
            self.effective(profile, "profiles.*.app", "aws.app")
                .as_ref(),
        ) else {
            return Ok(None);
        };
        match url::Url::parse(&app) {
            Ok(link) if !org.org.owns(&link) => Err(Report::new(
                ErrorCode::ConfigForeignApp,
                "the AWS app's link leads to another org",
            )
            .cause(format!("the org is {}, the link {app}", org.org))
            .hint(
                "copy the link of the tile in your own dashboard, or leave `app` out: \
                 it is found by itself",
            )
            .hint("`--org` chooses another org")),
            _ => Ok(Some(app)),
        }
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value.map(ToString::to_string)
}
