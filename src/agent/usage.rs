//! When credentials of each role were last issued, so that a menu can list recent roles first, and
//! until when issued keys are valid. Holds no secret.
//!
//! A sign-out clears the times of use. Issued keys outlive a sign-out, so their expiry stays known
//! until it has passed.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::agent::vault::{CachedCredentials, SessionKey};
use crate::clock::Clock;
use crate::model::{Millis, RoleArn, Timestamp};
use crate::wire::UsedRole;

/// Further roles are not recorded.
const MAX_ROLES: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Usage {
    /// Not corrected by the servers' time: clients compare it with times of this machine.
    clock: Clock,
    last_used: RefCell<HashMap<(SessionKey, RoleArn), Millis>>,
    /// The latest expiry of issued keys, by org.
    keys_until: RefCell<HashMap<String, Timestamp>>,
}

impl Usage {
    pub(super) fn record(&self, cached: &CachedCredentials) {
        let mut last_used = self.last_used.borrow_mut();
        let key = (cached.session.clone(), cached.credentials.role.clone());
        if last_used.len() < MAX_ROLES || last_used.contains_key(&key) {
            last_used.insert(key, self.clock.now_millis());
        }
        self.record_expiry(&cached.session.org, cached.credentials.expires_at);
    }

    /// Records that keys of `org` were issued that are valid until `expires_at`.
    pub(super) fn record_expiry(&self, org: &str, expires_at: Timestamp) {
        let mut until = self.keys_until.borrow_mut();
        let last = until.entry(org.to_owned()).or_insert(expires_at);
        *last = expires_at.max(*last);
    }

    /// Returns until when issued keys of `org`, or of any org, are valid; `None` if all have
    /// expired at `now`.
    pub(super) fn keys_until(&self, org: Option<&str>, now: Timestamp) -> Option<Timestamp> {
        let mut until = self.keys_until.borrow_mut();
        until.retain(|_, until| *until > now);
        let in_scope = until
            .iter()
            .filter(|(of, _)| org.is_none_or(|org| org == *of));
        in_scope.map(|(_, until)| *until).max()
    }

    /// Returns all uses, the latest first.
    pub(super) fn all(&self) -> Vec<UsedRole> {
        let last_used = self.last_used.borrow();
        let mut all: Vec<UsedRole> = last_used
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

    /// Clears the times of use of `org`, or of every org.
    pub(super) fn forget(&self, org: Option<&str>) {
        self.last_used
            .borrow_mut()
            .retain(|(session, _), _| org.is_some_and(|org| session.org != org));
    }
}
