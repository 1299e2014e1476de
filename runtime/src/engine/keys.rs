//! The keys of deliveries that a process knows: who comes first with one starts its execution, everybody else gets that
//! one.
//!
//! Comes in: keys, as deliveries arrive. Goes out: the right to start an execution, or the one that was started.
//! Always true: of all that come with one key at most one holds the right to start; the others wait until it has started,
//! or has failed to. A key lives as long as its execution is known.

use crate::journal::Id;
use crate::trigger::{DedupeKey, Digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

#[derive(Default)]
pub struct Keys {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: HashMap<Digest, Entry>,
    names: HashMap<Id, Digest>,
}

#[derive(Clone)]
enum Entry {
    /// Told when it is no longer so.
    Starting(Arc<Notify>),
    Started(First),
}

/// The execution that was started with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    pub id: Id,
    /// As in [`DedupeKey::input`].
    pub input: Digest,
}

/// What became of a request for the right to start.
pub enum Claimed {
    Mine(Claim),
    Known(First),
}

/// The right to start the execution of a key. Dropped without [`Claim::started`], it passes to whoever comes next.
pub struct Claim {
    keys: Arc<Keys>,
    key: DedupeKey,
    settled: bool,
}

impl Keys {
    /// Waits while somebody else starts the execution of this key.
    pub async fn claim(self: &Arc<Keys>, key: DedupeKey) -> Claimed {
        loop {
            let waiting = {
                let mut inner = self.inner();
                match inner.entries.get(&key.name) {
                    None => {
                        inner.entries.insert(key.name, Entry::Starting(Arc::default()));
                        return Claimed::Mine(Claim { keys: Arc::clone(self), key, settled: false });
                    }
                    Some(Entry::Started(first)) => return Claimed::Known(*first),
                    // Registered under the lock: what is told after it is not missed.
                    Some(Entry::Starting(told)) => Arc::clone(told).notified_owned(),
                }
            };
            waiting.await;
        }
    }

    /// The execution is no longer known; its key may be used again.
    pub fn forget(&self, id: Id) {
        let mut inner = self.inner();
        if let Some(name) = inner.names.remove(&id) {
            inner.entries.remove(&name);
        }
    }

    fn settle(&self, key: &DedupeKey, first: Option<First>) {
        let mut inner = self.inner();
        let before = match first {
            Some(first) => {
                inner.names.insert(first.id, key.name);
                inner.entries.insert(key.name, Entry::Started(first))
            }
            None => inner.entries.remove(&key.name),
        };
        drop(inner);
        if let Some(Entry::Starting(told)) = before {
            told.notify_waiters();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    pub fn key(&self) -> &DedupeKey {
        &self.key
    }

    /// The execution is durable.
    pub fn started(self, id: Id) {
        let input = self.key.input;
        self.known(First { id, input });
    }

    /// The execution was durable already.
    pub fn known(mut self, first: First) {
        self.settled = true;
        self.keys.settle(&self.key, Some(first));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.keys.settle(&self.key, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: u8) -> DedupeKey {
        DedupeKey { name: [name; 32], input: [0; 32] }
    }

    #[tokio::test]
    async fn one_of_many_may_start() {
        let keys = Arc::new(Keys::default());
        let Claimed::Mine(claim) = keys.claim(key(1)).await else { panic!("nobody was before") };
        let others: Vec<_> = (0..100)
            .map(|_| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { keys.claim(key(1)).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let first = First { id: Id(7), input: [0; 32] };
        claim.started(first.id);
        for other in others {
            assert!(matches!(other.await.unwrap(), Claimed::Known(known) if known == first));
        }
        keys.forget(Id(7));
        assert!(matches!(keys.claim(key(1)).await, Claimed::Mine(_)));
    }

    #[tokio::test]
    async fn right_passes_on_when_the_start_fails() {
        let keys = Arc::new(Keys::default());
        let Claimed::Mine(claim) = keys.claim(key(1)).await else { panic!("nobody was before") };
        let next = tokio::spawn({
            let keys = Arc::clone(&keys);
            async move { keys.claim(key(1)).await }
        });
        tokio::task::yield_now().await;
        drop(claim);
        assert!(matches!(next.await.unwrap(), Claimed::Mine(_)));
    }
}
