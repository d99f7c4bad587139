//! A point in time on the wall clock and on the boot clock.

use std::time::Duration;

use crate::clock::Clock;
use crate::model::Timestamp;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug)]
pub(in crate::agent) struct Moment {
    pub(super) wall: Timestamp,
    /// Seconds since boot, suspend included.
    boot: i64,
}

impl Moment {
    pub(super) fn now(clock: &Clock) -> Self {
        Self {
            wall: clock.now(),
            boot: clock.boot_seconds(),
        }
    }

    /// Returns the time since `earlier` by the clock that has advanced further: the wall clock can
    /// be set back, and neither clock may prolong a deadline.
    pub(in crate::agent) fn since(self, earlier: Self) -> Duration {
        let wall = self.wall.seconds_since(earlier.wall);
        let seconds = wall.max(self.boot - earlier.boot);
        Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
    }
}
