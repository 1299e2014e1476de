//! Whether the time of day can be believed.
//!
//! Comes in: the wall clock and the monotonic clock, looked at again and again. Goes out: whether they have gone in step for
//! long enough that what the wall clock calls old may be deleted.
//! Always true: right after the start, and after a leap of the wall clock in either direction, it is not believed. A machine
//! that wakes up in the wrong year is put right within minutes, mostly; what was deleted by then would be gone.

use super::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// How long the clocks have to go in step.
const IN_STEP: Duration = Duration::from_secs(60 * 60);
/// How far they may be apart from one look to the next: a clock that is corrected little by little does not leap.
const LEAP: Duration = Duration::from_secs(60);

pub struct Calendar {
    last: (Instant, Timestamp),
    in_step_since: Instant,
}

impl Calendar {
    pub fn new(now: Instant, wall: Timestamp) -> Calendar {
        Calendar { last: (now, wall), in_step_since: now }
    }

    /// Looks at both clocks. Whether the time of day is to be believed.
    pub fn believes(&mut self, now: Instant, wall: Timestamp) -> bool {
        let (then, wall_then) = self.last;
        let expected = wall_then.after(now.saturating_duration_since(then));
        if Duration::from_millis(expected.millis.abs_diff(wall.millis)) > LEAP {
            self.in_step_since = now;
        }
        self.last = (now, wall);
        now.saturating_duration_since(self.in_step_since) >= IN_STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Looks once a minute. `leaps`: after so many minutes the wall clock is moved by so many seconds. The minutes at which the
    /// answer changes.
    #[track_caller]
    fn check(minutes: u32, leaps: &[(u32, i64)], changes: &[u32]) {
        let (start, mut moved) = (Instant::now(), 1_795_348_800_000_u64);
        let mut calendar = Calendar::new(start, Timestamp { millis: moved });
        let (mut believed, mut seen) = (false, Vec::new());
        for minute in 1..=minutes {
            for (_, seconds) in leaps.iter().filter(|(at, _)| *at == minute) {
                moved = moved.checked_add_signed(seconds * 1000).unwrap();
            }
            let passed = MINUTE * minute;
            let now = calendar.believes(start + passed, Timestamp { millis: moved }.after(passed));
            if now != believed {
                seen.push(minute);
            }
            believed = now;
        }
        assert_eq!(seen, changes, "{leaps:?}");
    }

    #[test]
    fn a_clock_is_believed_once_it_has_gone_right_for_an_hour() {
        let years = 10 * 365 * 86_400;
        check(59, &[], &[]);
        check(200, &[], &[60]);
        // Back and forth again, as where somebody corrects a mistake.
        check(200, &[(10, years), (15, -years)], &[75]);
        check(200, &[(100, years)], &[60, 100, 160]);
        check(200, &[(100, -years)], &[60, 100, 160]);
        // Corrected little by little.
        check(200, &[(100, 30), (101, 30), (102, -30)], &[60]);
    }
}
