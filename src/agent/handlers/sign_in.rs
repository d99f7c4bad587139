//! Sign-ins: one at a time for each user and route, joined by every request that needs it.

use std::rc::Rc;

use tokio::task::{spawn_local, yield_now};

use super::state::{Handlers, Outcome, let_connections_close, run_detached, stopping};
use crate::agent::vault::{LiveSession, SessionKey};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, Failure, FlowContext as _, OktaSession, Unanswered};
use crate::http::{DateObserver, KeepAlive};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::validate;
use crate::wire::{Account, Reply, Route, Target};

/// What a session is needed for, as far as that helps its sign-in.
#[derive(Clone, Debug, Default)]
pub(super) struct SignInHints {
    /// The STS endpoint to connect to ahead of time.
    prewarm: Option<String>,
    app: Option<String>,
    /// Only the session itself is needed: Okta must confirm it before it is kept.
    confirm_session: bool,
}

impl SignInHints {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            prewarm: flow::expected_sts_endpoint(target),
            app: target.app.clone(),
            confirm_session: false,
        }
    }
}

impl Handlers {
    pub(super) async fn sign_in(
        self: &Rc<Self>,
        account: Account,
        again: bool,
        client: &Rc<Client>,
    ) -> Outcome<Reply> {
        validate::check_account(&account)?;
        let waiters = Waiters::of(client);
        let session = match self.live(&account) {
            Some(live) if !again => live,
            old => {
                let handlers = Rc::clone(self);
                run_detached(async move {
                    let session = handlers.confirmed_session(&account, old, &waiters).await?;
                    let okta = session.okta();
                    close_connections(&okta, okta.keep_alive()).await;
                    Ok(session)
                })
                .await?
            }
        };
        let okta = session.okta();
        Ok(Reply::SignedIn {
            username: okta.username().into(),
            expires_at: okta.expires_at(),
            ends: self.vault.end_of(&session),
        })
    }

    /// Returns a new session that Okta has confirmed. It replaces `old`, which stays until then.
    async fn confirmed_session(
        self: &Rc<Self>,
        account: &Account,
        old: Option<Rc<LiveSession>>,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Rc<LiveSession>> {
        let hints = SignInHints {
            confirm_session: true,
            ..SignInHints::default()
        };
        let session = self
            .new_session(account, waiters, hints, old.clone())
            .await?;
        // A sign-in that another request began need not have confirmed the session.
        let okta = self.over_route(&session, waiters).await?;
        if !okta.is_established()
            && let Err(failure) = okta.establish(&**waiters).await
        {
            if matches!(failure, Failure::SessionEnded) {
                self.forget(&session);
            }
            return Err(not_established(failure));
        }
        if let Some(old) = old {
            // A user signs in again for what the new session gives: other roles, another user.
            self.vault.forget_credentials(&old.key());
        }
        Ok(session)
    }

    /// Signs in, or joins the sign-in of this user that is under way. The new session replaces
    /// `old`.
    pub(super) async fn new_session(
        self: &Rc<Self>,
        account: &Account,
        waiters: &Rc<Waiters>,
        hints: SignInHints,
        old: Option<Rc<LiveSession>>,
    ) -> Outcome<Rc<LiveSession>> {
        let route = waiters.route().filter(|_| waiters.can_be_asked()).cloned();
        let Some(route) = route else {
            return Err(validate::not_signed_in(account));
        };
        let username = account.username.as_deref().unwrap_or_default();
        let key = (SessionKey::new(&account.org, username), Rc::clone(&route));
        let (handlers, account) = (Rc::clone(self), account.clone());
        let sign_in_waiters = Waiters::by(Some(Rc::clone(&route)));
        let start = |waiters: Rc<Waiters>| async move {
            handlers
                .run_sign_in(&account, route, hints, old, &waiters)
                .await
        };
        let join = |sign_in: &Rc<Waiters>| sign_in.attach(waiters);
        self.sign_ins
            .join_or_start(key, sign_in_waiters, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    async fn run_sign_in(
        self: &Rc<Self>,
        account: &Account,
        route: Rc<Route>,
        hints: SignInHints,
        old: Option<Rc<LiveSession>>,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Rc<LiveSession>> {
        let generation = self.vault.generation(&account.org);
        let observer = Rc::downgrade(self);
        let options = flow::SignInOptions {
            route,
            prewarm: hints.prewarm,
            app: hints.app,
            now: Some(self.vault.now()),
            last_factors: self.vault.last_factors(&account.org),
            long_lived: self.is_shared,
            refused_scopes: self.vault.refused_scopes(account),
            date_observer: DateObserver::new(move |date| {
                if let Some(handlers) = observer.upgrade() {
                    handlers.vault.correct_clock(date);
                }
            }),
        };
        panic_point("agent.sign_in", "");
        let okta = flow::sign_in(account, options, &**waiters).await?;
        panic_point("agent.signed_in", "");
        // Lets disconnected clients be noticed: a push that was confirmed after the last client
        // left must not leave a session of which the user was told nothing.
        yield_now().await;
        if hints.confirm_session
            && !waiters.is_abandoned()
            && let Err(failure) = okta.establish(&**waiters).await
        {
            spawn_local(async move { okta.end().await });
            return Err(not_established(failure));
        }
        if waiters.is_abandoned() {
            let _ = okta.end().await;
            return Err(Unanswered::Abandoned.into());
        }
        let user = SessionKey::new(&account.org, okta.username());
        self.vault.remember_factor(user, okta.used_factor());
        self.vault
            .remember_refused_scopes(account, okta.refused_scopes());
        self.notify_skew(waiters);
        if self.vault.generation(&account.org) != generation {
            spawn_local(async move { okta.end().await });
            return Err(signed_out_while_waiting());
        }
        Ok(self.keep_session(account, okta, old))
    }

    /// Keeps the session of a sign-in, and ends the sessions that it replaces at Okta.
    fn keep_session(
        &self,
        account: &Account,
        okta: OktaSession,
        old: Option<Rc<LiveSession>>,
    ) -> Rc<LiveSession> {
        let (session, replaced) = self.vault.keep_session(okta, account.idle, account.max);
        if let Some(old) = &old {
            self.vault.forget_session(old);
        }
        // `replaced` and `old` are mostly the same session, which is ended once.
        let is_other = |one: &Rc<_>| old.as_ref().is_none_or(|old| !Rc::ptr_eq(one, old));
        let replaced = replaced.filter(is_other);
        for ended in [replaced, old].into_iter().flatten() {
            // Over the present route: the earlier one may not work any more.
            let ended = ended.okta_like(&session);
            spawn_local(async move { ended.end().await });
        }
        self.notify_sessions_changed();
        session
    }
}

/// Closes the idle connections of the session and waits until their buffers are wiped: they hold
/// what was last sent and received, such as a password or an assertion. Connections that another
/// request uses stay open.
pub(super) async fn close_connections(okta: &OktaSession, open: KeepAlive) {
    okta.forget_landing_page();
    drop(open);
    let_connections_close().await;
}

fn not_established(failure: Failure) -> Report {
    match failure {
        Failure::SessionEnded => flow::new_session_refused(false),
        other => other.into_report(),
    }
}

pub(super) fn signed_out_while_waiting() -> Report {
    Report::new(
        ErrorCode::SignInSignedOut,
        "`ob logout` ended the session meanwhile",
    )
    .hint("`ob login` signs you in again")
}
