//! When credentials of which role were last handed out: so that a menu can begin with what its user is after.
//! Names, no secret; gone with the sign-out.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::agent::vault::{Held, SessionKey};
use crate::clock::Clock;
use crate::model::{Millis, RoleArn};
use crate::wire::UsedRole;

/// More than anybody uses in a day.
const MOST: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Not corrected by the servers' time: what the clients keep beside it is not either.
    clock: Clock,
    last: RefCell<HashMap<(SessionKey, RoleArn), Millis>>,
}

impl Uses {
    pub(super) fn note(&self, held: &Held) {
        let mut uses = self.last.borrow_mut();
        let key = (held.session.clone(), held.credentials.role.clone());
        if uses.len() < MOST || uses.contains_key(&key) {
            uses.insert(key, self.clock.now_millis());
        }
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

    pub(super) fn forget(&self, org: Option<&str>) {
        self.last
            .borrow_mut()
            .retain(|(session, _), _| org.is_some_and(|org| session.org != org));
    }
}
