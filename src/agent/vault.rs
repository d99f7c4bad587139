//! The only long-lived holder of secrets: Okta sessions and the credentials made from them.
//!
//! Expiry is judged at each use, on the wall clock corrected by the servers' `Date` and on the clock that
//! counts through suspend, whichever is further on.

mod live;
mod moment;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

pub(super) use self::live::LiveSession;
pub(super) use self::moment::Moment;
use crate::aws::SessionDuration;
use crate::clock::Clock;
use crate::flow::{FlowContext, OktaSession, UsedFactor};
use crate::model::{Credentials, RoleArn, Timestamp};
use crate::okta::oauth::OptionalScopes;
use crate::wire::{Account, HeldRole, IssuedCredentials, Sealed, SessionStatus, Target};

/// Credentials are renewed this long before their end, in seconds; a third of a short life.
const RENEW: i64 = 20 * 60;
/// Without a `--min-ttl` nobody is handed credentials that end sooner, in seconds; a third of a short life.
const FLOOR: i64 = 10 * 60;

/// A session that is no older, in seconds, is as good as one that begins now.
const NEW: i64 = 60;

/// Org and user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SessionKey {
    pub org: String,
    pub username: String,
}

impl SessionKey {
    /// Okta does not tell capitals in a username apart, so neither does the key.
    pub(super) fn new(org: &str, username: &str) -> Self {
        Self {
            org: org.to_owned(),
            username: username.to_lowercase(),
        }
    }
}

/// Credentials and what they were asked for.
#[derive(Debug)]
pub(super) struct CachedCredentials {
    pub credentials: Credentials,
    pub session: SessionKey,
    /// Seconds from issue to expiry.
    life: i64,
}

/// What may be done with credentials that are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    /// Good to hand out, time to renew.
    Aging,
    /// Too close to their end for this request.
    Stale,
}

#[derive(Debug)]
pub(super) struct Vault {
    clock: Clock,
    /// A server's time and this machine's clocks at that moment.
    anchor: Cell<Option<(Timestamp, Moment)>>,
    /// How often everything was ended, and how often an org was.
    everything_ended: Cell<u64>,
    ended: RefCell<HashMap<String, u64>>,
    sessions: RefCell<HashMap<SessionKey, Rc<LiveSession>>>,
    /// Sessions that are over here and have left tokens at the server.
    revocable: RefCell<Vec<Rc<LiveSession>>>,
    held: RefCell<HashMap<Target, Rc<CachedCredentials>>>,
    durations: RefCell<HashMap<RoleArn, SessionDuration>>,
    /// By user, what the last sign-in was verified with. A sign-out forgets it.
    factors: RefCell<HashMap<SessionKey, UsedFactor>>,
    /// The scopes that an org refused a client.
    refused: RefCell<HashMap<(String, Option<String>), OptionalScopes>>,
}

