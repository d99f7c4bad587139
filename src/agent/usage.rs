//! When credentials of which role were last handed out: so that a menu can begin with what its user is after. And until
//! when any of them are good, which a sign-out does not change. No secret. The uses are gone with the sign-out, an end
//! when it is past.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::agent::vault::{CachedCredentials, SessionKey};
use crate::clock::Clock;
use crate::model::{Millis, RoleArn, Timestamp};
use crate::wire::UsedRole;

/// More than anybody uses in a day.
const MOST: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Not corrected by the servers' time: what the clients keep beside it is not either.
    clock: Clock,
    last: RefCell<HashMap<(SessionKey, RoleArn), Millis>>,
    /// By org, the expiry of whatever lasts longest.
    until: RefCell<HashMap<String, Timestamp>>,
}

impl Usage {
    pub(super) fn note(&self, held: &CachedCredentials) {
        let mut uses = self.last.borrow_mut();
        let key = (held.session.clone(), held.credentials.role.clone());
        if uses.len() < MOST || uses.contains_key(&key) {
            uses.insert(key, self.clock.now_millis());
        }
        self.note_expiry(&held.session.org, held.credentials.expires_at);
    }

    /// Keys of `org` that end at `expires_at` are out of our hands.
    pub(super) fn note_expiry(&self, org: &str, expires_at: Timestamp) {
        let mut until = self.until.borrow_mut();
        let last = until.entry(org.to_owned()).or_insert(expires_at);
        *last = expires_at.max(*last);
    }

    /// Until when some of `org`, or of any org, can be used: none if all have expired at `now`.
    pub(super) fn keys_until(&self, org: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        let mut until = self.until.borrow_mut();
        until.retain(|_, until| *until > now);
        let wanted = until
            .iter()
            .filter(|(of, _)| org.is_none_or(|org| org == *of));
        wanted.map(|(_, until)| *until).max()
    }

    pub(super) fn all(&self) -> Vec<UsedRole> {
        let uses = self.last.borrow();
        let mut all: Vec<UsedRole> = uses
            .iter()
            .map(|((session, role), at)| UsedRole {
                org: session.org.clone(),
                username: session.username.clone(),
                role: role.to_string(),
                at: *at,
            })
            .collect();
        all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.role.cmp(&b.role)));
        all
    }

    /// Forgets the uses. The keys outlive the sign-out, and so does what is known of their end.
    pub(super) fn forget(&self, org: Option<&str>) {
        self.last
            .borrow_mut()
            .retain(|(session, _), _| org.is_some_and(|org| session.org != org));
    }
}
