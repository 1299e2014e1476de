//! Ways to die.

use super::{Random, Step};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// How and when a process is killed.
#[derive(Debug, Clone, PartialEq)]
pub enum Death {
    /// So long after it began to listen.
    At(Duration),
    /// When the n-th effect of this kind has arrived, before it is answered.
    Unanswered { step: Step, nth: u64 },
    /// At the n-th call of this system call by one of its threads, before it is carried out. SQLite syncs by `fsync`, unless it
    /// is told that `fdatasync` can be trusted.
    Syscall { name: &'static str, nth: u64 },
    /// At a random instant, and what was written and not synced by then is lost or garbled.
    Power,
}

impl Death {
    pub fn draw(random: &mut Random, strace: bool) -> Death {
        match random.below(if strace { 20 } else { 14 }) {
            0..=6 => Death::At(Duration::from_micros(random.below(250_000))),
            7..=13 => {
                let step = Step::ALL[random.below(Step::ALL.len() as u64) as usize];
                Death::Unanswered { step, nth: 1 + random.below(8) }
            }
            14..=16 => {
                let (name, nth) = match random.below(2) {
                    0 => ("fsync", 1 + random.below(12)),
                    _ => ("pwrite64", 1 + random.below(80)),
                };
                Death::Syscall { name, nth }
            }
            _ => Death::Power,
        }
    }

    /// For the report.
    pub fn name(&self) -> &'static str {
        match self {
            Death::At(_) => "at random instants",
            Death::Unanswered { .. } => "with an effect unanswered",
            Death::Syscall { name: "fsync", .. } => "before a sync",
            Death::Syscall { .. } => "before a write",
            Death::Power => "with the power gone",
        }
    }
}

/// Whether strace is there and may trace.
pub fn has_strace() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "true"]).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}
