//! The credentials of a target, from the agent.

use std::cell::Cell;
use std::time::Duration;

use crate::aws::{ChildEnv, child_env};
use crate::client::agent_client::{AgentHooks, ask_agent_with};
use crate::client::context::Context;
use crate::client::role_cache::RoleCache;
use crate::client::stdin_answers::SignInOptions;
use crate::client::target::ResolvedTarget;
use crate::model::{Credentials, ProviderArn, RoleArn};
use crate::process;
use crate::report::{ErrorCode, Report};
use crate::terminal::has_tty;
use crate::wire::{
    ChosenRole, CredentialsRequest, IssuedCredentials, Reply, Request, RoleMenu, Target,
};

/// A target's credentials, and the role chosen for them.
#[derive(Debug)]
pub struct Granted {
    pub credentials: Credentials,
    /// The choice made in a menu, if the target matches several roles.
    pub chosen: Option<ChosenRole>,
    /// Whether the user was shown a menu of roles and chose this one.
    pub is_from_menu: bool,
}

/// Returns the target's credentials, which last at least `min_ttl`.
///
/// # Errors
/// What the agent reports.
pub fn credentials(
    context: &Context,
    target: &ResolvedTarget,
    min_ttl: Option<Duration>,
    menu: RoleMenu,
    sign_in: &SignInOptions,
) -> Result<Granted, Report> {
    credentials_with(context, target, min_ttl, menu, sign_in, None)
}

/// As [`credentials`]. `before_question` is called before a question that needs the user.
///
/// # Errors
/// As [`ask_agent_with`].
pub fn credentials_with(
    context: &Context,
    target: &ResolvedTarget,
    min_ttl: Option<Duration>,
    menu: RoleMenu,
    sign_in: &SignInOptions,
    before_question: Option<&dyn Fn() -> Result<(), Report>>,
) -> Result<Granted, Report> {
    let has_cached_roles = menu != RoleMenu::Never && has_cached_roles(context, &target.wire);
    let request = || {
        Request::Credentials(CredentialsRequest {
            target: target.wire.clone(),
            min_ttl,
            may_sign_in: true,
            has_cached_roles,
            menu,
            confirm: target.confirmation(),
        })
    };
    let menu_answered = Cell::new(false);
    let hooks = AgentHooks {
        before_question,
        menu_answered: Some(&menu_answered),
        on_part: None,
    };
    match ask_agent_with(context, request, &target.settings.org, sign_in, hooks)? {
        Reply::Credentials(mut issued) => Ok(Granted {
            is_from_menu: menu_answered.get(),
            chosen: issued.chosen.take(),
            credentials: parse_credentials(issued)?,
        }),
        _ => Err(unexpected_reply()),
    }
}

/// Returns whether the user could choose one of the cached roles before a sign-in.
fn has_cached_roles(context: &Context, target: &Target) -> bool {
    let names = [&target.role, &target.provider, &target.through];
    let is_open = names.iter().all(|name| name.is_none()) && has_tty();
    let cache = is_open.then(|| RoleCache::of(context, target)).flatten();
    let known = cache.and_then(|cache| cache.load());
    known.is_some_and(|known| known.roles.len() > 1)
}

/// Returns the environment of a command: that of `ob` without the variables that would mislead the
/// command, with the credentials.
///
/// # Errors
/// When a value cannot be a variable's.
pub fn child_environment(
    context: &Context,
    target: &ResolvedTarget,
    credentials: &Credentials,
) -> Result<ChildEnv, Report> {
    let region = target.region(&credentials.role, context)?;
    let names = target.child_context(&credentials.role, region.as_ref());
    let parent = context.program_environment()?;
    Ok(child_env(parent, credentials, &names)?)
}

/// Parses the credentials that the agent issued.
///
/// # Errors
/// When the role or the provider is no ARN.
pub fn parse_credentials(issued: IssuedCredentials) -> Result<Credentials, Report> {
    process::panic_point("client.received", issued.secret_access_key.0.expose());
    let provider = issued.provider.as_deref().map(ProviderArn::parse);
    Ok(Credentials {
        role: RoleArn::parse(&issued.role).map_err(|_| unexpected_reply())?,
        provider: provider.transpose().map_err(|_| unexpected_reply())?,
        access_key_id: issued.access_key_id,
        secret_access_key: issued.secret_access_key.0,
        session_token: issued.session_token.0,
        expires_at: issued.expires_at,
    })
}

/// Returns the error for a reply that does not fit the request: of another kind, or with a value
/// that cannot be parsed.
pub fn unexpected_reply() -> Report {
    Report::new(ErrorCode::AgentReply, "the agent sent an unexpected reply")
        .hint("client and agent may differ: `ob agent stop`, then run the same command again")
}
