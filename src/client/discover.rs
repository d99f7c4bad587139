//! The roles that a role's policies let it assume.

use crate::client::agent_client::ask_agent;
use crate::client::context::Context;
use crate::client::credentials::unexpected_reply;
use crate::client::stdin_answers::SignInOptions;
use crate::client::target::ResolvedTarget;
use crate::report::Report;
use crate::wire::{DiscoverRequest, DiscoveredRole, Reply, Request, RoleMenu};

/// Returns the roles that the policies of `target` name, read with the credentials of `reader` or
/// with its own.
///
/// # Errors
/// What the agent reports.
pub fn discover_roles(
    context: &Context,
    target: &ResolvedTarget,
    reader: Option<&ResolvedTarget>,
    menu: RoleMenu,
    sign_in: &SignInOptions,
) -> Result<Vec<DiscoveredRole>, Report> {
    let endpoint = context.settings()?.iam_endpoint();
    let request = || {
        Request::Discover(Box::new(DiscoverRequest {
            target: target.wire.clone(),
            menu,
            confirm: target.confirmation(),
            reader: reader.map(|reader| reader.wire.clone()),
            confirm_reader: reader.and_then(ResolvedTarget::confirmation),
            iam_endpoint: endpoint.map(ToOwned::to_owned),
        }))
    };
    match ask_agent(context, request, &target.settings.org, sign_in)? {
        Reply::Discovered(roles) => Ok(roles),
        _ => Err(unexpected_reply()),
    }
}
