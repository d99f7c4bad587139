//! What each request gets.

mod console;
mod credentials;
mod discover;
mod role_menu;
mod roles;
mod routing;
mod session;
mod vpn;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{spawn_local, yield_now};
use tokio::time::{sleep, timeout};

use self::credentials::Fetched;
use crate::agent::approvals::Approvals;
use crate::agent::choices::{RoleChoice, RoleQuestion, TerminalAnswers};
use crate::agent::shutdown;
use crate::agent::single_flight::SingleFlight;
use crate::agent::usage::Usage;
use crate::agent::vault::{LiveSession, SessionKey, Vault};
use crate::agent::waiters::{Client, Waiters};
use crate::clock::Clock;
use crate::flow::FlowContext as _;
use crate::model::{Confinement, Timestamp};
use crate::process::panic_point;
use crate::report::{Exit, Report};
use crate::secret::wipe_stack;
use crate::wire::{
    Reply, Request, Route, SignOutScope, StatusReply, Target, TerminalId, TunnelEnd,
};

/// Seconds an agent without a session waits for somebody to sign in.
const EMPTY: i64 = 3600;
/// How often an agent without a session looks whether its last request is done.
const CHECK_BUSY_EVERY: Duration = Duration::from_secs(1);
/// In so many turns a connection says goodbye and is gone.
const TURNS: usize = 4;
/// What is under way when a private agent's client has left, or is over, gets this long to say goodbye to Okta.
const GOODBYE: Duration = Duration::from_secs(3);

type Outcome<T> = Result<T, Report>;
/// What is asked for, and by which route.
type RoleKey = (Target, Option<Rc<Route>>);
/// Where a menu is open, what it asks, and by which route its answer is used.
type MenuKey = (TerminalId, RoleQuestion, Option<Rc<Route>>);

#[derive(Debug)]
pub(super) struct Handlers {
    vault: Vault,
    /// By route too: what is typed at one terminal is not sent by the route of another.
    sign_ins: SingleFlight<(SessionKey, Rc<Route>), Outcome<Rc<LiveSession>>>,
    roles: SingleFlight<RoleKey, Outcome<Fetched>>,
    /// Menus that are open: for each question and route one at a time in a terminal.
    menus: SingleFlight<MenuKey, Outcome<Option<RoleChoice>>>,
    choices: TerminalAnswers<RoleQuestion, RoleChoice>,
    approvals: Approvals,
    usage: Usage,
    confinement: Confinement,
    /// Sessions outlive the conversation they were made in.
    stays: bool,
    started: Timestamp,
    stopped: Notify,
    changed: Notify,
    told_skew: Cell<bool>,
    /// Requests that are being handled.
    under_way: Cell<usize>,
    tunnel_ended: RefCell<Option<TunnelEnd>>,
}

impl Handlers {
    pub(super) fn new(confinement: Confinement, stays: bool) -> Self {
        let clock = Clock::system();
        let started = clock.now();
        Self {
            vault: Vault::new(clock),
            sign_ins: SingleFlight::new(),
            roles: SingleFlight::new(),
            menus: SingleFlight::new(),
            choices: TerminalAnswers::new(),
            approvals: Approvals::new(),
            usage: Usage::default(),
            confinement,
            stays,
            started,
            stopped: Notify::new(),
            changed: Notify::new(),
            told_skew: Cell::new(false),
            under_way: Cell::new(0),
            tunnel_ended: RefCell::new(None),
        }
    }

    pub(super) async fn handle(self: &Rc<Self>, request: Request, client: &Rc<Client>) -> Reply {
        panic_point("agent.request", "");
        let _under_way = UnderWay::new(self);
        let outcome = match request {
            Request::SignIn { account, again } => self.sign_in(account, again, client).await,
            Request::Credentials(request) => self.credentials(request, client).await,
            Request::Roles(request) => self.list_roles(request, client).await,
            Request::EveryRole(target) => self.every_role(target, client).await,
            Request::Console(request) => self.console(request, client).await,
            Request::Discover(request) => self.discover(*request, client).await,
            Request::VpnProfile(request) => self.vpn_profile(request, client).await,
            Request::VpnSignIn(request) => self.vpn_sign_in(request, client).await,
            Request::Status => Ok(Reply::Status(self.status())),
            Request::TunnelEnded(end) => {
                *self.tunnel_ended.borrow_mut() = end;
                Ok(Reply::Noted)
            }
            Request::SignOut { scope, routes } => {
                let routes = routes.into_iter();
                let routes = routes.map(|(org, route)| (org, Rc::new(route)));
                Ok(self.sign_out(&scope, &routes.collect(), client).await)
            }
            Request::Stop => Ok(Reply::Stopping),
        };
        outcome.unwrap_or_else(Reply::Failed)
    }

