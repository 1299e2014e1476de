//! Which traces are recorded.
//!
//! Always true: the same trace is decided in the same way everywhere and every time, so that a trace is whole or not there.

/// `OTEL_TRACES_SAMPLER` and its argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampler {
    /// Who calls decides for us.
    pub follows_caller: bool,
    /// The part of all others that is recorded, from 0 to 1.
    pub ratio: f64,
}

/// What the specification asks for when nothing is said.
pub const DEFAULT: Sampler = Sampler { follows_caller: true, ratio: 1.0 };

impl Sampler {
    /// `None`: there is no such sampler.
    pub fn named(name: &str, ratio: f64) -> Option<Sampler> {
        let (follows_caller, rest) = match name.strip_prefix("parentbased_") {
            Some(rest) => (true, rest),
            None => (false, name),
        };
        let ratio = match rest {
            "always_on" => 1.0,
            "always_off" => 0.0,
            "traceidratio" => ratio,
            _ => return None,
        };
        Some(Sampler { follows_caller, ratio })
    }

    /// `caller`: whether the caller records, if there is one.
    pub fn samples(self, trace_id: u128, caller: Option<bool>) -> bool {
        match caller {
            Some(recorded) if self.follows_caller => recorded,
            // The last 56 bits are the random ones, in everybody's traces (W3C Trace Context, level 2) and in the numbers of
            // executions (UUID version 7).
            _ => {
                let random = (trace_id & ((1 << 56) - 1)) as f64;
                random >= (1.0 - self.ratio) * (1_u64 << 56) as f64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samplers_by_name() {
        let ids: Vec<u128> = (0..1000).map(|_| uuid::Uuid::now_v7().as_u128()).collect();
        let count = |name: &str, ratio, caller| {
            let sampler = Sampler::named(name, ratio).unwrap();
            ids.iter().filter(|id| sampler.samples(**id, caller)).count()
        };
        assert_eq!(count("always_on", 0.0, Some(false)), 1000);
        assert_eq!(count("always_off", 1.0, Some(true)), 0);
        assert_eq!(count("parentbased_always_on", 0.0, Some(false)), 0);
        assert_eq!(count("parentbased_always_on", 0.0, None), 1000);
        assert_eq!(count("parentbased_always_off", 1.0, Some(true)), 1000);
        assert_eq!(count("parentbased_traceidratio", 0.0, Some(true)), 1000);
        assert_eq!((count("traceidratio", 0.0, None), count("traceidratio", 1.0, None)), (0, 1000));
        assert_eq!(Sampler::named("jaeger_remote", 1.0), None);
        // Evenly spread numbers: as many as were asked for, and whoever takes a tenth takes a part of what a half takes.
        let spread: Vec<u128> = (0..1000).map(|index| (index << 56) / 1000).collect();
        let taken = |ratio| -> Vec<u128> {
            let sampler = Sampler::named("traceidratio", ratio).unwrap();
            spread.iter().copied().filter(|id| sampler.samples(*id, None)).collect()
        };
        assert_eq!((taken(0.1).len(), taken(0.5).len()), (100, 500));
        assert!(taken(0.1).iter().all(|id| taken(0.5).contains(id)));
    }
}
