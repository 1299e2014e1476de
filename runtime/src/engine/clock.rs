//! Time, handed in.
//!
//! Comes in: nothing. Goes out: the wall clock, in milliseconds; and a monotonic one, for durations and waits.
//! Always true: an execution reads the wall clock once, when it is accepted; every later moment of it is that plus what
//! the monotonic clock has measured since, so its time stamps never run backwards.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn wall(&self) -> Timestamp;

    /// The monotonic clock. By default tokio's, which tests can pause.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// For a clock that stands still until somebody moves it on: whether this moment has come; one that has not is noted
    /// as a moment that something waits for. `None`: time passes by itself, and tokio's timers tell.
    fn reached(&self, _moment: Instant) -> Option<bool> {
        None
    }
}

/// The real one.
pub struct SystemClock;

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp { millis: u64::try_from(since.as_millis()).unwrap_or(u64::MAX) }
    }
}

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339: `2026-11-22T18:21:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Timestamp {
    pub millis: u64,
}

impl Timestamp {
    #[must_use]
    pub fn after(self, elapsed: Duration) -> Timestamp {
        Timestamp { millis: self.millis.saturating_add(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)) }
    }
}

impl Timestamp {
    /// Writes it behind `text`: several are written per node, and formatting takes five times as long.
    pub fn push_to(self, text: &mut String) {
        text.push_str(str::from_utf8(&self.digits()).unwrap_or_default());
    }

    fn digits(self) -> [u8; 24] {
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // Days to a date of the Gregorian calendar, counted in years that begin in March, so that the leap day comes last
        // (Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let parts = [
            (year, 0..4),
            (month, 5..7),
            (day, 8..10),
            (hour, 11..13),
            (minute, 14..16),
            (second, 17..19),
            (millis, 20..23),
        ];
        for (mut number, place) in parts {
            for digit in text[place].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.digits()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(millis: u64, expected: &str) {
        assert_eq!(Timestamp { millis }.to_string(), expected);
    }

    #[test]
    fn timestamps_display_as_rfc_3339() {
        check(0, "1970-01-01T00:00:00.000Z");
        check(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check(951_868_800_000, "2000-03-01T00:00:00.000Z");
        check(1_795_371_660_000, "2026-11-22T18:21:00.000Z");
        check(4_107_542_399_001, "2100-02-28T23:59:59.001Z");
        check(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
    }

    #[test]
    fn timestamps_agree_with_jiff() {
        for day in 0..60_000_u64 {
            let millis = day * 86_400_000 + day * 1_437 % 86_400_000;
            let expected = jiff::Timestamp::from_millisecond(millis as i64).unwrap();
            assert_eq!(Timestamp { millis }.to_string(), format!("{expected:.3}"));
        }
    }
}
