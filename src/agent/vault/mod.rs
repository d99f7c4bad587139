//! The only long-lived holder of secrets: Okta sessions and the credentials made with them.
//!
//! Expiry is checked at each use: on the wall clock, corrected by the servers' `Date` header, and
//! on the clock that counts through suspend. The clock that has advanced further decides.

mod cached;
mod live_session;
mod moment;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

pub(super) use self::cached::{CachedCredentials, Freshness, issue};
pub(super) use self::live_session::{LiveSession, SessionKey};
pub(super) use self::moment::Moment;
use crate::agent::credential_key::CredentialKey;
use crate::aws::SessionDuration;
use crate::clock::Clock;
use crate::flow::{FlowContext, OktaSession, UsedFactor};
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::okta::oauth::OptionalScopes;
use crate::wire::{Account, HeldRole, SessionStatus};

/// If Okta rejects a session this soon after its sign-in, the agent reports that and does not ask
/// the user to sign in again.
const NEW_SESSION_AGE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Vault {
    clock: Clock,
    /// A server's time, and this machine's clocks when it arrived.
    anchor: Cell<Option<(Timestamp, Moment)>>,
    /// Number of sign-outs from all orgs, and from each org.
    sign_outs: Cell<u64>,
    org_sign_outs: RefCell<HashMap<String, u64>>,
    sessions: RefCell<HashMap<SessionKey, Rc<LiveSession>>>,
    /// Ended sessions whose tokens must still be revoked at Okta.
    revocable: RefCell<Vec<Rc<LiveSession>>>,
    credentials: RefCell<HashMap<CredentialKey, Rc<CachedCredentials>>>,
    durations: RefCell<HashMap<RoleArn, SessionDuration>>,
    /// The factor of each user's last sign-in. Cleared by a sign-out.
    factors: RefCell<HashMap<SessionKey, UsedFactor>>,
    /// The scopes that an org refused a client id.
    refused_scopes: RefCell<HashMap<(String, Option<String>), OptionalScopes>>,
}

