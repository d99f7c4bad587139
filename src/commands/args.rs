//! The arguments that several verbs share.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;

use crate::client::{Globals, RoleSelection, SignInOptions};
use crate::config::{FACTORS, Flags, parse_duration_flag};
use crate::report::Report;
use crate::sanitize::shell_word;
use crate::terminal::Color;
use crate::wire::RoleMenu;

/// The options of every verb.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct GlobalArgs {
    /// Settings file to read instead of your own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// One of several orgs, by its name in the settings
    #[arg(long, global = true, value_name = "NAME")]
    pub org: Option<String>,
    /// Run an agent for this one command only
    #[arg(long, global = true)]
    pub no_agent: bool,
    /// Print JSON instead of words
    #[arg(long, global = true)]
    pub json: bool,
    /// Say each step as it is taken
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub color: Color,
}

impl From<GlobalArgs> for Globals {
    fn from(args: GlobalArgs) -> Self {
        Self {
            config: args.config,
            org: args.org,
            no_agent: args.no_agent,
            json: args.json,
            verbose: args.verbose,
            color: args.color,
        }
    }
}

/// The options that name a role.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Role")]
pub struct RoleArgs {
    /// A profile of the settings
    #[arg(short, long, value_name = "PROFILE", conflicts_with = "role")]
    pub profile: Option<String>,
    /// A role: its ARN, ACCOUNT/ROLE, its name, or a glob that matches one
    #[arg(short, long, value_name = "ROLE")]
    pub role: Option<String>,
    /// Only roles of this identity provider: its ARN, name or a glob
    #[arg(long, value_name = "PROVIDER")]
    pub provider: Option<String>,
    /// AWS region for STS and the command
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// How long the credentials should last, 15m to 12h
    #[arg(long, value_name = "TIME")]
    pub duration: Option<String>,
    #[command(flatten)]
    pub limits: LimitArgs,
}

impl RoleArgs {
    /// Returns what was typed, for [`crate::client`].
    pub fn selection(&self) -> RoleSelection {
        let args = self.clone();
        RoleSelection::from(Flags {
            org: None,
            profile: args.profile,
            role: args.role,
            provider: args.provider,
            region: args.region,
            duration: args.duration,
            read_only: args.limits.read_only,
            policy_arns: args.limits.policy_arn,
        })
    }

    /// Whether neither a profile nor a role is named.
    pub const fn is_empty(&self) -> bool {
        self.profile.is_none() && self.role.is_none()
    }

    /// Returns `-p PROFILE` or `-r ROLE` as typed, with a space in front, for a command in a hint.
    pub fn words(&self) -> String {
        let named = [("-p", &self.profile), ("-r", &self.role)];
        let words = named.into_iter().filter_map(|(flag, name)| {
            let name = shell_word(name.as_ref()?);
            Some(format!(" {flag} {name}"))
        });
        words.collect()
    }
}

/// A role, or a profile as a word: `ob shell dev`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct NamedRoleArgs {
    /// A profile of the settings
    #[arg(value_name = "PROFILE", conflicts_with_all = ["profile", "role"])]
    name: Option<String>,
    #[command(flatten)]
    role: RoleArgs,
}

impl NamedRoleArgs {
    fn merged(&self) -> RoleArgs {
        let mut role = self.role.clone();
        role.profile = role.profile.or_else(|| self.name.clone());
        role
    }

    /// As [`RoleArgs::selection`].
    pub fn selection(&self) -> RoleSelection {
        self.merged().selection()
    }

    /// As [`RoleArgs::words`].
    pub fn words(&self) -> String {
        self.merged().words()
    }
}

/// The options that limit the credentials to a part of the role's rights.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Keep nothing of the role but what AWS's ReadOnlyAccess allows
    #[arg(long, conflicts_with = "policy_arn")]
    pub read_only: bool,
    /// Keep nothing of the role but what this managed policy allows; up to ten times
    #[arg(long, value_name = "ARN")]
    pub policy_arn: Vec<String>,
}

/// The option that opens the role menu.
#[derive(clap::Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Role")]
pub struct MenuArgs {
    /// Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of
    /// those that match
    #[arg(long)]
    pub choose: bool,
}

impl MenuArgs {
    pub const fn menu(self) -> RoleMenu {
        if self.choose {
            RoleMenu::Again
        } else {
            RoleMenu::Remembered
        }
    }
}

/// The options of every verb that may have to sign in.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Signing in")]
pub struct SignInArgs {
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub password_stdin: bool,
    /// Read the passcode from standard input: its first line, or the one after the password
    #[arg(long)]
    pub passcode_stdin: bool,
    /// Verify with this factor (token: RSA, VIP; webauthn: a security key)
    #[arg(
        long,
        value_name = "FACTOR",
        value_parser = PossibleValuesParser::new(FACTORS.split(", ")),
    )]
    pub factor: Option<String>,
}

impl SignInArgs {
    pub fn options(&self) -> SignInOptions {
        SignInOptions {
            password_stdin: self.password_stdin,
            passcode_stdin: self.passcode_stdin,
            factor: self.factor.clone(),
        }
    }
}

/// Parses the value of `--min-ttl`.
///
/// # Errors
/// When it is not a duration.
pub fn parse_min_ttl(text: Option<&str>) -> Result<Option<Duration>, Report> {
    text.map(|text| parse_duration_flag("--min-ttl", text))
        .transpose()
}
