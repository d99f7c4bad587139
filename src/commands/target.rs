//! Which role of which app a verb is about: the flags, and what becomes of them.

use std::borrow::Cow;

use clap::Args;

use crate::aws::{ChildContext, Region};
use crate::commands::Context;
use crate::commands::account::account;
use crate::commands::shell;
use crate::commands::talk::SignInArgs;
use crate::config;
use crate::model::RoleArn;
use crate::prompt::Class;
use crate::report::{Exit, Report};
use crate::sanitize::{escape, shell_word};
use crate::terminal::terminal_id;
use crate::wire::{self, ChosenRole, Request, RoleMenu};

/// How a role is named, with every verb that needs one.
#[derive(Args, Clone, Debug, Default)]
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
    /// The role that was chosen in a menu for the shell, whatever names it there
    #[arg(skip)]
    pub chosen: Option<String>,
    /// The provider that opened the shell's role
    #[arg(skip)]
    pub through: Option<String>,
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
    /// The profile or role as it was typed, for a hint that somebody copies.
    pub(super) fn words(&self) -> String {
        let named = [("-p", &self.profile), ("-r", &self.role)];
        let words = named.into_iter().filter_map(|(flag, name)| {
            let name = shell_word(name.as_ref()?);
            Some(format!(" {flag} {name}"))
        });
        words.collect()
    }
}

/// What to keep of the role's rights, with every verb that hands out credentials.
#[derive(Args, Clone, Debug, Default)]
pub struct LimitArgs {
    /// Keep nothing of the role but what AWS's ReadOnlyAccess allows
    #[arg(long, conflicts_with = "policy_arn")]
    pub read_only: bool,
    /// Keep nothing of the role but what this managed policy allows; up to ten times
    #[arg(long, value_name = "ARN")]
    pub policy_arn: Vec<String>,
}

/// Whether to choose once more, with every verb that can ask.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Role")]
pub struct MenuArgs {
    /// Open the menu of roles, also where you have chosen one in this terminal; with -p or -r, of those that match
    #[arg(long)]
    pub choose: bool,
}

impl MenuArgs {
    pub(super) fn menu(self) -> RoleMenu {
        match self.choose {
            true => RoleMenu::Again,
            false => RoleMenu::Remembered,
        }
    }
}

/// The settings' view of a target and the agent's.
#[derive(Debug)]
pub struct Resolved {
    pub settings: config::Target,
    pub wire: wire::Target,
}

impl Resolved {
    /// Makes this the target of what was chosen for it, so that the menu does not open again. The provider stays open:
    /// another one may open the role when this one no longer does.
    pub(super) fn pin(&mut self, chosen: &ChosenRole) {
        self.wire.role = Some(chosen.role.clone());
        self.wire.through = Some(chosen.provider.clone());
    }

    /// What the agent has to ask before it hands out credentials: `confirm = true` of the profile.
    pub(super) fn confirmation(&self) -> Option<wire::Confirmation> {
        self.settings.confirm.then(|| wire::Confirmation {
            profile: self.settings.profile.clone().unwrap_or_default(),
            terminal: terminal_id(),
        })
    }

    /// The same for what must not ask: refuses.
    ///
    /// # Errors
    /// When the profile wants to be asked for.
    pub(super) fn unconfirmed(&self) -> Result<(), Report> {
        if !self.settings.confirm {
            return Ok(());
        }
        let profile = self.settings.profile.as_deref();
        let profile = profile.map_or_else(|| "PROFILE".to_owned(), shell_word);
        Err(Report::new(
            Exit::SignIn,
            "confirm.unasked",
            "the profile is not used without asking, and nobody is asked here",
        )
        .cause(
            "it has `confirm = true`, and AWS tools come for credentials where nobody can be asked",
        )
        .hint(format!(
            "`ob exec -p {profile} -- CMD` and `ob shell -p {profile}` ask, once in a terminal"
        )))
    }
}

/// What was said, or what the shell is for in which nothing was said of a role.
pub(super) fn in_scope<'a>(role: &'a RoleArgs, context: &Context) -> Cow<'a, RoleArgs> {
    let Some(scope) = (!is_said(role)).then(|| shell::scope(context)).flatten() else {
        return Cow::Borrowed(role);
    };
    let limits = &role.limits;
    let is_limited = limits.read_only || !limits.policy_arn.is_empty();
    Cow::Owned(RoleArgs {
        region: role.region.clone().or(scope.region),
        duration: role.duration.clone().or(scope.duration),
        limits: match is_limited {
            true => limits.clone(),
            false => scope.limits,
        },
        ..scope
    })
}

fn is_said(role: &RoleArgs) -> bool {
    role.profile.is_some() || role.role.is_some() || role.provider.is_some()
}

