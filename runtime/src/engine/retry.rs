//! Policy → waits.
//!
//! Comes in: a node's retry policy, which retry it is, what the service asked for, what is left of the execution's budget.
//! Goes out: how long to wait, or that waiting makes no sense.
//! Always true: pure and deterministic; jitter is drawn from execution, node and attempt, so a replay waits as long.

use crate::flow::{Delay, Retry};
use std::time::Duration;

/// No service is waited for any longer, whatever it asks for.
const ASKED_MAX: Duration = Duration::from_secs(60 * 60);

/// How long to wait before retry number `retry` (the first is 1), or `None` when the node has to be content with its
/// last attempt.
///
/// The wait is the longer of the policy's and `asked` (`Retry-After`): earlier would be against one of the two. A service
/// that asks for more than is left of the execution's budget gets no retry at all, so that handlers still have their time; one
/// that asks for more than [`ASKED_MAX`] is asked again by then.
/// A wait of the policy's own is never cut short: if it exceeds the budget, the execution times out.
pub fn wait(
    policy: &Retry,
    retry: u32,
    asked: Option<Duration>,
    budget: Option<Duration>,
    seed: u64,
) -> Option<Duration> {
    if retry > policy.retries {
        return None;
    }
    let own = delay(&policy.delay, retry, seed);
    match asked {
        Some(asked) if too_late(asked, budget).is_some() => None,
        Some(asked) => Some(own.max(asked.min(ASKED_MAX))),
        None => Some(own),
    }
}

/// What is left of the budget, where a service asks to be left alone for as long or longer.
pub fn too_late(asked: Duration, budget: Option<Duration>) -> Option<Duration> {
    budget.filter(|budget| asked >= *budget)
}

/// The seed of the jitter of one wait.
pub fn seed(execution: u64, node: usize, retry: u32) -> u64 {
    mix(mix(execution ^ mix(node as u64)) ^ u64::from(retry))
}

fn delay(delay: &Delay, retry: u32, seed: u64) -> Duration {
    match *delay {
        Delay::Fixed(delay) => delay,
        Delay::Exponential { initial, max, jitter } => {
            let factor = 1_u32.checked_shl(retry.saturating_sub(1)).unwrap_or(u32::MAX);
            let full = initial.saturating_mul(factor).min(max);
            if !jitter {
                return full;
            }
            let half = full / 2;
            let span = u64::try_from((full - half).as_micros()).unwrap_or(u64::MAX);
            half + Duration::from_micros(match span {
                u64::MAX => seed,
                span => seed % (span + 1),
            })
        }
    }
}

/// The finaliser of SplitMix64: every bit of the input moves about half of the output's bits.
fn mix(input: u64) -> u64 {
    let mut z = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn exponential(retries: u32, jitter: bool) -> Retry {
        Retry { retries, delay: Delay::Exponential { initial: seconds(1), max: seconds(30), jitter } }
    }

    #[test]
    fn retries_are_counted_after_the_first_attempt() {
        let policy = Retry { retries: 2, delay: Delay::Fixed(seconds(5)) };
        assert_eq!(wait(&policy, 1, None, None, 0), Some(seconds(5)));
        assert_eq!(wait(&policy, 2, None, None, 0), Some(seconds(5)));
        assert_eq!(wait(&policy, 3, None, None, 0), None);
    }

    #[test]
    fn exponential_waits_double_up_to_the_maximum() {
        let waits: Vec<_> =
            (1..=7).map(|retry| wait(&exponential(99, false), retry, None, None, 0).unwrap().as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(wait(&exponential(99, false), 99, None, None, 0), Some(seconds(30)), "no overflow");
    }

    #[test]
    fn jitter_stays_between_half_and_all_and_repeats_itself() {
        let mut different = std::collections::BTreeSet::new();
        for execution in 0..200 {
            let seed = seed(execution, 3, 4);
            let drawn = wait(&exponential(9, true), 4, None, None, seed).unwrap();
            assert!((seconds(4)..=seconds(8)).contains(&drawn), "{drawn:?}");
            assert_eq!(wait(&exponential(9, true), 4, None, None, seed), Some(drawn));
            different.insert(drawn);
        }
        assert!(different.len() > 190, "only {} different waits", different.len());
    }

    #[test]
    fn retry_after_lengthens_but_never_shortens_the_wait() {
        let policy = Retry { retries: 1, delay: Delay::Fixed(seconds(5)) };
        assert_eq!(wait(&policy, 1, Some(seconds(9)), None, 0), Some(seconds(9)));
        assert_eq!(wait(&policy, 1, Some(seconds(1)), None, 0), Some(seconds(5)));
    }

    #[test]
    fn nobody_is_waited_for_longer_than_an_hour() {
        let policy = |delay| Retry { retries: 1, delay: Delay::Fixed(seconds(delay)) };
        assert_eq!(wait(&policy(5), 1, Some(seconds(9_999_999_999_999)), None, 0), Some(seconds(3600)));
        assert_eq!(wait(&policy(5), 1, Some(seconds(7200)), Some(seconds(8000)), 0), Some(seconds(3600)));
        assert_eq!(wait(&policy(5), 1, Some(seconds(7200)), Some(seconds(7000)), 0), None);
        assert_eq!(
            wait(&policy(7200), 1, Some(seconds(9000)), None, 0),
            Some(seconds(7200)),
            "the policy's own wait stands"
        );
    }

    #[test]
    fn retry_after_beyond_the_budget_is_not_waited_for() {
        let policy = Retry { retries: 1, delay: Delay::Fixed(seconds(5)) };
        assert_eq!(wait(&policy, 1, Some(seconds(60)), Some(seconds(60)), 0), None);
        assert_eq!(wait(&policy, 1, Some(seconds(59)), Some(seconds(60)), 0), Some(seconds(59)));
        assert_eq!(wait(&policy, 1, None, Some(seconds(2)), 0), Some(seconds(5)), "the policy's own wait stands");
    }
}
