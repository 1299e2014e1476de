//! What the service manager (systemd, with `Type=notify`) is told.
//!
//! Always true: without a manager that listens, nothing happens.

use sd_notify::NotifyState;
use std::time::Duration;

/// All listeners are open. From now on the watchdog is fed, where the manager wants that (`WatchdogSec=`).
pub fn ready() {
    tell(NotifyState::Ready);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        tokio::spawn(feed(limit / 2));
    }
}

/// Nothing new is accepted.
pub fn stopping() {
    tell(NotifyState::Stopping);
}

/// From a task like those that do the work: if none of them gets its turn, this one does not either.
async fn feed(interval: Duration) {
    loop {
        tell(NotifyState::Watchdog);
        tokio::time::sleep(interval).await;
    }
}

fn tell(state: NotifyState) {
    // A manager that has gone away needs to know nothing.
    let _ = sd_notify::notify(&[state]);
}
