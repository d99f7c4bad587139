//! When something was, by both clocks.

use crate::clock::Clock;

/// One reading of both clocks, in seconds.
#[derive(Clone, Copy, Debug)]
pub(in crate::agent) struct Moment {
    pub(super) wall: i64,
    pub(super) boot: i64,
}

impl Moment {
    pub(super) fn of(clock: &Clock) -> Self {
        Self {
            wall: clock.now().0,
            boot: clock.boot_seconds(),
        }
    }

    /// The seconds since, by the clock that is further on.
    pub(in crate::agent) fn since(self, then: Self) -> i64 {
        (self.wall - then.wall).max(self.boot - then.boot)
    }
}