/// What was typed for a verb that may open the menu. `--choose` alone is not about the role of the shell, and where
/// the default profile names one role it is about all roles.
///
/// # Errors
/// As [`resolve`].
pub(super) fn for_menu<'a>(
    role: &'a RoleArgs,
    menu: MenuArgs,
    context: &Context,
) -> Result<Cow<'a, RoleArgs>, Report> {
    if !menu.choose || is_said(role) {
        return Ok(in_scope(role, context));
    }
    let settings = context.settings()?;
    let by_default = settings.resolve(&context.flags(), &context.environment)?;
    let role_of_default = by_default.role.as_deref();
    Ok(match role_of_default {
        Some(one) if !one.contains(['*', '?']) => Cow::Owned(RoleArgs {
            role: Some("*".to_owned()),
            ..role.clone()
        }),
        _ => Cow::Borrowed(role),
    })
}

/// What an agent refused, with the profile that somebody may have meant who named no role of theirs.
pub(super) fn or_profile(context: &Context, request: &Request, report: Report) -> Report {
    let target = match request {
        Request::Credentials(request) => &request.target,
        Request::Console(request) => &request.target,
        _ => return report,
    };
    let settings = context.settings().ok();
    let profile = target.role.as_ref().filter(|role| {
        let mut profiles = settings.iter().flat_map(|settings| settings.profiles());
        profiles.any(|profile| profile == *role)
    });
    match profile {
        Some(profile) if report.name == "saml.no_such_role" => report.did_you_mean("-p", [profile]),
        _ => report,
    }
}

/// Puts flags, variables and settings together.
///
/// # Errors
/// When they name no org, or something in them cannot be used.
pub(super) fn resolve(
    context: &Context,
    role: &RoleArgs,
    sign_in: &SignInArgs,
) -> Result<Resolved, Report> {
    resolve_named(context, &in_scope(role, context), sign_in)
}

/// As [`resolve`], with what was typed as it is: the role of the shell is left out.
///
/// # Errors
/// As [`resolve`].
pub(super) fn resolve_named(
    context: &Context,
    role: &RoleArgs,
    sign_in: &SignInArgs,
) -> Result<Resolved, Report> {
    let flags = config::Flags {
        profile: role.profile.clone(),
        role: role.role.clone(),
        provider: role.provider.clone(),
        region: role.region.clone(),
        duration: role.duration.clone(),
        read_only: role.limits.read_only,
        policy_arns: role.limits.policy_arn.clone(),
        ..context.flags()
    };
    let settings = context.settings()?.resolve(&flags, &context.environment)?;
    let wire = wire::Target {
        account: account(context, &settings.org, sign_in)?,
        app: settings.app.clone(),
        role: role.chosen.clone().or_else(|| settings.role.clone()),
        provider: settings.provider.clone(),
        through: role.through.clone(),
        chain: settings.chain.iter().map(ToString::to_string).collect(),
        policy: settings.policy.clone(),
        duration: settings.duration.seconds(),
        region: settings.region.clone(),
        region_gives_way: gives_way(&settings),
        sts_endpoint: settings.sts_endpoint.clone(),
        accounts: settings.accounts.clone(),
        labels: settings.labels.clone(),
    };
    Ok(Resolved { settings, wire })
}

/// Whether the region may have to give way: where the role's partition is known and the region's
/// too, it need not.
fn gives_way(settings: &config::Target) -> bool {
    let role = settings.role.as_deref().map(RoleArn::parse);
    match (settings.region_is_general, &settings.region, role) {
        (true, Some(region), Some(Ok(role))) => Region::parse(region)
            .is_ok_and(|region| region.clone().in_partition(&role.partition()) != Some(region)),
        (general, region, _) => general && region.is_some(),
    }
}

impl Resolved {
    /// The region the command should work in.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn region(
        &self,
        role: &RoleArn,
        context: &Context,
    ) -> Result<Option<Region>, Report> {
        let region = self.settings.region_for(Some(role))?;
        let used = region.as_ref().map(Region::as_str);
        if let Some(set) = self.settings.region.as_deref()
            && used != Some(set)
            && context.globals.verbose > 0
        {
            let partition = role.partition();
            let instead = used.unwrap_or("none");
            context.voice.say(&format!(
                "ob: the region {set} of the settings is not in {}: {instead} is used\n",
                escape(partition.name())
            ));
        }
        Ok(region)
    }

    /// What a command is told beside the credentials of `role`.
    pub(super) fn names<'a>(
        &'a self,
        role: &'a RoleArn,
        region: Option<&'a Region>,
    ) -> ChildContext<'a> {
        let settings = &self.settings;
        let label = settings.accounts.get(role.account()).map(String::as_str);
        let profile = settings.profile.as_deref();
        let class = Class::of(profile.into_iter().chain(label));
        ChildContext {
            region,
            profile,
            policy: Some(&settings.policy),
            account_label: label,
            class: class.map(Class::name),
            color: settings.color.as_deref().or(class.map(Class::color)),
        }
    }
}
