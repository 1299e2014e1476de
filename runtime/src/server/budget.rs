//! How much memory bodies may take that are being received, all of them together.
//!
//! Comes in: how large the buffer of a body is to become, and whose it is. Goes out: yes or no; what was taken is given back
//! when the body is done with.
//! Always true: no client has more than a half, so that one of them alone does not keep others out; the beginning of a body,
//! [`FREE`], costs nothing, so that what nearly all senders send is taken in even when larger bodies are not.

use super::connection::network;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of each body that are not counted: connections are, and each has buffers of this size anyway.
pub const FREE: usize = 16 * 1024;

/// Bytes of all bodies together, at least.
const TOTAL: usize = 64 * 1024 * 1024;

/// Bodies of the largest size that have room at once, at least.
const LARGEST: usize = 16;

pub struct Budget {
    total: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    bytes: usize,
    by_client: HashMap<IpAddr, usize>,
}

/// What one body has taken.
pub struct Share<'a> {
    budget: &'a Budget,
    client: IpAddr,
    bytes: usize,
}

impl Budget {
    /// `body_max`: how large a body may be.
    pub fn new(body_max: usize) -> Budget {
        Budget { total: TOTAL.max(body_max.saturating_mul(LARGEST)), taken: Mutex::default() }
    }

    /// For a body of which nothing has come yet.
    pub fn share(&self, client: IpAddr) -> Share<'_> {
        Share { budget: self, client: network(client), bytes: 0 }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    /// Takes what a buffer of so many bytes needs beyond what is taken already. False: there is no room for it, and nothing is
    /// taken.
    pub fn grow_to(&mut self, size: usize) -> bool {
        let more = size.saturating_sub(FREE).saturating_sub(self.bytes);
        if more == 0 {
            return true;
        }
        let total = self.budget.total;
        let mut taken = self.budget.taken();
        let of_client = taken.by_client.get(&self.client).copied().unwrap_or_default();
        if taken.bytes + more > total || of_client + more > total / 2 {
            return false;
        }
        taken.bytes += more;
        taken.by_client.insert(self.client, of_client + more);
        self.bytes += more;
        true
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.budget.taken();
        taken.bytes -= self.bytes;
        if let Some(of_client) = taken.by_client.get_mut(&self.client) {
            *of_client -= self.bytes;
            if *of_client == 0 {
                taken.by_client.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn clients<const N: usize>() -> [IpAddr; N] {
        std::array::from_fn(|number| IpAddr::from([192, 0, 2, number as u8]))
    }

    #[test]
    fn there_is_an_end_to_it_for_each_and_for_all() {
        let budget = Budget::new(MIB);
        let [alice, bob, carol] = clients();
        let take = |client| -> Vec<Share> {
            let share = || {
                let mut share = budget.share(client);
                share.grow_to(MIB + FREE).then_some(share)
            };
            std::iter::from_fn(share).collect()
        };
        let of_alice = take(alice);
        assert_eq!((of_alice.len(), take(bob).len()), (32, 32));
        let of_bob = take(bob);
        assert!(take(carol).is_empty());
        // Small ones always have room.
        assert!(budget.share(carol).grow_to(FREE) && !budget.share(carol).grow_to(FREE + 1));
        drop((of_alice, of_bob));
        assert!(budget.taken().bytes == 0 && budget.taken().by_client.is_empty());
    }

    #[test]
    fn a_body_takes_what_it_grows_by() {
        let budget = Budget::new(MIB);
        let [alice] = clients();
        let mut share = budget.share(alice);
        for size in [100, FREE, FREE + 100, FREE + 50, FREE + 300] {
            assert!(share.grow_to(size));
        }
        assert_eq!(budget.taken().bytes, 300);
        assert!(!share.grow_to(33 * MIB));
        assert_eq!(budget.taken().bytes, 300);
    }

    #[test]
    fn several_of_the_largest_bodies_have_room() {
        let budget = Budget::new(100 * MIB);
        let [alice] = clients();
        let mut shares = Vec::from_iter((0..8).map(|_| budget.share(alice)));
        assert!(shares.iter_mut().all(|share| share.grow_to(100 * MIB)));
    }
}
