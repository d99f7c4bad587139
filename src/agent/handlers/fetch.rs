//! The credentials of a target: from the cache, or fetched once for all clients that ask for them.

use std::rc::Rc;
use std::time::Duration;

use tokio::task::spawn_local;

use super::sign_in::{SignInHints, signed_out_while_waiting};
use super::state::{FetchKey, Fetched, Handlers, Outcome, stopping};
use crate::agent::credential_key::CredentialKey;
use crate::agent::vault::Freshness;
use crate::agent::waiters::Waiters;
use crate::clock::span;
use crate::flow::{self, Obtained, RoleChoices};
use crate::process::panic_point;
use crate::report::{ErrorCode, Report};
use crate::validate;
use crate::wire::{CredentialsRequest, Target};

/// What a request requires of its credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requirements {
    /// How long they must still last; absent: the default of the cache.
    pub(super) min_ttl: Option<Duration>,
    /// Whether a sign-in may be started for them.
    pub(super) may_sign_in: bool,
}

impl Requirements {
    pub(super) fn of(request: &CredentialsRequest) -> Self {
        Self {
            min_ttl: request.min_ttl,
            may_sign_in: request.may_sign_in,
        }
    }
}

impl Handlers {
    /// Returns the cached credentials of the target if they last long enough, and fetches them
    /// otherwise. `found` are roles that an earlier fetch found to match.
    pub(super) async fn get_or_fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        requirements: Requirements,
        waiters: Rc<Waiters>,
        join: impl FnOnce(&Rc<Waiters>),
    ) -> Outcome<Fetched> {
        let account = &target.account;
        let live = self.live(account);
        if let (Some(live), Some(route)) = (&live, waiters.route()) {
            live.set_background_route(route);
        }
        let min_ttl = requirements.min_ttl;
        if let Some(cached) = self.vault.credentials(&CredentialKey::of(&target)) {
            match self.vault.freshness(&cached, min_ttl) {
                Freshness::Fresh => return Ok(Fetched::One(cached)),
                Freshness::Aging => {
                    if let Some(live) = &live {
                        join(&waiters);
                        if self.over_route(live, &waiters).await.is_ok() {
                            self.renew_in_background(target, &waiters);
                        }
                    }
                    return Ok(Fetched::One(cached));
                }
                Freshness::Stale => {}
            }
        }
        if !requirements.may_sign_in && live.is_none() {
            return Err(validate::not_signed_in(account));
        }
        let fetched = self.join_fetch(target, found, waiters, join).await?;
        if let Fetched::One(cached) = &fetched
            && self.vault.freshness(cached, min_ttl) == Freshness::Stale
        {
            return Err(too_short(self.vault.time_left(cached), min_ttl));
        }
        Ok(fetched)
    }

    /// Renews credentials while the old ones are still issued. An error is dropped; the next
    /// request retries.
    fn renew_in_background(self: &Rc<Self>, target: Target, waiters: &Waiters) {
        let route = waiters.route().cloned();
        let key: FetchKey = (CredentialKey::of(&target), route.clone());
        if !self.fetches.is_under_way(&key) {
            let handlers = Rc::clone(self);
            let waiters = Waiters::background(route);
            spawn_local(async move { handlers.join_fetch(target, None, waiters, |_| {}).await });
        }
    }

    /// Fetches the credentials of the target, once for all clients that ask at the same time. It
    /// opens no menu, so that clients of different terminals can share it.
    pub(super) async fn join_fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        waiters: Rc<Waiters>,
        join: impl FnOnce(&Rc<Waiters>),
    ) -> Outcome<Fetched> {
        let handlers = Rc::clone(self);
        let key = (CredentialKey::of(&target), waiters.route().cloned());
        let start = |waiters| async move { handlers.fetch(target, found, &waiters).await };
        self.fetches
            .join_or_start(key, waiters, join, start)
            .await
            .unwrap_or_else(|| Err(stopping()))
    }

    async fn fetch(
        self: &Rc<Self>,
        target: Target,
        found: Option<Rc<RoleChoices>>,
        waiters: &Rc<Waiters>,
    ) -> Outcome<Fetched> {
        let account = &target.account;
        let generation = self.vault.generation(&account.org);
        let obtain = async |okta: &_| {
            flow::obtain_credentials(okta, &target, found.as_deref(), &self.vault, &**waiters).await
        };
        let hints = SignInHints::of(&target);
        let (session, obtained) = self.with_session(account, hints, waiters, obtain).await?;
        if self.vault.generation(&account.org) != generation {
            return Err(signed_out_while_waiting());
        }
        let credentials = match obtained {
            Obtained::Credentials(credentials) => credentials,
            Obtained::Several(roles) => return Ok(Fetched::Several(roles.into())),
        };
        let secret = credentials.secret_access_key.expose();
        panic_point("agent.keep_credentials", secret);
        // The target matches only this role, so requests of every terminal share the entry.
        let key = CredentialKey::of(&target);
        let cached = self.vault.keep_credentials(key, session.key(), credentials);
        Ok(Fetched::One(cached))
    }
}

fn too_short(left: Duration, min_ttl: Option<Duration>) -> Report {
    let people = |time: Duration| span(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let left = people(left);
    let cause = match min_ttl {
        Some(min_ttl) => {
            let asked = people(min_ttl);
            format!("they last for another {left}, and `--min-ttl` asks for {asked}")
        }
        None => format!("they last for another {left}, which is less than 10 min"),
    };
    Report::new(
        ErrorCode::StsTooShort,
        "the role's credentials do not last long enough",
    )
    .cause(cause)
    .hint(
        "ask for less with `--min-ttl`, \
         or for longer credentials with `--duration` or `duration =`",
    )
}
