//! Sessions: the one that is live, the one that a sign-in makes, and what to do when Okta has ended it.

use std::rc::Rc;

use tokio::task::{spawn_local, yield_now};

use super::routing::{network_change, with_network_change};
use super::{Handlers, Outcome, TURNS, run_detached, stopping};
use crate::agent::vault::{LiveSession, SessionKey};
use crate::agent::waiters::{Client, Waiters};
use crate::flow::{self, Conversation, Failure, FlowContext as _, OktaSession, Unanswered};
use crate::http::{DateObserver, KeepAlive};
use crate::process::panic_point;
use crate::report::{Exit, Report};
use crate::secret::wipe_stack;
use crate::wire::{Account, Notice, Reply, Target};

/// A machine's clock may be this far from the servers' before a person is told, in seconds.
const SKEW: i64 = 120;

/// What a session is wanted for, where that helps its sign-in.
#[derive(Clone, Debug, Default)]
pub(super) struct SignInHints {
    warm: Option<String>,
    app: Option<String>,
    /// Nothing but the session itself: Okta is asked whether it is one before it is kept.
    confirmed: bool,
}

impl SignInHints {
    pub(super) fn of(target: &Target) -> Self {
        Self {
            warm: flow::expected_sts_endpoint(target),
            app: target.app.clone(),
            confirmed: false,
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
        flow::check_account(&account)?;
        let waiters = Waiters::of(client);
        let live = self.live(&account);
        let session = match live {
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

    /// A new session that Okta has confirmed, in the place of `old`. Until then the old one stays.
    async fn confirmed_session(
        self: &Rc<Self>,
        account: &Account,
        old: Option<Rc<LiveSession>>,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Rc<LiveSession>> {
        let hints = SignInHints {
            confirmed: true,
            ..SignInHints::default()
        };
        let session = self
            .new_session(account, waiters, hints, old.clone())
            .await?;
        // One that was made for somebody else's hints.
        let okta = self.by_route(&session, waiters).await?;
        if !okta.is_established()
            && let Err(failure) = okta.establish(&**waiters).await
        {
            return Err(match failure {
                Failure::SessionEnded => {
                    self.forget(&session);
                    flow::new_session_refused(false)
                }
                other => other.into_report(),
            });
        }
        if let Some(old) = old {
            // Who signs in again wants what the new session gives: other roles, another user.
            self.vault.forget_held(&old.key());
        }
        Ok(session)
    }

    /// Works with the live session, or with one that a sign-in makes. If Okta turns out to have ended it, or an
    /// app wants a newer one, once more with that. What is only too old for one app stays until a person has
    /// signed in again.
    pub(super) async fn with_session<T>(
        self: &Rc<Self>,
        account: &Account,
        hints: SignInHints,
        waiters: &Rc<Waiters>,
        work: impl AsyncFn(&OktaSession) -> Result<T, Failure>,
    ) -> Outcome<(Rc<LiveSession>, T)> {
        let live = self.live(account);
        let reused = live.is_some();
        let mut session = match live {
            Some(live) => live,
            None => {
                self.new_session(account, waiters, hints.clone(), None)
                    .await?
            }
        };
        let mut okta = self.by_route(&session, waiters).await?;
        let mut open = okta.keep_alive();
        let mut outcome = work(&okta).await;
        let replace = match &outcome {
            // Another sign-in would be turned away as well.
            Err(Failure::SessionEnded)
                if self.vault.is_new(&session)
                    && okta.is_known_to_okta(&**waiters).await? == Some(true) =>
            {
                return Err(flow::new_session_refused(true));
            }
            Err(Failure::SessionEnded) if reused => {
                if let Some(change) = network_change(&session, &okta) {
                    waiters.notify(Notice::Message(format!(
                        "Okta has ended the session ({change})"
                    )));
                }
                self.forget(&session);
                Some(None)
            }
            Err(Failure::NewerSignIn(_)) if reused && waiters.can_be_asked() => {
                Some(Some(Rc::clone(&session)))
            }
            _ => None,
        };
        if let Some(old) = replace {
            // Somebody may have signed in again while this one was waiting.
            let newer = self.live(account);
            session = match newer.filter(|newer| !Rc::ptr_eq(newer, &session)) {
                Some(newer) => newer,
                None => self.new_session(account, waiters, hints, old).await?,
            };
            okta = self.by_route(&session, waiters).await?;
            open = okta.keep_alive();
            outcome = work(&okta).await;
        }
        self.tell_skew(waiters);
        let outcome = match outcome {
            Ok(value) => {
                if let Some(network) = okta.network() {
                    session.works_by(network.route());
                }
                Ok(value)
            }
            Err(Failure::SessionEnded) => {
                let known = okta.is_known_to_okta(&**waiters).await?;
                if known != Some(true) {
                    self.forget(&session);
                }
                Err(known.map_or_else(
                    || Failure::SessionEnded.into_report(),
                    flow::new_session_refused,
                ))
            }
            Err(failure) => {
                let report = okta.with_redirect(failure.into_report());
                Err(with_network_change(report, &session, &okta))
            }
        };
        close_connections(&okta, open).await;
        outcome.map(|value| (session, value))
    }

    pub(super) fn live(&self, account: &Account) -> Option<Rc<LiveSession>> {
        self.vault
            .session(&account.org, account.username.as_deref())
    }

    fn forget(&self, session: &Rc<LiveSession>) {
        self.vault.forget_session(session);
        if session.okta().has_tokens()
            && let Some(over) = session.in_background()
        {
            spawn_local(async move { over.end().await });
        }
        self.changed.notify_one();
    }

    /// The session that a sign-in makes, which is joined if one for this user is under way. It takes the
    /// place of `old`.
    async fn new_session(
        self: &Rc<Self>,
        account: &Account,
        waiters: &Rc<Waiters>,
        hints: SignInHints,
        old: Option<Rc<LiveSession>>,
    ) -> Outcome<Rc<LiveSession>> {
        if !waiters.can_be_asked() {
            return Err(flow::not_signed_in(account));
        }
        let Some(route) = waiters.route().cloned() else {
            return Err(flow::not_signed_in(account));
        };
        let key = SessionKey::new(
            &account.org,
            account.username.as_deref().unwrap_or_default(),
        );
        let (handlers, account) = (Rc::clone(self), account.clone());
        let flight = (key, Rc::clone(&route));
        let children = Waiters::by(Some(Rc::clone(&route)));
        let start = |waiters: Rc<Waiters>| async move {
            let generation = handlers.vault.generation(&account.org);
            let listener = Rc::downgrade(&handlers);
            let start = flow::SignInOptions {
                route,
                prewarm: hints.warm,
                app: hints.app,
                now: Some(handlers.vault.now()),
                last_factors: handlers.vault.last_factors(&account.org),
                long_lived: handlers.stays,
                refused_scopes: handlers.vault.refused_scopes(&account),
                date_observer: DateObserver::new(move |date| {
                    if let Some(handlers) = listener.upgrade() {
                        handlers.vault.correct(date);
                    }
                }),
            };
            panic_point("agent.sign_in", "");
            let okta = flow::sign_in(&account, start, &*waiters).await?;
            panic_point("agent.signed_in", "");
            // What a phone said yes to in the moment in which everybody left is nobody's: they were told of nothing.
            // A turn for those who are just being noticed to have gone.
            yield_now().await;
            if hints.confirmed
                && !waiters.is_abandoned()
                && let Err(failure) = okta.establish(&*waiters).await
            {
                spawn_local(async move { okta.end().await });
                return Err(match failure {
                    Failure::SessionEnded => flow::new_session_refused(false),
                    other => other.into_report(),
                });
            }
            if waiters.is_abandoned() {
                let _ = okta.end().await;
                return Err(Unanswered::Abandoned.into());
            }
            let user = SessionKey::new(&account.org, okta.username());
            handlers.vault.remember_factor(user, okta.used_factor());
            handlers
                .vault
                .remember_refused(&account, okta.refused_scopes());
            handlers.tell_skew(&waiters);
            if handlers.vault.generation(&account.org) != generation {
                spawn_local(async move { okta.end().await });
                return Err(signed_out_meanwhile());
            }
            let (session, replaced) = handlers.vault.keep_session(okta, account.idle, account.max);
            if let Some(old) = &old {
                handlers.vault.forget_session(old);
            }
            // Mostly they are one, which says goodbye once.
            let replaced =
                replaced.filter(|one| old.as_ref().is_none_or(|old| !Rc::ptr_eq(one, old)));
            for over in [replaced, old].into_iter().flatten() {
                // By the present route: the one before may lead nowhere any more.
                let over = over.okta_like(&session);
                spawn_local(async move { over.end().await });
            }
            handlers.changed.notify_one();
            Ok(session)
        };
        let join = |flight: &Rc<Waiters>| flight.attach(waiters);
        self.sign_ins
            .outcome(flight, children, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    /// Tells once that this machine's clock is wrong: programs judge credentials by it.
    fn tell_skew(&self, waiters: &Waiters) {
        let skew = self.vault.skew();
        if skew.abs() > SKEW && !self.told_skew.replace(true) {
            let direction = if skew > 0 { "ahead of" } else { "behind" };
            waiters.notify(Notice::Message(format!(
                "this machine's clock is {} minutes {direction} Okta's: programs may think that good credentials have expired; set it right",
                skew.abs() / 60
            )));
        }
    }
}

/// Closes what is idle of the session's connections, and waits until their buffers are wiped: they hold what was
/// last sent and received, a password or an assertion. Another request that is under way keeps them.
async fn close_connections(okta: &OktaSession, open: KeepAlive) {
    okta.forget_landing_page();
    drop(open);
    for _ in 0..TURNS {
        yield_now().await;
    }
    wipe_stack();
}

pub(super) fn signed_out_meanwhile() -> Report {
    Report::new(
        Exit::SignIn,
        "sign_in.signed_out",
        "somebody signed out meanwhile",
    )
    .hint("`ob login` signs you in again")
}
