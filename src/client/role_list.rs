//! The roles that the user may assume: from the cache, or from Okta.

use crate::aws::{Names, RoleMatch, RoleQuery, find_role};
use crate::client::agent_client::ask_agent;
use crate::client::context::Context;
use crate::client::credentials::unexpected_reply;
use crate::client::prompts::choose_role;
use crate::client::role_cache::RoleCache;
use crate::client::running_agent::ask_running_agent;
use crate::client::selection::RoleSelection;
use crate::client::stdin_answers::SignInOptions;
use crate::client::target::{ResolvedTarget, resolve};
use crate::model::{SamlRole, Timestamp};
use crate::report::Report;
use crate::terminal::Questions;
use crate::wire::{Reply, Request, RoleEntry, RolesRequest};

/// The roles, and when they were read if they come from the cache.
#[derive(Debug)]
pub struct RoleList {
    pub roles: Vec<RoleEntry>,
    pub as_of: Option<Timestamp>,
}

/// Whether cached roles may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadRoles {
    Cached,
    Again,
    /// Also ask IAM for the names of the accounts.
    AgainWithNames,
}

/// Returns the user's roles, the last used first. A list from Okta is cached.
///
/// # Errors
/// When the sign-in fails, or Okta grants no role.
pub fn list_roles(
    context: &Context,
    read: ReadRoles,
    sign_in: &SignInOptions,
) -> Result<RoleList, Report> {
    let target = resolve(context, RoleSelection::default(), sign_in)?;
    let cache = RoleCache::of(context, &target.wire);
    let cached = cache.as_ref().filter(|_| read == ReadRoles::Cached);
    if let Some(list) = cached.and_then(|cache| cached_roles(cache, context, &target)) {
        return Ok(list);
    }
    let names = read == ReadRoles::AgainWithNames;
    let roles = fetch_roles(names, context, &target, sign_in)?;
    let stored = cache.and_then(|cache| {
        let catalogue = cache.store(&roles)?;
        Some(cache.entries(&catalogue, &target.wire))
    });
    Ok(RoleList {
        roles: stored.unwrap_or(roles),
        as_of: None,
    })
}

/// Lets the user choose one of the roles in a menu.
///
/// # Errors
/// As [`list_roles`], and without a terminal or a choice.
pub fn pick_role(context: &Context, sign_in: &SignInOptions) -> Result<RoleEntry, Report> {
    let mut list = list_roles(context, ReadRoles::Cached, sign_in)?;
    let mut questions = Questions::new(context.output, &context.environment, || {});
    let index = choose_role(&list.roles, &mut questions)?;
    Ok(list.roles.swap_remove(index))
}

/// Returns how many of the cached roles `role` means, as `-r` takes it; `None` without a cache.
///
/// # Errors
/// When the settings cannot be used.
pub fn count_cached_roles(context: &Context, role: &str) -> Result<Option<usize>, Report> {
    let target = resolve(context, RoleSelection::default(), &SignInOptions::default())?;
    let cache = RoleCache::of(context, &target.wire);
    let Some(known) = cache.and_then(|cache| cache.load()) else {
        return Ok(None);
    };
    let (accounts, labels) = (&target.wire.names.accounts, &target.wire.names.labels);
    let names = Names::new(accounts, labels);
    let pairs: Vec<SamlRole> = known.roles.into_iter().map(|known| known.pair).collect();
    let query = RoleQuery {
        role: Some(role),
        provider: None,
    };
    Ok(Some(match find_role(&pairs, &query, &names) {
        RoleMatch::One(_) => 1,
        RoleMatch::None => 0,
        RoleMatch::Many(found) => found.len(),
    }))
}

/// Returns the cached roles, updated by what a running agent has issued since.
fn cached_roles(
    cache: &RoleCache<'_>,
    context: &Context,
    target: &ResolvedTarget,
) -> Option<RoleList> {
    let mut known = cache.load()?;
    if let Ok(Some(Reply::Status(status))) = ask_running_agent(context, Request::Status)
        && cache.record_uses(&mut known, &status.used)
    {
        cache.save(&known);
    }
    Some(RoleList {
        roles: cache.entries(&known, &target.wire),
        as_of: Some(known.as_of),
    })
}

fn fetch_roles(
    names: bool,
    context: &Context,
    target: &ResolvedTarget,
    sign_in: &SignInOptions,
) -> Result<Vec<RoleEntry>, Report> {
    let endpoint = context.settings()?.iam_endpoint();
    let request = || {
        Request::Roles(RolesRequest {
            target: target.wire.clone(),
            names,
            iam_endpoint: endpoint.map(ToOwned::to_owned),
        })
    };
    match ask_agent(context, request, &target.settings.org, sign_in)? {
        Reply::Roles(roles) => Ok(roles),
        _ => Err(unexpected_reply()),
    }
}
