//! The roles that a role's policies allow it to assume. Nothing of it is kept.

use std::rc::Rc;

use super::sign_in::SignInHints;
use super::state::{Handlers, Outcome, run_detached};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, Failure, FlowContext as _, OktaSession};
use crate::validate;
use crate::wire::{CredentialsRequest, DiscoverRequest, Reply};

impl Handlers {
    pub(super) async fn discover(
        self: &Rc<Self>,
        request: DiscoverRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        if let Some(endpoint) = &request.iam_endpoint {
            validate::check_endpoint("IAM endpoint", endpoint)?;
        }
        let menu = request.menu;
        let wanted = |target, confirm| CredentialsRequest {
            target,
            min_ttl: None,
            may_sign_in: true,
            has_cached_roles: false,
            menu,
            confirm,
        };
        let target = request.target.clone();
        let cached = self
            .grant(wanted(request.target, request.confirm), client)
            .await?
            .cached;
        let reader = match request.reader {
            Some(target) => {
                let wanted = wanted(target, request.confirm_reader);
                self.grant(wanted, client).await?.cached
            }
            None => Rc::clone(&cached),
        };
        let waiters = Waiters::of(client);
        let handlers = Rc::clone(self);
        run_detached(async move {
            let endpoint = request.iam_endpoint.as_deref();
            let (role, reader) = (&cached.credentials.role, &reader.credentials);
            let read = async |okta: &OktaSession| {
                let now = handlers.vault.now();
                flow::discover(okta, role, reader, endpoint, now, &*waiters)
                    .await
                    .map_err(Failure::from)
            };
            let hints = SignInHints::of(&target);
            let (_, found) = handlers
                .with_session(&target.account, hints, &waiters, read)
                .await?;
            Ok(Reply::Discovered(found))
        })
        .await
    }
}
