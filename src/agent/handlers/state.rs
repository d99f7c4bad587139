//! What all handlers share: the vault, the calls under way, and when the agent ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{spawn_local, yield_now};
use tokio::time::{sleep, timeout};

use crate::agent::approvals::Approvals;
use crate::agent::credential_key::{CredentialKey, RoleSelector};
use crate::agent::shutdown::sleep_through_suspend;
use crate::agent::single_flight::SingleFlight;
use crate::agent::terminal_answers::{RoleChoice, TerminalAnswers};
use crate::agent::timeouts::Timeouts;
use crate::agent::usage::Usage;
use crate::agent::vault::{CachedCredentials, LiveSession, SessionKey, Vault};
use crate::agent::waiters::Waiters;
use crate::clock::{Clock, span};
use crate::flow::{Conversation as _, RoleChoices};
use crate::model::{Confinement, Timestamp};
use crate::report::{ErrorCode, Report};
use crate::secret::wipe_stack;
use crate::wire::{Account, Notice, Route, TerminalId, TunnelEnd};

/// The user is told when this machine's clock differs from the servers' by more seconds.
const MAX_SKEW_SECONDS: i64 = 120;
/// Interval at which a private agent checks whether its last calls are done.
const DRAIN_CHECK: Duration = Duration::from_millis(20);
/// Scheduler turns after which a closed connection's task has ended.
const CLOSE_TURNS: usize = 4;

pub(super) type Outcome<T> = Result<T, Report>;
/// The credentials that are fetched, and over which route.
pub(super) type FetchKey = (CredentialKey, Option<Rc<Route>>);
/// Where a menu is open, what it asks, and over which route its answer is used.
pub(super) type MenuKey = (TerminalId, RoleSelector, Option<Rc<Route>>);

/// What a target matches.
#[derive(Clone, Debug)]
pub(super) enum Fetched {
    One(Rc<CachedCredentials>),
    /// Several roles. Each terminal is asked separately which one is meant.
    Several(Rc<RoleChoices>),
}

#[derive(Debug)]
pub(in crate::agent) struct Handlers {
    pub(super) vault: Vault,
    /// Keyed by route too: what is typed for one route is not sent over another.
    pub(super) sign_ins: SingleFlight<(SessionKey, Rc<Route>), Outcome<Rc<LiveSession>>>,
    pub(super) fetches: SingleFlight<FetchKey, Outcome<Fetched>>,
    /// Open menus: one for each question and route in a terminal.
    pub(super) menus: SingleFlight<MenuKey, Outcome<Option<RoleChoice>>>,
    pub(super) choices: TerminalAnswers<RoleSelector, RoleChoice>,
    pub(super) approvals: Approvals,
    pub(super) usage: Usage,
    pub(super) confinement: Confinement,
    /// Whether sessions outlive the conversation they were made in.
    pub(super) is_shared: bool,
    pub(super) started: Timestamp,
    pub(super) tunnel_end: RefCell<Option<TunnelEnd>>,
    timeouts: Timeouts,
    stopped: Notify,
    sessions_changed: Notify,
    reported_skew: Cell<bool>,
    /// Number of requests that are being handled.
    active_requests: Cell<usize>,
}

impl Handlers {
    /// Returns the handlers of an agent for many clients, or of a private one.
    pub(in crate::agent) fn new(
        confinement: Confinement,
        is_shared: bool,
        timeouts: Timeouts,
    ) -> Self {
        let clock = Clock::system();
        let started = clock.now();
        Self {
            vault: Vault::new(clock),
            sign_ins: SingleFlight::new(),
            fetches: SingleFlight::new(),
            menus: SingleFlight::new(),
            choices: TerminalAnswers::default(),
            approvals: Approvals::default(),
            usage: Usage::default(),
            confinement,
            is_shared,
            started,
            tunnel_end: RefCell::new(None),
            timeouts,
            stopped: Notify::new(),
            sessions_changed: Notify::new(),
            reported_skew: Cell::new(false),
            active_requests: Cell::new(0),
        }
    }

    pub(in crate::agent) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    pub(in crate::agent) fn stop(&self) {
        self.stopped.notify_one();
    }

    pub(in crate::agent) fn wipe(&self) {
        self.vault.take(None);
    }

