//! Turns at a limited rate, for each client on its own.
//!
//! Always true: nobody is refused here, only made to wait; at most [`WAIT_MAX`]. Clients that have no turn to wait for are
//! forgotten.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Longer, and clients would give up.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Remembered at most; with more at once, the pace begins anew for all of them.
const CLIENTS_MAX: usize = 10_000;

pub struct Pace {
    interval: Duration,
    /// When the next turn of each client would be, if nobody had saved any.
    next: Mutex<HashMap<IpAddr, Instant>>,
}

impl Pace {
    /// So many turns a second, and twice as many at once.
    pub fn new(per_second: u32) -> Pace {
        Pace { interval: Duration::from_secs(1) / per_second.max(1), next: Mutex::default() }
    }

    /// Waits for this client's turn.
    pub async fn turn(&self, client: IpAddr) {
        let now = Instant::now();
        let wait = self.wait(client, now);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn wait(&self, client: IpAddr, now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.len() >= CLIENTS_MAX && !next.contains_key(&client) {
            next.retain(|_, moment| *moment > now);
            if next.len() >= CLIENTS_MAX {
                next.clear();
            }
        }
        let saved = Duration::from_secs(2);
        let moment = next.entry(client).or_insert(now);
        let turn = (*moment).max(now);
        *moment = (turn + self.interval).min(now + saved + WAIT_MAX);
        (turn - now).saturating_sub(saved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_saved_up_and_then_come_at_the_rate() {
        let pace = Pace::new(10);
        let [alice, bob] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().unwrap());
        let start = Instant::now();
        let waits: Vec<u128> = (0..24).map(|_| pace.wait(alice, start).as_millis()).collect();
        assert_eq!(waits[..21], [0; 21]);
        assert_eq!(waits[21..], [100, 200, 300]);
        assert_eq!(pace.wait(bob, start), Duration::ZERO);
        assert_eq!(pace.wait(alice, start + Duration::from_secs(60)), Duration::ZERO);
    }

    #[test]
    fn nobody_waits_longer_than_the_limit() {
        let pace = Pace::new(10);
        let client = "192.0.2.1".parse().unwrap();
        let start = Instant::now();
        let longest = (0..1000).map(|_| pace.wait(client, start)).max().unwrap();
        assert!(longest <= WAIT_MAX, "{longest:?}");
    }

    #[test]
    fn clients_are_forgotten() {
        let pace = Pace::new(10);
        let start = Instant::now();
        let client = |number: u32| IpAddr::V4(number.into());
        let busy = client(0);
        for _ in 0..50 {
            pace.wait(busy, start);
        }
        for number in 1..CLIENTS_MAX as u32 {
            pace.wait(client(number), start);
        }
        let known = || pace.next.lock().unwrap().len();
        assert_eq!(known(), CLIENTS_MAX);
        // Who has no turn to wait for is forgotten as soon as there is no room.
        let later = start + Duration::from_secs(1);
        assert_eq!(pace.wait(client(1_000_000), later), Duration::ZERO);
        assert_eq!(known(), 2);
        assert!(!pace.wait(busy, later).is_zero());
        // With more at once there is no other way than to forget all of them.
        for number in 0..30_000 {
            pace.wait(client(number), later);
        }
        assert!(known() <= CLIENTS_MAX);
    }
}
