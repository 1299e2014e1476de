//! Signals that ask the process to stop.

use std::process::ExitCode;
use std::time::Duration;

/// From the signal to the end. Orchestrators kill after 30 s.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// A signal that asks the process to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Interrupt,
    Terminate,
}

/// Both signals, from the moment this was made: afterwards they no longer end the process by themselves.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the operating system gives no handler.
    #[cfg(unix)]
    pub fn new() -> std::io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    #[cfg(unix)]
    pub async fn next(&mut self) -> Stop {
        std::future::poll_fn(|context| {
            if self.interrupt.poll_recv(context).is_ready() {
                return std::task::Poll::Ready(Stop::Interrupt);
            }
            self.terminate.poll_recv(context).map(|_| Stop::Terminate)
        })
        .await
    }

    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn new() -> std::io::Result<Signals> {
        Ok(Signals {})
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) -> Stop {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Stop::Interrupt,
            // No handler can be had: nothing will ever come.
            Err(_) => std::future::pending().await,
        }
    }
}

/// SIGHUP: read again what can be read again.
pub struct Hangup {
    #[cfg(unix)]
    signal: tokio::signal::unix::Signal,
}

impl Hangup {
    /// Must be called on a tokio runtime.
    ///
    /// # Errors
    /// When the operating system gives no handler.
    #[cfg(unix)]
    pub fn new() -> std::io::Result<Hangup> {
        Ok(Hangup { signal: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())? })
    }

    #[cfg(unix)]
    pub async fn next(&mut self) {
        self.signal.recv().await;
    }

    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn new() -> std::io::Result<Hangup> {
        Ok(Hangup {})
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        std::future::pending().await
    }
}

impl Stop {
    pub fn name(self) -> &'static str {
        match self {
            Stop::Interrupt => "SIGINT",
            Stop::Terminate => "SIGTERM",
        }
    }

    /// As shells report a process that a signal ended.
    pub fn exit_code(self) -> u8 {
        match self {
            Stop::Interrupt => 130,
            Stop::Terminate => 143,
        }
    }

    /// Ends the process now.
    pub fn exit(self) -> ! {
        crate::log::flush();
        std::process::exit(i32::from(self.exit_code()))
    }
}

impl From<Stop> for ExitCode {
    fn from(stop: Stop) -> ExitCode {
        ExitCode::from(stop.exit_code())
    }
}
