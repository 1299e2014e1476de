//! Programs that must not outlive this process.
//!
//! Comes in: processes as they start and end; SIGINT and SIGTERM. Always true: when a signal ends this process, those that
//! still run are told first.

use super::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Process ids. Cheap to clone.
#[derive(Clone, Default)]
pub struct Children {
    running: Arc<Mutex<BTreeSet<u32>>>,
}

impl Children {
    /// From now on a signal ends this process only after `signal` (`TERM`, `KILL`) was sent to all of them.
    pub fn told(signal: &'static str) -> Result<Children, Stop> {
        let children = Children::default();
        let mut signals =
            Signals::new([SIGINT, SIGTERM]).map_err(|error| Stop::World(format!("cannot handle signals: {error}")))?;
        let told = children.clone();
        std::thread::spawn(move || {
            if let Some(received) = signals.forever().next() {
                let running = told.running.lock().unwrap_or_else(PoisonError::into_inner);
                running.iter().for_each(|process| _ = send(signal, *process));
                std::process::exit(128 + received);
            }
        });
        Ok(children)
    }

    pub fn add(&self, process: u32) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(process);
    }

    /// To be called before anybody waits for it: afterwards the id may be another process's.
    pub fn remove(&self, process: u32) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&process);
    }
}

/// Whether it could be sent.
pub fn send(signal: &str, process: u32) -> bool {
    let kill = Command::new("kill").arg(format!("-{signal}")).arg(process.to_string()).stderr(Stdio::null()).status();
    kill.is_ok_and(|status| status.success())
}