    /// Waits a short time for calls that no client waits for: they cancel transactions at Okta.
    pub(in crate::agent) async fn drain(&self) {
        let done = async {
            while self.is_busy() {
                sleep(DRAIN_CHECK).await;
            }
        };
        let _ = timeout(self.timeouts.revoke, done).await;
    }

    fn is_busy(&self) -> bool {
        let has_calls = self.sign_ins.any() || self.fetches.any() || self.menus.any();
        has_calls || self.active_requests.get() > 0
    }

    /// Returns after a stop request, or once there is no session and no request for long enough.
    pub(in crate::agent) async fn wait_for_shutdown(&self) {
        loop {
            self.end_expired().await;
            let session_end = self.vault.next_session_end();
            let left = session_end.unwrap_or(self.timeouts.without_session);
            tokio::select! {
                () = self.stopped.notified() => return,
                () = self.sessions_changed.notified() => {}
                () = sleep_through_suspend(left.max(Duration::from_secs(1))) => {
                    self.end_expired().await;
                    while self.vault.next_session_end().is_none() {
                        if !self.is_busy() {
                            return;
                        }
                        // A request under way is not cut off, and may make a session.
                        tokio::select! {
                            () = self.stopped.notified() => return,
                            () = sleep(self.timeouts.busy_check) => {}
                        }
                    }
                }
            }
        }
    }

    /// Removes what has expired, and revokes at Okta the tokens that would stay valid there.
    async fn end_expired(&self) {
        self.vault.expire();
        for session in self.vault.take_revocable() {
            if let Some(okta) = session.in_background() {
                let _ = timeout(self.timeouts.revoke, okta.end()).await;
            }
        }
    }

    /// Counts a request as being handled until the result is dropped.
    pub(super) fn begin_request(&self) -> ActiveRequest<'_> {
        let count = &self.active_requests;
        count.set(count.get() + 1);
        ActiveRequest(count)
    }

    /// Computes the deadlines anew after a sign-in, a sign-out or the end of a session.
    pub(super) fn notify_sessions_changed(&self) {
        self.sessions_changed.notify_one();
    }

    /// Returns the live session of the account.
    pub(super) fn live(&self, account: &Account) -> Option<Rc<LiveSession>> {
        self.vault
            .session(&account.org, account.username.as_deref())
    }

    /// Removes a session that Okta has ended, and revokes its tokens in the background.
    pub(super) fn forget(&self, session: &Rc<LiveSession>) {
        self.vault.forget_session(session);
        if session.okta().has_tokens()
            && let Some(ended) = session.in_background()
        {
            spawn_local(async move { ended.end().await });
        }
        self.notify_sessions_changed();
    }

    /// Says once that this machine's clock is wrong: programs check expiry with it.
    pub(super) fn notify_skew(&self, waiters: &Waiters) {
        let skew = self.vault.clock_skew().unwrap_or_default();
        if skew.abs() > MAX_SKEW_SECONDS && !self.reported_skew.replace(true) {
            let direction = if skew > 0 { "ahead of" } else { "behind" };
            waiters.notify(Notice::Message(format!(
                "this machine's clock is {} {direction} Okta's: programs may think that good \
                 credentials have expired; `ob doctor` says how to set it",
                span(skew.abs())
            )));
        }
    }
}

/// A request that is being handled. The agent does not end by itself meanwhile.
pub(super) struct ActiveRequest<'a>(&'a Cell<usize>);

impl Drop for ActiveRequest<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Lets the tasks of closed connections end, and with them the buffers that held secrets.
pub(super) async fn let_connections_close() {
    for _ in 0..CLOSE_TURNS {
        yield_now().await;
    }
    wipe_stack();
}

/// Runs `work` to its end even if the client disconnects: work that was interrupted could leave a
/// transaction at Okta or lose a session.
pub(super) async fn run_detached<T: 'static>(
    work: impl Future<Output = Outcome<T>> + 'static,
) -> Outcome<T> {
    spawn_local(work).await.unwrap_or_else(|_| Err(stopping()))
}

pub(super) fn stopping() -> Report {
    Report::new(ErrorCode::AgentStopping, "the agent is stopping")
        .hint("run the same command again: a new agent is started")
}
