//! Answers that are used again: the `cache` of an http node.
//!
//! Comes in: a request's key and its answer. Goes out: the answer again, as long as it is fresh.
//! Always true: bounded in entries and bytes; only successful answers are kept; the key is a hash, so that nothing of a
//! request stays in memory.

use super::Attempt;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Answers kept at most; beyond, the ones that expire first go.
const ENTRIES_MAX: usize = 1_000;

/// Bytes of answers kept at most.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// What makes two requests the same: everything the author wrote, and nothing the execution adds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    /// Each part is hashed with its length, so that no two lists of parts run together to the same bytes.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Key {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Key(hash.finalize().into())
    }
}

/// The answers of one process.
#[derive(Default)]
pub(super) struct Cache {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: HashMap<Key, Entry>,
    bytes: usize,
}

struct Entry {
    attempt: Attempt,
    expires: Instant,
    bytes: usize,
}

impl Cache {
    /// The answer to the same request, if one is fresh at `now`.
    pub(super) fn get(&self, key: &Key, now: Instant) -> Option<Attempt> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.get(key).filter(|entry| entry.expires > now).map(|entry| entry.attempt.clone())
    }

    /// Keeps an answer from `now` on for `ttl`.
    pub(super) fn put(&self, key: Key, attempt: &Attempt, ttl: Duration, now: Instant) {
        let bytes = attempt.result.as_ref().map_or(0, String::len);
        let Some(expires) = now.checked_add(ttl).filter(|_| bytes <= BYTES_MAX) else { return };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&key);
        if kept.entries.len() >= ENTRIES_MAX || kept.bytes + bytes > BYTES_MAX {
            kept.make_room(bytes, now);
        }
        kept.bytes += bytes;
        kept.entries.insert(key, Entry { attempt: attempt.clone(), expires, bytes });
    }
}

impl Kept {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    /// Drops what has expired, then what expires first, until there is room for one more and a tenth besides: making
    /// room looks at every entry, and must not happen at every answer.
    fn make_room(&mut self, bytes: usize, now: Instant) {
        let mut by_expiry: Vec<(Instant, Key)> =
            self.entries.iter().map(|(key, entry)| (entry.expires, *key)).collect();
        by_expiry.sort_by_key(|(expires, _)| *expires);
        for (expires, key) in by_expiry {
            let roomy = self.entries.len() < ENTRIES_MAX * 9 / 10 && self.bytes + bytes <= BYTES_MAX * 9 / 10;
            if roomy && expires > now {
                break;
            }
            self.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(60);

    fn answer(text: &str) -> Attempt {
        Attempt::succeeded(text.to_owned())
    }

    fn key(number: usize) -> Key {
        Key::of([number.to_string().as_bytes()])
    }

    #[test]
    fn an_answer_is_used_until_it_expires() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.put(key(1), &answer("{}"), TTL, now);
        assert_eq!(cache.get(&key(1), now), Some(answer("{}")));
        assert_eq!(cache.get(&key(2), now), None);
        assert_eq!(cache.get(&key(1), now + TTL), None);
        cache.put(key(1), &answer("{\"new\":1}"), TTL, now + TTL);
        assert_eq!(cache.get(&key(1), now + TTL), Some(answer("{\"new\":1}")));
    }

    #[test]
    fn parts_do_not_run_together() {
        let of = |parts: &[&str]| Key::of(parts.iter().map(|part| part.as_bytes()));
        assert!(of(&["ab", "c"]) != of(&["a", "bc"]));
        assert!(of(&["ab"]) != of(&["ab", ""]));
    }

    #[test]
    fn the_answers_that_expire_first_make_room() {
        let (cache, now) = (Cache::default(), Instant::now());
        for number in 0..3 * ENTRIES_MAX {
            cache.put(key(number), &answer("{}"), TTL + Duration::from_millis(number as u64), now);
        }
        let kept = cache.kept.lock().expect("no other thread");
        assert!(kept.entries.len() <= ENTRIES_MAX);
        assert_eq!(kept.bytes, 2 * kept.entries.len());
        assert!(kept.entries.contains_key(&key(3 * ENTRIES_MAX - 1)) && !kept.entries.contains_key(&key(0)));
    }

    #[test]
    fn bytes_are_bounded() {
        let (cache, now) = (Cache::default(), Instant::now());
        let large = answer(&"x".repeat(BYTES_MAX / 3));
        (0..10).for_each(|number| cache.put(key(number), &large, TTL, now));
        assert!(cache.kept.lock().expect("no other thread").bytes <= BYTES_MAX);
        cache.put(key(11), &answer(&"x".repeat(BYTES_MAX + 1)), TTL, now);
        assert_eq!(cache.get(&key(11), now), None);
    }
}
