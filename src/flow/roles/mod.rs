//! Lists the roles that a user's apps grant.

mod account_aliases;
pub(super) mod entries;

use std::collections::BTreeMap;

use self::account_aliases::account_aliases;
use self::entries::{no_roles, role_entries};
use crate::flow::app::aws_app::{aws_apps, open_apps};
use crate::flow::context::FlowContext;
use crate::flow::conversation::Conversation;
use crate::flow::failure::Failure;
use crate::flow::session::machine::cannot_list_roles;
use crate::flow::session::{OktaSession, SessionKind};
use crate::wire::{RoleEntry, RolesRequest};

/// Lists every role that the user's apps grant, with the accounts' aliases if the request asks for
/// names.
///
/// # Errors
/// As [`super::obtain_credentials`].
pub async fn list_roles(
    session: &OktaSession,
    request: &RolesRequest,
    context: &dyn FlowContext,
    conversation: &impl Conversation,
) -> Result<Vec<RoleEntry>, Failure> {
    let target = &request.target;
    if let SessionKind::Machine(_) = session.kind() {
        return Err(cannot_list_roles().into());
    }
    let apps = aws_apps(session, target.app.as_deref(), conversation).await?;
    let opened = open_apps(session, apps, context.now(), conversation).await?;
    let assertions = opened.assertions;
    let entries = role_entries(&assertions, target);
    if entries.is_empty() {
        return Err(no_roles(&assertions).into());
    }
    for assertion in &assertions {
        let roles = assertion.roles();
        session.apps().remember_app(roles, &assertion.app);
    }
    let aliases = match request.names {
        true => account_aliases(session, request, &assertions, context, conversation).await,
        false => BTreeMap::new(),
    };
    let with_alias = entries.into_iter().map(|(entry, pair)| {
        let alias = aliases.get(pair.role.account()).cloned();
        RoleEntry {
            account_name: entry.account_name.or_else(|| alias.clone()),
            alias,
            ..entry
        }
    });
    let mut roles: Vec<RoleEntry> = with_alias.collect();
    roles.sort();
    Ok(roles)
}
