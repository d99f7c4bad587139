//! The role that a shell of `ob shell` or `ob use` is for, as its environment says.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::client::context::{Context, Globals};
use crate::client::selection::RoleSelection;
use crate::config::Flags;
use crate::report::{ErrorCode, Report};

/// What a shell was started for. `ob shell` puts it into `OB_TARGET`, so that a renewal and the
/// verbs typed in that shell ask for the same role.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShellTarget {
    config: Option<PathBuf>,
    org: Option<String>,
    profile: Option<String>,
    role: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chosen: Option<String>,
    provider: Option<String>,
    through: Option<String>,
    region: Option<String>,
    duration: Option<String>,
    read_only: bool,
    policy_arn: Vec<String>,
}

impl ShellTarget {
    /// Describes a shell for `selection` under the settings in force here.
    pub fn new(context: &Context, selection: RoleSelection) -> Self {
        let flags = selection.flags;
        Self {
            config: absolute_config(context),
            org: context.globals.org.clone(),
            profile: flags.profile,
            role: flags.role,
            chosen: selection.chosen_role,
            provider: flags.provider,
            through: selection.chosen_provider,
            region: flags.region,
            duration: flags.duration,
            read_only: flags.read_only,
            policy_arn: flags.policy_arns,
        }
    }

    /// Returns what the shell around this command is for. It is ignored under other settings, where
    /// its names may mean something else.
    pub(super) fn of_environment(context: &Context) -> Option<Self> {
        let environment = &context.environment;
        if let Some(text) = environment.text("OB_TARGET") {
            let target = Self::parse(text)?;
            let is_same =
                target.config == absolute_config(context) && target.org == context.globals.org;
            return is_same.then_some(target);
        }
        environment.raw("OB_STATE")?;
        Some(Self {
            profile: Some(environment.text("OB_PROFILE")?.to_owned()),
            ..Self::default()
        })
    }

    /// Parses the value of `OB_TARGET`.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns the value of `OB_TARGET`.
    ///
    /// # Errors
    /// When the path of the settings file is not UTF-8.
    pub fn to_json(&self) -> Result<String, Report> {
        serde_json::to_string(self).map_err(|error| {
            Report::new(ErrorCode::ShellTarget, "cannot set OB_TARGET for the shell")
                .cause(error)
                .hint("name the settings file by a path that is plain text")
        })
    }

    /// Returns the global options under which the shell was started.
    pub fn globals(&self) -> Globals {
        Globals {
            config: self.config.clone(),
            org: self.org.clone(),
            ..Globals::default()
        }
    }

    pub fn into_selection(self) -> RoleSelection {
        RoleSelection {
            flags: Flags {
                org: None,
                profile: self.profile,
                role: self.role,
                provider: self.provider,
                region: self.region,
                duration: self.duration,
                read_only: self.read_only,
                policy_arns: self.policy_arn,
            },
            chosen_role: self.chosen,
            chosen_provider: self.through,
        }
    }
}

fn absolute_config(context: &Context) -> Option<PathBuf> {
    let path = context.globals.config.as_ref()?;
    Some(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
}