    pub(super) fn stop(&self) {
        self.stopped.notify_one();
    }

    pub(super) fn wipe(&self) {
        self.vault.take(None);
    }

    /// Lets what is under way end by itself, for a short while: it cancels at Okta what nobody waits for.
    pub(super) async fn drain(&self) {
        let quiet = async {
            while self.is_busy() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = timeout(GOODBYE, quiet).await;
    }

    fn is_busy(&self) -> bool {
        let is_joined = self.sign_ins.any() || self.roles.any() || self.menus.any();
        is_joined || self.under_way.get() > 0
    }

    /// Returns when somebody said stop, or nobody has needed the agent for long enough.
    pub(super) async fn wait_for_shutdown(&self) {
        loop {
            self.end_expired().await;
            let left = self.vault.next_end().unwrap_or(EMPTY);
            tokio::select! {
                () = self.stopped.notified() => return,
                () = self.changed.notified() => {}
                () = shutdown::seconds(left.max(1)) => {
                    self.end_expired().await;
                    while self.vault.next_end().is_none() {
                        if !self.is_busy() {
                            return;
                        }
                        // What is under way is not cut off, and may make a session.
                        tokio::select! {
                            () = self.stopped.notified() => return,
                            () = sleep(CHECK_BUSY_EVERY) => {}
                        }
                    }
                }
            }
        }
    }

    /// Drops what is over, and ends at the server what would live on there.
    async fn end_expired(&self) {
        self.vault.expire();
        for session in self.vault.take_revocable() {
            if let Some(okta) = session.in_background() {
                let _ = timeout(GOODBYE, okta.end()).await;
            }
        }
    }

    fn status(&self) -> StatusReply {
        self.vault.expire();
        StatusReply {
            pid: std::process::id(),
            build: env!("CARGO_PKG_VERSION").into(),
            started: self.started,
            confinement: self.confinement,
            clock_skew: self.vault.known_skew(),
            sessions: self.vault.sessions(),
            roles: self.vault.roles(),
            used: self.usage.all(),
            tunnel_ended: self.tunnel_ended.borrow().clone(),
        }
    }

    /// Wipes first, then ends the session at the server: a server that is away changes nothing here.
    async fn sign_out(
        &self,
        scope: &SignOutScope,
        routes: &BTreeMap<String, Rc<Route>>,
        client: &Rc<Client>,
    ) -> Reply {
        let org = match scope {
            SignOutScope::Everything => None,
            SignOutScope::Org(org) => Some(org.as_str()),
        };
        let keys_until = self.usage.keys_until(org, self.vault.now());
        self.usage.forget(org);
        let taken = self.vault.take(org);
        self.changed.notify_one();
        panic_point("agent.sign_out", "");
        let mut server_unreachable = None;
        let waiters = Waiters::of(client);
        for session in &taken {
            if let Err(report) = self.end_by_route(session, routes, &waiters).await {
                server_unreachable = Some(match report.causes.as_slice() {
                    [] => report.summary,
                    causes => causes.join("; "),
                });
            }
        }
        let sessions = taken.len();
        // Connections that nobody uses any more end in turns of their own, and with them what they have read.
        drop(taken);
        for _ in 0..TURNS {
            yield_now().await;
        }
        wipe_stack();
        Reply::SignedOut {
            sessions,
            server_unreachable,
            keys_until,
        }
    }
}

/// A request that is being handled: the agent does not end by itself meanwhile.
struct UnderWay<'a>(&'a Cell<usize>);

impl<'a> UnderWay<'a> {
    fn new(handlers: &'a Handlers) -> Self {
        let count = &handlers.under_way;
        count.set(count.get() + 1);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Does `work` to its end, whoever stops waiting for it: what has been taken out of the vault's hands for
/// it must come back.
async fn run_detached<T: 'static>(work: impl Future<Output = Outcome<T>> + 'static) -> Outcome<T> {
    spawn_local(work).await.unwrap_or_else(|_| Err(stopping()))
}

fn stopping() -> Report {
    Report::new(Exit::Failed, "agent.stopping", "the agent is stopping")
        .hint("run the same command again: a new agent is started")
}
