//! One handler for each kind of request.

mod console;
mod credentials;
mod discover;
mod fetch;
mod role_menu;
mod roles;
mod routing;
mod session;
mod sign_in;
mod sign_out;
mod state;
mod vpn;

use std::rc::Rc;

pub(super) use self::state::Handlers;
use crate::agent::waiters::Client;
use crate::process::panic_point;
use crate::wire::{Reply, Request, StatusReply};

impl Handlers {
    pub(super) async fn handle(self: &Rc<Self>, request: Request, client: &Rc<Client>) -> Reply {
        panic_point("agent.request", "");
        let _active = self.begin_request();
        let outcome = match request {
            Request::SignIn { account, again } => self.sign_in(account, again, client).await,
            Request::Credentials(request) => self.credentials(request, client).await,
            Request::Roles(request) => self.list_roles(request, client).await,
            Request::EveryRole(target) => self.every_role(target, client).await,
            Request::Console(request) => self.console(request, client).await,
            Request::Discover(request) => self.discover(*request, client).await,
            Request::VpnProfile(request) => self.vpn_profile(request, client).await,
            Request::VpnSignIn(request) => self.vpn_sign_in(request, client).await,
            Request::CheckRoute => self.check_route(client).await,
            Request::Status => Ok(Reply::Status(self.status())),
            Request::TunnelEnded(end) => {
                self.tunnel_end.replace(end);
                Ok(Reply::Noted)
            }
            Request::SignOut { scope, routes } => Ok(self.sign_out(&scope, routes, client).await),
            Request::Stop => Ok(Reply::Stopping),
        };
        outcome.unwrap_or_else(Reply::Failed)
    }

    fn status(&self) -> StatusReply {
        self.vault.expire();
        StatusReply {
            pid: std::process::id(),
            build: env!("CARGO_PKG_VERSION").into(),
            started: self.started,
            confinement: self.confinement,
            clock_skew: self.vault.clock_skew(),
            sessions: self.vault.session_statuses(),
            roles: self.vault.held_roles(),
            used: self.usage.all(),
            tunnel_ended: self.tunnel_end.borrow().clone(),
        }
    }
}
