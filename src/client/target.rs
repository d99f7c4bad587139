//! Which role of which app a command is about: what was typed, and what it resolves to.

use crate::aws::{ChildContext, Region};
use crate::client::account::account;
use crate::client::context::Context;
use crate::client::selection::RoleSelection;
use crate::client::shell_target::ShellTarget;
use crate::client::stdin_answers::SignInOptions;
use crate::config::{self, Flags};
use crate::model::RoleArn;
use crate::prompt::Class;
use crate::report::{ErrorCode, Report};
use crate::sanitize::{escape, shell_word};
use crate::terminal::terminal_id;
use crate::wire::{self, ChosenRole, Request, RoleMenu};

/// Adds the role of the shell that the command runs in, if no role was typed.
fn in_shell_scope(typed: RoleSelection, context: &Context) -> RoleSelection {
    if typed.names_role() {
        return typed;
    }
    let Some(shell) = ShellTarget::of_environment(context) else {
        return typed;
    };
    let shell = shell.into_selection();
    let typed = typed.flags;
    let is_limited = typed.read_only || !typed.policy_arns.is_empty();
    let (read_only, policy_arns) = if is_limited {
        (typed.read_only, typed.policy_arns)
    } else {
        (shell.flags.read_only, shell.flags.policy_arns)
    };
    RoleSelection {
        flags: Flags {
            region: typed.region.or(shell.flags.region),
            duration: typed.duration.or(shell.flags.duration),
            read_only,
            policy_arns,
            ..shell.flags
        },
        ..shell
    }
}

/// Widens a bare `--choose` to all roles: the menu is then neither about the shell's role nor about
/// the one role of the default profile.
fn for_menu(
    mut typed: RoleSelection,
    menu: RoleMenu,
    context: &Context,
) -> Result<RoleSelection, Report> {
    if menu != RoleMenu::Again || typed.names_role() {
        return Ok(in_shell_scope(typed, context));
    }
    let settings = context.settings()?;
    let default = settings.resolve(&context.flags(), &context.environment)?;
    if default.role.is_some_and(|role| !role.contains(['*', '?'])) {
        typed.flags.role = Some("*".to_owned());
    }
    Ok(typed)
}

/// A target as the settings resolve it, and as the agent is asked for it.
#[derive(Debug)]
pub struct ResolvedTarget {
    /// What it was resolved from.
    pub selection: RoleSelection,
    pub settings: config::Target,
    pub wire: wire::Target,
}

/// Resolves a selection against the flags, variables and settings. If it names no role, the role of
/// the `ob shell` or `ob use` that the command runs in is taken.
///
/// # Errors
/// When they name no org, or one of the values cannot be used.
pub fn resolve(
    context: &Context,
    selection: RoleSelection,
    sign_in: &SignInOptions,
) -> Result<ResolvedTarget, Report> {
    resolve_exactly(context, in_shell_scope(selection, context), sign_in)
}

/// As [`resolve`], for a verb that may open the role menu.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_for_menu(
    context: &Context,
    selection: RoleSelection,
    menu: RoleMenu,
    sign_in: &SignInOptions,
) -> Result<ResolvedTarget, Report> {
    resolve_exactly(context, for_menu(selection, menu, context)?, sign_in)
}

fn resolve_exactly(
    context: &Context,
    selection: RoleSelection,
    sign_in: &SignInOptions,
) -> Result<ResolvedTarget, Report> {
    let flags = Flags {
        org: context.globals.org.clone(),
        ..selection.flags.clone()
    };
    let settings = context.settings()?.resolve(&flags, &context.environment)?;
    let role = selection.chosen_role.as_ref();
    let wire = wire::Target {
        account: account(context, &settings.org, sign_in)?,
        app: settings.app.clone(),
        role: role.or(settings.role.as_ref()).cloned(),
        provider: settings.provider.clone(),
        through: selection.chosen_provider.clone(),
        chain: settings.chain.iter().map(ToString::to_string).collect(),
        policy: settings.policy.clone(),
        duration: settings.duration.seconds(),
        region: settings.region.clone(),
        replace_foreign_region: may_replace_region(&settings),
        sts_endpoint: settings.sts_endpoint.clone(),
        names: wire::DisplayNames {
            accounts: settings.accounts.clone(),
            labels: settings.labels.clone(),
        },
    };
    Ok(ResolvedTarget {
        selection,
        settings,
        wire,
    })
}

