//! The wall clock and the boot clock. Only this module reads the system's time.
//!
//! Expiry is a wall-clock time (STS and Okta send dates), but a wall clock can be set back; elapsed
//! time comes from a clock that also counts suspend. Both are read through a [`Clock`], which tests
//! move.

mod zone;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::model::{Millis, Timestamp};

pub use zone::{Zone, span};

/// Source of the current time. Clones of a stopped clock move together.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<StoppedTime>>);

#[derive(Debug)]
struct StoppedTime {
    wall: AtomicI64,
    boot: AtomicI64,
}

impl Clock {
    /// Returns the system's clocks.
    pub const fn system() -> Self {
        Self(None)
    }

    /// Returns a clock that stands at `wall`, 0 s after boot, until it is moved.
    pub fn stopped_at(wall: Timestamp) -> Self {
        Self(Some(Arc::new(StoppedTime {
            wall: AtomicI64::new(wall.0),
            boot: AtomicI64::new(0),
        })))
    }

    /// Returns the wall-clock time.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(hands) => Timestamp(hands.wall.load(Ordering::SeqCst)),
            None => wall().second(),
        }
    }

    /// Returns the wall-clock time in milliseconds.
    pub fn now_millis(&self) -> Millis {
        match &self.0 {
            Some(_) => Millis(self.now().0.saturating_mul(1000)),
            None => wall(),
        }
    }

    /// Returns whole seconds since boot, suspend included. Only differences are meaningful.
    pub fn boot_seconds(&self) -> i64 {
        match &self.0 {
            Some(hands) => hands.boot.load(Ordering::SeqCst),
            None => boot(),
        }
    }

    /// Moves both clocks of a stopped clock. Does nothing to the system's.
    pub fn advance(&self, seconds: i64) {
        if let Some(hands) = &self.0 {
            hands.wall.fetch_add(seconds, Ordering::SeqCst);
            hands.boot.fetch_add(seconds, Ordering::SeqCst);
        }
    }

    /// Sets the wall clock alone, as NTP does.
    pub fn set_wall(&self, to: Timestamp) {
        if let Some(hands) = &self.0 {
            hands.wall.store(to.0, Ordering::SeqCst);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this module is where the time comes from"
)]
fn wall() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Millis(since.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }))
}

/// Linux's monotonic clock stops in suspend and its boot clock does not; Darwin's monotonic clock
/// does not stop.
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
