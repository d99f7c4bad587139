//! A session and its deadlines.

use std::cell::Cell;

use super::SessionKey;
use super::moment::Moment;
use crate::flow::OktaSession;
use crate::model::Timestamp;

/// A session that a sign-in made, and when the agent will forget it.
#[derive(Debug)]
pub(in crate::agent) struct LiveSession {
    pub okta: OktaSession,
    signed_in: Moment,
    used: Cell<Moment>,
    /// Seconds, as the client that signed in has them in its settings.
    idle: i64,
    max: i64,
}

impl LiveSession {
    pub(super) fn begun(okta: OktaSession, now: Moment, idle: u32, max: u32) -> Self {
        Self {
            okta,
            signed_in: now,
            used: Cell::new(now),
            idle: idle.into(),
            max: max.into(),
        }
    }

    pub(in crate::agent) fn key(&self) -> SessionKey {
        SessionKey::new(self.okta.org().origin(), self.okta.username())
    }

    pub(super) fn signed_in(&self) -> Moment {
        self.signed_in
    }

    pub(super) fn is_used(&self, now: Moment) {
        self.used.set(now);
    }

    pub(super) fn seconds_left(&self, now: Moment) -> i64 {
        (self.idle - now.since(self.used.get())).min(self.max - now.since(self.signed_in))
    }

    /// When it is over if nobody uses it, on this machine's clock.
    pub(super) fn ends(&self, now: Moment) -> Timestamp {
        Timestamp(now.wall + self.seconds_left(now))
    }
}
