//! A clock that stands still until it is moved on.
//!
//! Always true: it only goes forward, and only to a moment that somebody has asked for.

use crate::engine::{Clock, Timestamp};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// When every scenario begins: 2026-01-01T00:00:00Z.
const BEGINNING: Timestamp = Timestamp { millis: 1_767_225_600_000 };

pub struct StillClock {
    began: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    passed: Duration,
    /// The next moment that something waits for.
    next: Option<Duration>,
}

impl Default for StillClock {
    fn default() -> StillClock {
        StillClock { began: Instant::now(), state: Mutex::default() }
    }
}

impl StillClock {
    /// Moves on to the next moment that something waits for. False: nothing waits.
    pub fn go_on(&self) -> bool {
        let mut state = self.state();
        let Some(next) = state.next.take() else { return false };
        state.passed = next;
        true
    }

    pub fn time_of_day(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(BEGINNING.millis) + self.state().passed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for StillClock {
    fn wall(&self) -> Timestamp {
        BEGINNING.after(self.state().passed)
    }

    fn now(&self) -> Instant {
        self.began + self.state().passed
    }

    fn reached(&self, moment: Instant) -> Option<bool> {
        let moment = moment.saturating_duration_since(self.began);
        let mut state = self.state();
        if moment <= state.passed {
            return Some(true);
        }
        state.next = Some(state.next.map_or(moment, |next| next.min(moment)));
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_to_the_earliest_moment_that_is_waited_for() {
        let clock = StillClock::default();
        let began = clock.now();
        let at = |seconds| began + Duration::from_secs(seconds);
        assert!(!clock.go_on());
        assert_eq!([at(5), at(2), at(9)].map(|moment| clock.reached(moment)), [Some(false); 3]);
        assert!(clock.go_on());
        assert_eq!((clock.now(), clock.wall()), (at(2), BEGINNING.after(Duration::from_secs(2))));
        assert_eq!(clock.reached(at(2)), Some(true));
        // Whoever still waits says so again.
        assert!(!clock.go_on());
    }
}
