//! Work with a session: the live one or a new one, and a newer one if Okta has ended the first.

use std::rc::Rc;

use super::routing::{network_change, with_network_change};
use super::sign_in::{SignInHints, close_connections};
use super::state::{Handlers, Outcome};
use crate::agent::vault::LiveSession;
use crate::agent::waiters::Waiters;
use crate::flow::{self, Conversation as _, Failure, OktaSession};
use crate::report::Report;
use crate::wire::{Account, Notice};

/// Whether work that failed is repeated with another session.
enum Retry {
    No,
    /// With a new session. The one that is too old for one app stays live until the user has
    /// signed in again.
    WithNewSession(Option<Rc<LiveSession>>),
}

impl Handlers {
    /// Runs `work` with the live session, or with a new one. Repeats it once with a newer session
    /// if Okta has ended the live one, or if an app requires a newer sign-in.
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
        let mut okta = self.over_route(&session, waiters).await?;
        let mut open = okta.keep_alive();
        let mut outcome = work(&okta).await;
        let failure = outcome.as_ref().err();
        let retry = self
            .retry(failure, reused, &session, &okta, waiters)
            .await?;
        if let Retry::WithNewSession(old) = retry {
            // Another request may have signed in again meanwhile.
            let newer = self.live(account);
            session = match newer.filter(|newer| !Rc::ptr_eq(newer, &session)) {
                Some(newer) => newer,
                None => self.new_session(account, waiters, hints, old).await?,
            };
            okta = self.over_route(&session, waiters).await?;
            open = okta.keep_alive();
            outcome = work(&okta).await;
        }
        self.notify_skew(waiters);
        let outcome = match outcome {
            Ok(value) => {
                if let Some(network) = okta.network() {
                    session.set_working_route(network.route());
                }
                Ok(value)
            }
            Err(failure) => Err(self.final_report(failure, &session, &okta, waiters).await?),
        };
        close_connections(&okta, open).await;
        outcome.map(|value| (session, value))
    }

    async fn retry(
        &self,
        failure: Option<&Failure>,
        reused: bool,
        session: &Rc<LiveSession>,
        okta: &OktaSession,
        waiters: &Waiters,
    ) -> Outcome<Retry> {
        Ok(match failure {
            // Okta would reject another new session too.
            Some(Failure::SessionEnded)
                if self.vault.is_new(session)
                    && okta.is_known_to_okta(waiters).await? == Some(true) =>
            {
                return Err(flow::new_session_refused(true));
            }
            Some(Failure::SessionEnded) if reused => {
                if let Some(change) = network_change(session, okta) {
                    waiters.notify(Notice::Message(format!(
                        "Okta has ended the session; the network settings have changed ({change})"
                    )));
                }
                self.forget(session);
                Retry::WithNewSession(None)
            }
            Some(Failure::NewerSignIn(_)) if reused && waiters.can_be_asked() => {
                Retry::WithNewSession(Some(Rc::clone(session)))
            }
            _ => Retry::No,
        })
    }

    /// Returns the report of work that is not repeated.
    async fn final_report(
        &self,
        failure: Failure,
        session: &Rc<LiveSession>,
        okta: &OktaSession,
        waiters: &Waiters,
    ) -> Outcome<Report> {
        if !matches!(failure, Failure::SessionEnded) {
            let report = okta.with_redirect(failure.into_report());
            return Ok(with_network_change(report, session, okta));
        }
        let known = okta.is_known_to_okta(waiters).await?;
        if known != Some(true) {
            self.forget(session);
        }
        Ok(known.map_or_else(|| failure.into_report(), flow::new_session_refused))
    }
}
