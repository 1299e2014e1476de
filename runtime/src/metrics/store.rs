//! Numbers that many threads add to and one reads now and then.
//!
//! Always true: adding is one or two relaxed atomic additions. A reader may see the parts of an observation one after the
//! other; what it reads only ever grows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// How often something took how long. The crate's own histogram takes a lock for each observation.
#[derive(Debug)]
pub struct Histogram {
    /// Upper limits in seconds, rising.
    limits: &'static [f64],
    /// One per limit, and one for what is above all of them.
    counts: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

impl Counter {
    pub fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Histogram {
    pub fn new(limits: &'static [f64]) -> Histogram {
        Histogram { limits, counts: (0..=limits.len()).map(|_| AtomicU64::new(0)).collect(), nanos: AtomicU64::new(0) }
    }

    pub fn observe(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = self.limits.partition_point(|limit| *limit < seconds);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Seconds of all observations together.
    pub fn sum(&self) -> f64 {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64()
    }

    /// By upper limit, the last of which is infinite; not added up.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let limits = self.limits.iter().copied().chain([f64::INFINITY]);
        limits.zip(self.counts.iter().map(|count| count.load(Ordering::Relaxed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_belongs_to_its_bucket() {
        let histogram = Histogram::new(&[0.5, 1.0]);
        for millis in [500, 501, 1000, 1001] {
            histogram.observe(Duration::from_millis(millis));
        }
        assert_eq!(histogram.buckets(), [(0.5, 1), (1.0, 2), (f64::INFINITY, 1)]);
        assert!((histogram.sum() - 3.002).abs() < 1e-9);
    }
}
