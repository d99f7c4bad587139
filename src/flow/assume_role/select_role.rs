//! Which role a target means, among the roles of the user's apps.

use crate::aws::{self, Names, RoleMatch, RoleQuery};
use crate::flow::app::aws_app::{AwsAssertion, aws_apps, open_apps};
use crate::flow::assume_role::role_request::RoleRequest;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::roles::entries::{found_names, no_roles, role_entries, summary};
use crate::flow::session::app_cache::AppCache;
use crate::model::{AppLink, ProviderArn, RoleArn, SamlRole};
use crate::report::{ErrorCode, Report};
use crate::wire::{RoleEntry, Target};

/// The roles that a target matches, with the assertions that grant them.
#[derive(Debug)]
pub struct RoleChoices {
    /// In the order of a menu.
    pub choices: Vec<RoleEntry>,
    /// Kept while the menu is open, so that an app that asks for a factor each time asks once.
    assertions: Vec<AwsAssertion>,
}

impl RoleChoices {
    /// Returns the assertion for a target that names role and provider by their ARNs.
    pub(super) fn assertion_for(&self, target: &Target) -> Option<(AwsAssertion, SamlRole)> {
        let role = explicit_role(target)?;
        let mut assertions = self.assertions.iter();
        let assertion = assertions.find(|assertion| assertion.roles().contains(&role))?;
        Some((assertion.duplicate(), role))
    }
}

/// The role that a target means, or all that it matches.
pub(super) enum Selected {
    One(AwsAssertion, SamlRole),
    Several(RoleChoices),
}

/// Opens the apps that may grant the target's role, and selects the role.
///
/// # Errors
/// [`Failure::SessionEnded`] if Okta wants a new sign-in; else which app did not open, or that no
/// role matches.
pub(super) async fn select_role(
    request: &RoleRequest<'_, impl Conversation>,
) -> Result<Selected, Failure> {
    let (session, target) = (request.session, request.target);
    let role = target.role.as_deref();
    let role = role.and_then(|role| RoleArn::parse(role).ok());
    let known = role.and_then(|role| session.apps().app_of(&role, target.provider.as_deref()));
    let apps = match known {
        Some(app) => vec![app],
        None => aws_apps(session, target.app.as_deref(), request.conversation).await?,
    };
    let now = request.context.now();
    let opened = open_apps(session, apps, now, request.conversation).await?;
    let mut assertions = opened.assertions;
    if let Some(encrypted) = assertions.iter().position(AwsAssertion::is_encrypted)
        && let Some(role) = explicit_role(target)
    {
        return Ok(Selected::One(assertions.swap_remove(encrypted), role));
    }
    let entries = role_entries(&assertions, target);
    if entries.is_empty() {
        return Err(no_roles(&assertions).into());
    }
    let roles: Vec<SamlRole> = entries.iter().map(|(_, role)| role.clone()).collect();
    let found = found_names(&assertions, target);
    let names = Names::new(&target.names.accounts, &target.names.labels).with_found(&found);
    let query = RoleQuery {
        role: target.role.as_deref(),
        provider: target.provider.as_deref(),
    };
    let matching = match aws::find_role(&roles, &query, &names) {
        RoleMatch::One(role) => {
            let is_ambiguous =
                may_match_another(session.apps(), &opened.failed, &roles, role, &query, &names);
            if !is_ambiguous {
                remember_apps(session.apps(), &assertions, |pair| pair.role == role.role);
                let grants = |assertion: &AwsAssertion| assertion.roles().contains(role);
                let position = assertions.iter().position(grants).unwrap_or_default();
                return Ok(Selected::One(
                    assertions.swap_remove(position),
                    role.clone(),
                ));
            }
            vec![role]
        }
        RoleMatch::Many(matching) => matching,
        RoleMatch::None => {
            let report = no_such_role(target, &entries)
                .did_you_mean("--provider", aws::suggest_providers(&roles, &query, &names))
                .did_you_mean("-r", aws::suggest_roles(&roles, &query, &names))
                .hint("`ob roles` shows the roles you were granted");
            return Err(report.into());
        }
    };
    let mut choices: Vec<RoleEntry> = entries
        .iter()
        .filter(|(_, role)| matching.contains(&role))
        .map(|(entry, _)| entry.clone())
        .collect();
    choices.sort_by(|a, b| (&a.account_name, &a.role).cmp(&(&b.account_name, &b.role)));
    // Only the app of the chosen role is opened next.
    remember_apps(session.apps(), &assertions, |_| true);
    Ok(Selected::Several(RoleChoices {
        choices,
        assertions,
    }))
}

fn remember_apps(
    apps: &AppCache,
    assertions: &[AwsAssertion],
    is_wanted: impl Fn(&SamlRole) -> bool,
) {
    for assertion in assertions {
        let roles = assertion.roles().iter().filter(|role| is_wanted(role));
        apps.remember_app(roles, &assertion.app);
    }
}

/// Whether an app that did not open may grant a role that `query` matches as well as, or instead
/// of, `found`. What it granted before in this session counts. A role named in full is
/// unambiguous.
fn may_match_another(
    apps: &AppCache,
    failed: &[AppLink],
    roles: &[SamlRole],
    found: &SamlRole,
    query: &RoleQuery<'_>,
    names: &Names<'_>,
) -> bool {
    if failed.is_empty() || query.role == Some(found.role.as_str()) {
        return false;
    }
    let Some(before) = apps.granted_by(failed) else {
        return true;
    };
    let mut all = roles.to_vec();
    for role in before {
        if !all.contains(&role) {
            all.push(role);
        }
    }
    !matches!(aws::find_role(&all, query, names), RoleMatch::One(role) if role == found)
}

/// Returns role and provider if the target names both by their ARNs, which is all that can be used
/// with an encrypted assertion.
fn explicit_role(target: &Target) -> Option<SamlRole> {
    let role = RoleArn::parse(target.role.as_deref()?).ok()?;
    let provider = ProviderArn::parse(target.provider.as_deref()?).ok()?;
    (role.account() == provider.account()).then_some(SamlRole { role, provider })
}

fn no_such_role(target: &Target, entries: &[(RoleEntry, SamlRole)]) -> Report {
    let wanted = match (&target.role, &target.provider) {
        (Some(role), Some(provider)) => format!("{role} of {provider}"),
        (Some(role), None) => role.clone(),
        (None, Some(provider)) => format!("a role of {provider}"),
        (None, None) => "a role".into(),
    };
    let list = summary(entries.iter().map(|(entry, _)| entry));
    Report::new(
        ErrorCode::SamlNoSuchRole,
        format!("you may not assume {wanted}"),
    )
    .cause(format!("you may assume: {list}"))
}
