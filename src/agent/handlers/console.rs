//! Sign-in links to the AWS console. A link is made for one client and not kept.

use std::rc::Rc;

use super::sign_in::SignInHints;
use super::state::{Handlers, Outcome, run_detached};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, Failure, OktaSession};
use crate::validate;
use crate::wire::{ConsoleRequest, CredentialsRequest, Reply, SecretText};

impl Handlers {
    pub(super) async fn console(
        self: &Rc<Self>,
        mut request: ConsoleRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        if let Some(endpoint) = &request.signin_endpoint {
            validate::check_endpoint("sign-in endpoint", endpoint)?;
        }
        let wanted = CredentialsRequest {
            target: request.target.clone(),
            min_ttl: None,
            may_sign_in: true,
            has_cached_roles: false,
            menu: request.menu,
            confirm: request.confirm.take(),
        };
        let cached = self.grant(wanted, client).await?.cached;
        let waiters = Waiters::of(client);
        let handlers = Rc::clone(self);
        run_detached(async move {
            let target = &request.target;
            // The credentials may have outlived their session, over whose route AWS is reached.
            let link = async |okta: &OktaSession| {
                flow::console_link(okta, &request, &cached.credentials, &*waiters)
                    .await
                    .map_err(Failure::from)
            };
            let hints = SignInHints::of(target);
            let (_, link) = handlers
                .with_session(&target.account, hints, &waiters, link)
                .await?;
            Ok(Reply::Console {
                link: SecretText(link),
                role: cached.credentials.role.to_string(),
            })
        })
        .await
    }
}
