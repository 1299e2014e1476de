//! How many inputs one client may send.
//!
//! Comes in: the operator's limit, a client's address. Goes out: yes with what is left, or no with when to come again.
//! Always true: clients that have used nothing lately are forgotten, so memory is bounded by what arrives in one period.

use super::connection::network;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// So many in a period; as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub number: NonZeroU32,
    pub period: Duration,
}

/// `100/s`, `600/m`, `5000/h`; without a unit: in a minute.
impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<RateLimit, &'static str> {
        let (number, unit) = text.split_once('/').unwrap_or((text, "m"));
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => 0,
        };
        let number = number.parse().ok().and_then(NonZeroU32::new).filter(|_| seconds > 0);
        let number = number.ok_or("expected a number of requests such as 100/s, 600/m or 5000/h")?;
        let period = Duration::from_secs(seconds);
        if (period / number.get()).is_zero() {
            return Err("so many requests cannot be counted");
        }
        Ok(RateLimit { number, period })
    }
}

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

pub struct Rates {
    limit: RateLimit,
    limiter: Limiter,
    clock: DefaultClock,
    asked: AtomicUsize,
}

/// What a client is told about its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub limit: u32,
    /// How many are left now.
    pub remaining: u32,
    /// Until there is one more, or all are there again.
    pub reset: Duration,
}

/// After so many questions, clients that have used nothing lately are forgotten.
const FORGET_EVERY: usize = 4096;

impl Rates {
    pub fn new(limit: RateLimit) -> Rates {
        let quota = Quota::with_period(limit.period / limit.number.get());
        let quota = quota.unwrap_or_else(|| Quota::per_second(limit.number)).allow_burst(limit.number);
        let limiter = Limiter::new(quota, HashMapStateStore::default(), DefaultClock::default());
        Rates { limit, limiter, clock: DefaultClock::default(), asked: AtomicUsize::new(0) }
    }

    /// Counts one input of a client.
    ///
    /// # Errors
    /// There was one too many.
    pub fn count(&self, client: IpAddr) -> Result<Rate, Rate> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
        }
        let limit = self.limit.number.get();
        match self.limiter.check_key(&network(client)) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let used = limit.saturating_sub(remaining);
                Ok(Rate { limit, remaining, reset: self.limit.period / limit * used })
            }
            Err(refused) => Err(Rate { limit, remaining: 0, reset: refused.wait_time_from(self.clock.now()) }),
        }
    }
}

impl Rate {
    /// Whole seconds until then, at least 1.
    pub fn reset_seconds(self) -> u64 {
        (self.reset.as_secs() + u64::from(self.reset.subsec_nanos() > 0)).max(1)
    }

    /// `X-RateLimit-Limit`, `X-RateLimit-Remaining`, `X-RateLimit-Reset` (seconds).
    pub fn write(self, headers: &mut HeaderMap) {
        let values = [
            ("x-ratelimit-limit", u64::from(self.limit)),
            ("x-ratelimit-remaining", u64::from(self.remaining)),
            ("x-ratelimit-reset", self.reset_seconds()),
        ];
        for (name, value) in values {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_command_line() {
        let check = |text: &str, number: u32, seconds: u64| {
            let expected = RateLimit { number: NonZeroU32::new(number).unwrap(), period: Duration::from_secs(seconds) };
            assert_eq!(text.parse(), Ok(expected));
        };
        check("100/s", 100, 1);
        check("600/m", 600, 60);
        check("600", 600, 60);
        check("5000/h", 5000, 3600);
        for text in ["", "0/s", "1/d", "x/s", "1/", "-1/s", "1.5/s", "4000000000/s"] {
            assert!(text.parse::<RateLimit>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_client_has_a_limit_of_its_own() {
        let rates = Rates::new("3/h".parse().unwrap());
        let [alice, bob] = ["2001:db8::1", "192.0.2.2"].map(|address| address.parse().unwrap());
        for remaining in [2, 1, 0] {
            assert_eq!(rates.count(alice).unwrap().remaining, remaining);
        }
        let refused = rates.count("2001:db8::2".parse().unwrap()).unwrap_err();
        assert_eq!((refused.limit, refused.remaining), (3, 0));
        assert!((1..=1200).contains(&refused.reset_seconds()), "{refused:?}");
        assert!(rates.count(bob).is_ok());
    }
}
