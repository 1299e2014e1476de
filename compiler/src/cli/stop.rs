//! Programs that must not outlive this process.
//!
//! Comes in: processes as they start and end; SIGINT and SIGTERM. Always true: when a signal ends this process, those that
//! still run are told first.

use super::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

/// Processes and groups of them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Children {
    running: Arc<Mutex<BTreeSet<Child>>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Child {
    One(u32),
    Group(u32),
}

impl Children {
    /// From now on a signal ends this process only after `signal` (`TERM`, `KILL`) was sent to all of them, and `folder`
    /// was removed, if there is one.
    pub fn told(signal: &'static str, folder: Option<PathBuf>) -> Result<Children, Stop> {
        let children = Children::default();
        let mut signals =
            Signals::new([SIGINT, SIGTERM]).map_err(|error| Stop::World(format!("cannot handle signals: {error}")))?;
        let told = children.clone();
        std::thread::spawn(move || {
            if let Some(received) = signals.forever().next() {
                let running = told.running.lock().unwrap_or_else(PoisonError::into_inner);
                running.iter().for_each(|child| match child {
                    Child::One(process) => _ = send(signal, *process),
                    Child::Group(leader) => send_to_group(signal, *leader),
                });
                if let Some(folder) = folder {
                    let _ = std::fs::remove_dir_all(folder);
                }
                std::process::exit(128 + received);
            }
        });
        Ok(children)
    }

    pub fn add(&self, process: u32) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(Child::One(process));
    }

    /// A process that leads a group of its own, with all that it starts: until what is given back is dropped.
    pub fn add_group(&self, leader: u32) -> impl Drop + use<> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).insert(Child::Group(leader));
        Registered(self.clone(), Child::Group(leader))
    }

    /// To be called before anybody waits for it: afterwards the id may be another process's.
    pub fn remove(&self, process: u32) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&Child::One(process));
    }
}

struct Registered(Children, Child);

impl Drop for Registered {
    fn drop(&mut self) {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// Whether it could be sent.
pub fn send(signal: &str, process: u32) -> bool {
    let kill = Command::new("kill").arg(format!("-{signal}")).arg(process.to_string()).stderr(Stdio::null()).status();
    kill.is_ok_and(|status| status.success())
}

/// To all processes of the group that this one leads.
pub fn send_to_group(signal: &str, leader: u32) {
    let mut kill = Command::new("kill");
    let _ = kill.args([&format!("-{signal}"), "--", &format!("-{leader}")]).stderr(Stdio::null()).status();
}