impl Vault {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            anchor: Cell::new(None),
            sign_outs: Cell::new(0),
            org_sign_outs: RefCell::default(),
            sessions: RefCell::default(),
            revocable: RefCell::default(),
            credentials: RefCell::default(),
            durations: RefCell::default(),
            factors: RefCell::default(),
            refused_scopes: RefCell::default(),
        }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::now(&self.clock)
    }

    /// Returns by how many seconds this machine's wall clock is ahead of the servers' clocks;
    /// `None` before a server has sent its time.
    pub(super) fn clock_skew(&self) -> Option<i64> {
        let (server, then) = self.anchor.get()?;
        Some(then.wall.seconds_since(server))
    }

    /// Sets the corrected clock to a server's `Date`. Must be called when the header arrives:
    /// applied later, it would set the clock back.
    pub(super) fn correct_clock(&self, server: Timestamp) {
        self.anchor.set(Some((server, self.moment())));
    }

    /// Whether the sign-in to `session` was less than [`NEW_SESSION_AGE`] ago.
    pub(super) fn is_new(&self, session: &LiveSession) -> bool {
        self.moment().since(session.signed_in()) < NEW_SESSION_AGE
    }

    /// Returns a number that each sign-out from `org` increases. The result of work that began
    /// before the sign-out must not be kept.
    pub(super) fn generation(&self, org: &str) -> u64 {
        let of_org = self.org_sign_outs.borrow();
        self.sign_outs.get() + of_org.get(org).copied().unwrap_or_default()
    }

    /// Returns the live session of `username` at `org`, or of the only user there if no name is
    /// given.
    pub(super) fn session(&self, org: &str, username: Option<&str>) -> Option<Rc<LiveSession>> {
        self.expire();
        let sessions = self.sessions.borrow();
        let mut matching = sessions.iter().filter(|(key, _)| {
            key.org == org && username.is_none_or(|name| SessionKey::new(org, name) == **key)
        });
        let (_, session) = matching.next()?;
        if matching.next().is_some() {
            return None;
        }
        session.touch(self.moment());
        Some(Rc::clone(session))
    }

    /// Keeps a new session. Returns it and the one it replaces.
    pub(super) fn keep_session(
        &self,
        okta: OktaSession,
        idle: Duration,
        max: Duration,
    ) -> (Rc<LiveSession>, Option<Rc<LiveSession>>) {
        let key = SessionKey::new(okta.org().origin(), okta.username());
        let session = Rc::new(LiveSession::new(okta, self.moment(), idle, max));
        // A request that names no user must not get the credentials of another user.
        self.credentials.borrow_mut().retain(|asked, cached| {
            asked.names_user() || cached.session == key || cached.session.org != key.org
        });
        let replaced = self.sessions.borrow_mut().insert(key, Rc::clone(&session));
        (session, replaced)
    }

    /// Removes a session that has ended at Okta. Its credentials stay until they expire.
    pub(super) fn forget_session(&self, session: &LiveSession) {
        self.sessions
            .borrow_mut()
            .retain(|_, kept| !std::ptr::eq(&raw const **kept, session));
    }

    /// Removes the credentials that were made with the session of `key`.
    pub(super) fn forget_credentials(&self, key: &SessionKey) {
        self.credentials
            .borrow_mut()
            .retain(|_, cached| cached.session != *key);
    }

    /// Returns the unexpired credentials for `key`.
    pub(super) fn credentials(&self, key: &CredentialKey) -> Option<Rc<CachedCredentials>> {
        self.expire();
        self.credentials.borrow().get(key).map(Rc::clone)
    }

    pub(super) fn keep_credentials(
        &self,
        key: CredentialKey,
        session: SessionKey,
        credentials: Credentials,
    ) -> Rc<CachedCredentials> {
        let cached = CachedCredentials::new(credentials, session, self.now());
        let cached = Rc::new(cached);
        self.credentials
            .borrow_mut()
            .insert(key, Rc::clone(&cached));
        cached
    }

    pub(super) fn time_left(&self, cached: &CachedCredentials) -> Duration {
        cached.time_left(self.now())
    }

    /// Returns whether credentials are fresh enough for a request that needs them for `min_ttl`.
    pub(super) fn freshness(
        &self,
        cached: &CachedCredentials,
        min_ttl: Option<Duration>,
    ) -> Freshness {
        cached.freshness(self.now(), min_ttl)
    }

    /// Returns the factors that the users of `org` last used, by username in lower case.
    pub(super) fn last_factors(&self, org: &str) -> HashMap<String, UsedFactor> {
        let factors = self.factors.borrow();
        let of_org = factors.iter().filter(|(key, _)| key.org == org);
        of_org
            .map(|(key, factor)| (key.username.clone(), factor.clone()))
            .collect()
    }

    pub(super) fn remember_factor(&self, key: SessionKey, factor: Option<UsedFactor>) {
        if let Some(factor) = factor {
            self.factors.borrow_mut().insert(key, factor);
        }
    }

    /// Returns the scopes that the org refused to the account's client id.
    pub(super) fn refused_scopes(&self, account: &Account) -> OptionalScopes {
        let key = (account.org.clone(), account.client_id.clone());
        let refused = self.refused_scopes.borrow();
        refused.get(&key).copied().unwrap_or_default()
    }

    /// Remembers refused scopes until a sign-out: an administrator may grant them later.
    pub(super) fn remember_refused_scopes(&self, account: &Account, scopes: OptionalScopes) {
        let key = (account.org.clone(), account.client_id.clone());
        self.refused_scopes.borrow_mut().insert(key, scopes);
    }

    /// Removes everything of `org`, or of every org. Returns the removed sessions.
    pub(super) fn take(&self, org: Option<&str>) -> Vec<Rc<LiveSession>> {
        match org {
            None => self.sign_outs.set(self.sign_outs.get() + 1),
            Some(org) => {
                let mut of_org = self.org_sign_outs.borrow_mut();
                *of_org.entry(org.to_owned()).or_default() += 1;
            }
        }
        let in_scope = |of: &str| org.is_none_or(|org| org == of);
        self.refused_scopes
            .borrow_mut()
            .retain(|(org, _), _| !in_scope(org));
        self.factors
            .borrow_mut()
            .retain(|key, _| !in_scope(&key.org));
        self.credentials
            .borrow_mut()
            .retain(|_, cached| !in_scope(&cached.session.org));
        let mut taken = self.take_revocable();
        let mut sessions = self.sessions.borrow_mut();
        let ended = sessions.extract_if(|key, _| in_scope(&key.org));
        taken.extend(ended.map(|(_, session)| session));
        taken
    }

    /// Takes the ended sessions whose tokens must still be revoked at Okta.
    pub(super) fn take_revocable(&self) -> Vec<Rc<LiveSession>> {
        self.revocable.take()
    }

    /// Removes what has expired. A session that ends here takes its credentials with it, because
    /// `idle` and `max` promise that nothing is left.
    pub(super) fn expire(&self) {
        let moment = self.moment();
        let mut sessions = self.sessions.borrow_mut();
        let ended: HashMap<_, _> = sessions
            .extract_if(|_, session| session.time_left(moment).is_zero())
            .collect();
        drop(sessions);
        let now = self.now();
        self.credentials.borrow_mut().retain(|_, cached| {
            cached.credentials.expires_at > now && !ended.contains_key(&cached.session)
        });
        let has_tokens = |session: &Rc<LiveSession>| session.okta().has_tokens();
        self.revocable
            .borrow_mut()
            .extend(ended.into_values().filter(has_tokens));
    }

    /// Returns the time until the next session ends; `None` without a session.
    pub(super) fn next_session_end(&self) -> Option<Duration> {
        let now = self.moment();
        let sessions = self.sessions.borrow();
        sessions
            .values()
            .map(|session| session.time_left(now))
            .min()
    }

    pub(super) fn session_statuses(&self) -> Vec<SessionStatus> {
        let now = self.moment();
        let sessions = self.sessions.borrow();
        let mut all: Vec<_> = sessions
            .iter()
            .map(|(key, session)| SessionStatus {
                org: key.org.clone(),
                username: session.okta().username().to_owned(),
                signed_in: session.signed_in().wall,
                ends: session.ends(now),
                network: session.last_route().summary(),
            })
            .collect();
        all.sort_by(|a, b| (&a.org, &a.username).cmp(&(&b.org, &b.username)));
        all
    }

    /// Returns when `session` ends if no request uses it, on this machine's clock.
    pub(super) fn end_of(&self, session: &LiveSession) -> Timestamp {
        session.ends(self.moment())
    }

    pub(super) fn held_roles(&self) -> Vec<HeldRole> {
        let now = self.now();
        let mut all: Vec<_> = self
            .credentials
            .borrow()
            .iter()
            .map(|(key, cached)| HeldRole {
                role: cached.credentials.role.to_string(),
                username: cached.session.username.clone(),
                policy: key.policy().clone(),
                expires_at: cached.credentials.expires_at,
                seconds_left: cached.time_left(now).as_secs().cast_signed(),
            })
            .collect();
        all.sort_by(|a, b| (&a.role, &a.username).cmp(&(&b.role, &b.username)));
        all.dedup_by(|a, b| {
            (&a.role, &a.username, &a.policy, a.expires_at)
                == (&b.role, &b.username, &b.policy, b.expires_at)
        });
        all
    }
}

impl FlowContext for Vault {
    fn now(&self) -> Timestamp {
        let now = self.moment();
        match self.anchor.get() {
            None => now.wall,
            Some((server, then)) => server.plus(now.since(then).as_secs().cast_signed()),
        }
    }

    fn duration(&self, role: &RoleArn) -> Option<SessionDuration> {
        self.durations.borrow().get(role).copied()
    }

    fn remember_duration(&self, role: &RoleArn, granted: SessionDuration) {
        self.durations.borrow_mut().insert(role.clone(), granted);
    }
}

#[cfg(test)]
pub(super) mod tests;
