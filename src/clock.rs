//! The two clocks everything is judged by, and the only place that asks the system for the time.
//!
//! Expiry is a wall-clock fact (STS and Okta send dates), but a wall clock can be set back; elapsed time
//! is taken from a clock that keeps counting while the machine sleeps. Both are read through a [`Clock`]
//! value, so a test moves them by hand.

mod zone;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::model::{Millis, Timestamp};

pub use zone::{Zone, span};

/// Where "now" comes from. Cheap to clone; clones of a moved clock move together.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Hands>>);

#[derive(Debug)]
struct Hands {
    wall: AtomicI64,
    boot: AtomicI64,
}

impl Clock {
    /// The machine's own clocks.
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `wall` (and at boot + 0 s) until it is moved.
    pub fn stopped_at(wall: Timestamp) -> Self {
        Self(Some(Arc::new(Hands {
            wall: AtomicI64::new(wall.0),
            boot: AtomicI64::new(0),
        })))
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(hands) => Timestamp(hands.wall.load(Ordering::SeqCst)),
            None => wall().second(),
        }
    }

    /// The wall clock, more finely.
    pub fn now_millis(&self) -> Millis {
        match &self.0 {
            Some(_) => Millis(self.now().0.saturating_mul(1000)),
            None => wall(),
        }
    }

    /// Whole seconds since boot, counting those spent in suspend; only differences mean anything.
    pub fn boot_seconds(&self) -> i64 {
        match &self.0 {
            Some(hands) => hands.boot.load(Ordering::SeqCst),
            None => boot(),
        }
    }

    /// Lets `seconds` pass on both hands of a stopped clock; the system's clocks are nobody's to move.
    pub fn advance(&self, seconds: i64) {
        if let Some(hands) = &self.0 {
            hands.wall.fetch_add(seconds, Ordering::SeqCst);
            hands.boot.fetch_add(seconds, Ordering::SeqCst);
        }
    }

    /// Sets the wall clock alone, as an administrator or NTP would.
    pub fn set_wall(&self, to: Timestamp) {
        if let Some(hands) = &self.0 {
            hands.wall.store(to.0, Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this room is where the time comes from"
)]
fn wall() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }))
}

/// Linux's monotonic clock stops in suspend and its boot clock does not; Darwin's monotonic one keeps counting.
#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::CLOCK_MONOTONIC;

fn boot() -> i64 {
    clock_gettime(SINCE_BOOT).map_or(0, |time| time.tv_sec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clocks_run_and_do_not_obey() {
        let clock = Clock::system();
        assert!(clock.now() > Timestamp(1_700_000_000));
        assert!(clock.boot_seconds() > 0);
        clock.advance(1_000_000);
        assert!(Clock::system().now().seconds_since(clock.now()).abs() < 5);
    }

    #[test]
    fn a_stopped_clock_moves_its_hands_together_or_the_wall_alone() {
        let clock = Clock::stopped_at(Timestamp(100));
        let other = clock.clone();
        clock.advance(10);
        assert_eq!((other.now(), other.boot_seconds()), (Timestamp(110), 10));
        clock.set_wall(Timestamp(50));
        assert_eq!((other.now(), other.boot_seconds()), (Timestamp(50), 10));
    }
}