impl Vault {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            anchor: Cell::new(None),
            everything_ended: Cell::new(0),
            ended: RefCell::default(),
            sessions: RefCell::default(),
            revocable: RefCell::default(),
            held: RefCell::default(),
            durations: RefCell::default(),
            factors: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::of(&self.clock)
    }

    /// Seconds this machine's wall clock is ahead of the servers'.
    pub(super) fn skew(&self) -> i64 {
        self.anchor
            .get()
            .map_or(0, |(server, then)| then.wall - server.0)
    }

    /// The same, when a server has told its time.
    pub(super) fn known_skew(&self) -> Option<i64> {
        self.anchor.get().map(|_| self.skew())
    }

    /// Learns the time from a server's `Date`, at the moment at which it arrives: later it would be a clock
    /// put back.
    pub(super) fn correct(&self, server: Timestamp) {
        self.anchor.set(Some((server, self.moment())));
    }

    /// Whether somebody has just signed in to it.
    pub(super) fn is_new(&self, session: &LiveSession) -> bool {
        self.moment().since(session.signed_in()) < NEW
    }

    /// Raised for `org` by each sign-out that concerns it: what was begun before must not be kept.
    pub(super) fn generation(&self, org: &str) -> u64 {
        let ended = self.ended.borrow();
        self.everything_ended.get() + ended.get(org).copied().unwrap_or_default()
    }

    /// The live session of `username` at `org`; without a name, the only one there is at that org.
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
        session.is_used(self.moment());
        Some(Rc::clone(session))
    }

    /// Keeps a new session, with its deadlines in seconds; hands back the one it replaces.
    pub(super) fn keep_session(
        &self,
        okta: OktaSession,
        idle: u32,
        max: u32,
    ) -> (Rc<LiveSession>, Option<Rc<LiveSession>>) {
        let key = SessionKey::new(okta.org().origin(), okta.username());
        let now = self.moment();
        let session = Rc::new(LiveSession::begun(okta, now, idle, max));
        // What names no user must not serve this one with another's credentials.
        self.held.borrow_mut().retain(|target, held| {
            let is_named = target.account.username.is_some();
            is_named || held.session == key || held.session.org != key.org
        });
        let replaced = self.sessions.borrow_mut().insert(key, Rc::clone(&session));
        (session, replaced)
    }

    /// Forgets a session that has ended at the server; its credentials live on until they expire.
    pub(super) fn forget_session(&self, session: &LiveSession) {
        self.sessions
            .borrow_mut()
            .retain(|_, kept| !std::ptr::eq(&raw const **kept, session));
    }

    /// Drops the credentials that came from the session of `key`.
    pub(super) fn forget_held(&self, key: &SessionKey) {
        self.held
            .borrow_mut()
            .retain(|_, held| held.session != *key);
    }

    pub(super) fn held(&self, target: &Target) -> Option<Rc<CachedCredentials>> {
        self.expire();
        self.held.borrow().get(target).map(Rc::clone)
    }

    pub(super) fn keep(
        &self,
        target: Target,
        session: SessionKey,
        credentials: Credentials,
    ) -> Rc<CachedCredentials> {
        let life = credentials.expires_at.seconds_since(self.now());
        let held = Rc::new(CachedCredentials {
            credentials,
            session,
            life,
        });
        self.held.borrow_mut().insert(target, Rc::clone(&held));
        held
    }

    /// Seconds until `held` expires.
    pub(super) fn seconds_left(&self, held: &CachedCredentials) -> i64 {
        held.credentials.expires_at.seconds_since(self.now())
    }

    /// Judges `held` for a client that needs it for `min_ttl` seconds.
    pub(super) fn freshness(&self, held: &CachedCredentials, min_ttl: Option<u32>) -> Freshness {
        let left = self.seconds_left(held);
        let third = held.life / 3;
        let floor = min_ttl.map_or(FLOOR.min(third), i64::from);
        if left <= floor.max(0) {
            Freshness::Stale
        } else if left <= RENEW.min(third).max(floor) {
            Freshness::Aging
        } else {
            Freshness::Fresh
        }
    }

    /// What the users of `org` last verified with, by username in lower case.
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

    /// The scopes that the account's org refused its client.
    pub(super) fn refused_scopes(&self, account: &Account) -> OptionalScopes {
        let key = (account.org.clone(), account.client_id.clone());
        self.refused.borrow().get(&key).copied().unwrap_or_default()
    }

    /// Until somebody signs out: an administrator may have granted them since.
    pub(super) fn remember_refused(&self, account: &Account, scopes: OptionalScopes) {
        let key = (account.org.clone(), account.client_id.clone());
        self.refused.borrow_mut().insert(key, scopes);
    }

    /// Takes out everything of `org`, or everything; what is returned is all that is left of it.
    pub(super) fn take(&self, org: Option<&str>) -> Vec<Rc<LiveSession>> {
        match org {
            None => self.everything_ended.set(self.everything_ended.get() + 1),
            Some(org) => *self.ended.borrow_mut().entry(org.to_owned()).or_default() += 1,
        }
        self.refused
            .borrow_mut()
            .retain(|(of, _), _| org.is_some_and(|org| org != of));
        let concerns = |key: &SessionKey| org.is_none_or(|org| key.org == org);
        self.factors.borrow_mut().retain(|key, _| !concerns(key));
        self.held
            .borrow_mut()
            .retain(|_, held| !concerns(&held.session));
        let mut taken = self.take_revocable();
        self.sessions.borrow_mut().retain(|key, session| {
            if concerns(key) {
                taken.push(Rc::clone(session));
            }
            !concerns(key)
        });
        taken
    }

    /// Hands over the sessions that are over and are to be ended at the server too.
    pub(super) fn take_revocable(&self) -> Vec<Rc<LiveSession>> {
        self.revocable.take()
    }

    /// Drops what is over. A session takes its credentials with it: idle and max promise that nothing is left.
    pub(super) fn expire(&self) {
        let now = self.moment();
        let mut over = Vec::new();
        self.sessions.borrow_mut().retain(|key, session| {
            let live = session.seconds_left(now) > 0;
            if !live {
                over.push(key.clone());
                if session.okta().has_tokens() {
                    self.revocable.borrow_mut().push(Rc::clone(session));
                }
            }
            live
        });
        let time = self.now();
        self.held
            .borrow_mut()
            .retain(|_, held| held.credentials.expires_at > time && !over.contains(&held.session));
    }

    /// Seconds until the next session is over; `None` without a session.
    pub(super) fn next_end(&self) -> Option<i64> {
        let now = self.moment();
        self.sessions
            .borrow()
            .values()
            .map(|session| session.seconds_left(now))
            .min()
    }

    pub(super) fn sessions(&self) -> Vec<SessionStatus> {
        let now = self.moment();
        let sessions = self.sessions.borrow();
        let mut all: Vec<_> = sessions
            .iter()
            .map(|(key, session)| SessionStatus {
                org: key.org.clone(),
                username: session.okta().username().to_owned(),
                signed_in: Timestamp(session.signed_in().wall),
                ends: session.ends(now),
                network: session.last_route().summary(),
            })
            .collect();
        all.sort_by(|a, b| (&a.org, &a.username).cmp(&(&b.org, &b.username)));
        all
    }

    /// When `session` is over if nobody uses it, on this machine's clock.
    pub(super) fn end_of(&self, session: &LiveSession) -> Timestamp {
        session.ends(self.moment())
    }

    pub(super) fn roles(&self) -> Vec<HeldRole> {
        let mut all: Vec<_> = self
            .held
            .borrow()
            .iter()
            .map(|(target, held)| HeldRole {
                role: held.credentials.role.to_string(),
                username: held.session.username.clone(),
                policy: target.policy.clone(),
                expires_at: held.credentials.expires_at,
                seconds_left: self.seconds_left(held),
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
            None => Timestamp(now.wall),
            Some((server, then)) => server.plus(now.since(then)),
        }
    }

    fn duration(&self, role: &RoleArn) -> Option<SessionDuration> {
        self.durations.borrow().get(role).copied()
    }

    fn remember_duration(&self, role: &RoleArn, granted: SessionDuration) {
        self.durations.borrow_mut().insert(role.clone(), granted);
    }
}

impl CachedCredentials {
    pub(super) fn issue(&self) -> IssuedCredentials {
        issue(&self.credentials)
    }
}

/// Credentials on their way to a client.
pub(super) fn issue(credentials: &Credentials) -> IssuedCredentials {
    IssuedCredentials {
        access_key_id: credentials.access_key_id.clone(),
        secret_access_key: Sealed(credentials.secret_access_key.duplicate()),
        session_token: Sealed(credentials.session_token.duplicate()),
        expires_at: credentials.expires_at,
        role: credentials.role.to_string(),
        provider: credentials.provider.as_ref().map(ToString::to_string),
        chosen: None,
    }
}

#[cfg(test)]
pub(super) mod tests;
