//! The roles of a user: listed, or each assumed and its credentials sent as they arrive.

use std::rc::Rc;

use super::sign_in::SignInHints;
use super::state::{Handlers, Outcome, run_detached};
use crate::agent::vault::issue;
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, OktaSession, RoleObserver};
use crate::model::{Credentials, RoleArn};
use crate::report::Report;
use crate::validate;
use crate::wire::{FromAgent, Part, Reply, RoleEntry, RolesRequest, Target};

/// Entries of one message, far below the size limit of a frame.
const MAX_ENTRIES_PER_PART: usize = 500;

impl Handlers {
    pub(super) async fn list_roles(
        self: &Rc<Self>,
        request: RolesRequest,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        validate::check_target(&request.target)?;
        if let Some(endpoint) = &request.iam_endpoint {
            validate::check_endpoint("IAM endpoint", endpoint)?;
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

    /// Sends the credentials of every role, for `ob write --all`. None of them are cached.
    pub(super) async fn every_role(
        self: &Rc<Self>,
        target: Target,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        validate::check_target(&target)?;
        let waiters = Waiters::of(client);
        let (handlers, client) = (Rc::clone(self), Rc::clone(client));
        run_detached(async move {
            let parts = PartSender {
                handlers: &handlers,
                client: &client,
                org: &target.account.org,
            };
            let assume = async |okta: &OktaSession| {
                flow::assume_all_roles(okta, &target, &handlers.vault, &*waiters, &parts).await
            };
            let hints = SignInHints::of(&target);
            handlers
                .with_session(&target.account, hints, &waiters, assume)
                .await?;
            Ok(Reply::AllRoles)
        })
        .await
    }
}

/// Sends each result to the client as it arrives.
struct PartSender<'a> {
    handlers: &'a Handlers,
    client: &'a Client,
    org: &'a str,
}

impl RoleObserver for PartSender<'_> {
    fn listed(&self, roles: Vec<RoleEntry>) {
        for entries in roles.chunks(MAX_ENTRIES_PER_PART) {
            self.client
                .send(FromAgent::Part(Part::Roles(entries.to_vec())));
        }
    }

    fn issued(&self, credentials: &Credentials) {
        self.handlers
            .usage
            .record_expiry(self.org, credentials.expires_at);
        self.client
            .send(FromAgent::Part(Part::Issued(issue(credentials))));
    }

    fn refused(&self, role: &RoleArn, report: Report) {
        let role = role.to_string();
        self.client
            .send(FromAgent::Part(Part::Refused { role, report }));
    }
}
