//! The roles of a user: listed, or every one of them redeemed and handed out as it comes.

use std::rc::Rc;

use super::session::SignInHints;
use super::{Handlers, Outcome, run_detached};
use crate::agent::vault::issue;
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, OktaSession, RoleObserver};
use crate::model::{Credentials, RoleArn};
use crate::report::Report;
use crate::wire::{FromAgent, Part, Reply, RoleEntry, RolesRequest, Target};

/// Entries of one frame: far below what a frame holds.
const ROLES_AT_A_TIME: usize = 500;

impl Handlers {
    pub(super) async fn list_roles(
        self: &Rc<Self>,
        request: RolesRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        flow::check_target(&request.target)?;
        if let Some(endpoint) = &request.iam_endpoint {
            flow::check_endpoint("IAM endpoint", endpoint)?;
        }
        let waiters = Waiters::of(client);
        let handlers = Rc::clone(self);
        run_detached(async move {
            let list = async |okta: &OktaSession| {
                flow::list_roles(okta, &request, &handlers.vault, &*waiters).await
            };
            let hints = SignInHints::of(&request.target);
            let (session, mut roles) = handlers
                .with_session(&request.target.account, hints, &waiters, list)
                .await?;
            let key = session.key();
            for used in handlers.usage.all() {
                let same = used.org == key.org && used.username == key.username;
                for entry in roles
                    .iter_mut()
                    .filter(|entry| same && entry.role == used.role)
                {
                    entry.used = Some(used.at);
                }
            }
            Ok(Reply::Roles(roles))
        })
        .await
    }

    /// For `ob write --all`: nothing of it is kept.
    pub(super) async fn every_role(
        self: &Rc<Self>,
        target: Target,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        flow::check_target(&target)?;
        let waiters = Waiters::of(client);
        let (handlers, client) = (Rc::clone(self), Rc::clone(client));
        run_detached(async move {
            let told = Told {
                handlers: &handlers,
                client: &client,
                org: &target.account.org,
            };
            let redeem = async |okta: &OktaSession| {
                flow::assume_all_roles(okta, &target, &handlers.vault, &*waiters, &told).await
            };
            let hints = SignInHints::of(&target);
            handlers
                .with_session(&target.account, hints, &waiters, redeem)
                .await?;
            Ok(Reply::AllRoles)
        })
        .await
    }
}

/// Hands out as it comes.
struct Told<'a> {
    handlers: &'a Handlers,
    client: &'a Client,
    org: &'a str,
}

impl RoleObserver for Told<'_> {
    fn listed(&self, roles: Vec<RoleEntry>) {
        for some in roles.chunks(ROLES_AT_A_TIME) {
            self.client.say(FromAgent::Part(Part::Roles(some.to_vec())));
        }
    }

    fn issued(&self, credentials: &Credentials) {
        self.handlers
            .usage
            .note_expiry(self.org, credentials.expires_at);
        self.client
            .say(FromAgent::Part(Part::Issued(issue(credentials))));
    }

    fn refused(&self, role: &RoleArn, report: Report) {
        let role = role.to_string();
        self.client
            .say(FromAgent::Part(Part::Refused { role, report }));
    }
}