/// Returns whether another region may have to be used because the role is in another partition.
/// If both partitions are known and equal, it need not.
fn may_replace_region(settings: &config::Target) -> bool {
    let role = settings.role.as_deref().map(RoleArn::parse);
    match (settings.region_is_general, &settings.region, role) {
        (true, Some(region), Some(Ok(role))) => Region::parse(region)
            .is_ok_and(|region| region.clone().in_partition(&role.partition()) != Some(region)),
        (general, region, _) => general && region.is_some(),
    }
}

impl ResolvedTarget {
    /// Makes `choice` the target's role, so that the menu does not open again. The provider stays
    /// open: another one may grant the role when this one no longer does.
    pub fn pin(&mut self, choice: &ChosenRole) {
        self.wire.role = Some(choice.role.clone());
        self.wire.through = Some(choice.provider.clone());
    }

    /// Returns what the agent must have confirmed before it issues credentials, if the profile has
    /// `confirm = true`.
    pub fn confirmation(&self) -> Option<wire::Confirmation> {
        self.settings.confirm.then(|| wire::Confirmation {
            profile: self.settings.profile.clone().unwrap_or_default(),
            terminal: terminal_id(),
        })
    }

    /// Rejects a profile with `confirm = true`, for a verb that must not ask.
    ///
    /// # Errors
    /// When the profile has `confirm = true`.
    pub fn reject_confirm(&self) -> Result<(), Report> {
        if !self.settings.confirm {
            return Ok(());
        }
        let profile = self.settings.profile.as_deref();
        let profile = profile.map_or_else(|| "PROFILE".to_owned(), shell_word);
        Err(Report::new(
            ErrorCode::ConfirmUnasked,
            "the profile needs a confirmation, which cannot be asked for here",
        )
        .cause(
            "it has `confirm = true`, and AWS tools come for credentials where nobody can be asked",
        )
        .hint(format!(
            "`ob exec -p {profile} -- CMD` and `ob shell -p {profile}` ask, once in a terminal"
        )))
    }

    /// Returns the region for a command with the credentials of `role`.
    ///
    /// # Errors
    /// When the value is not a region.
    pub fn region(&self, role: &RoleArn, context: &Context) -> Result<Option<Region>, Report> {
        let region = self.settings.region_for(Some(role))?;
        let used = region.as_ref().map(Region::as_str);
        if let Some(set) = self.settings.region.as_deref()
            && used != Some(set)
            && context.globals.verbose > 0
        {
            let partition = role.partition();
            let instead = used.unwrap_or("none");
            context.output.message(&format!(
                "ob: the region {set} of the settings is not in {}: {instead} is used\n",
                escape(partition.name())
            ));
        }
        Ok(region)
    }

    /// Returns the names and the region that a command gets beside the credentials of `role`.
    pub fn child_context<'a>(
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

/// Adds a hint to an agent's refusal if the role that was typed is the name of a profile.
pub(super) fn hint_profile(context: &Context, request: &Request, report: Report) -> Report {
    let target = match request {
        Request::Credentials(request) => &request.target,
        Request::Console(request) => &request.target,
        _ => return report,
    };
    let profile = target.role.as_ref().filter(|role| {
        let settings = context.settings();
        settings.is_ok_and(|settings| settings.profiles().any(|profile| profile == *role))
    });
    match profile {
        Some(profile) if report.code == ErrorCode::SamlNoSuchRole => {
            report.did_you_mean("-p", [profile])
        }
        _ => report,
    }
}
