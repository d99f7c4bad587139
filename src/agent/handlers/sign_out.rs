//! A sign-out: wipes first, then ends the sessions at Okta.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::state::{Handlers, let_connections_close};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::FlowContext as _;
use crate::process::panic_point;
use crate::wire::{Reply, Route, SignOutScope};

impl Handlers {
    /// Signs out. An unreachable server is part of the reply: everything is wiped all the same.
    pub(super) async fn sign_out(
        &self,
        scope: &SignOutScope,
        routes: BTreeMap<String, Route>,
        client: &Rc<Client>,
    ) -> Reply {
        let org = match scope {
            SignOutScope::Everything => None,
            SignOutScope::Org(org) => Some(org.as_str()),
        };
        let routes = routes.into_iter();
        let routes = routes.map(|(org, route)| (org, Rc::new(route))).collect();
        let keys_until = self.usage.keys_until(org, self.vault.now());
        self.usage.forget(org);
        let taken = self.vault.take(org);
        self.notify_sessions_changed();
        panic_point("agent.sign_out", "");
        let mut server_unreachable = None;
        let waiters = Waiters::of(client);
        for session in &taken {
            if let Err(report) = self.end_over_route(session, &routes, &waiters).await {
                server_unreachable = Some(match report.causes.as_slice() {
                    [] => report.summary,
                    causes => causes.join("; "),
                });
            }
        }
        let sessions = taken.len();
        drop(taken);
        let_connections_close().await;
        Reply::SignedOut {
            sessions,
            server_unreachable,
            keys_until,
        }
    }
}
