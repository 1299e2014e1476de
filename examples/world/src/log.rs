//! What arrived.
//!
//! Always true: events stand in the order in which they arrived, over all servers of a world.

use crate::mail::Letter;
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// One thing that arrived.
#[derive(Debug, Clone)]
pub enum Event {
    Request(Request),
    Mail(Mail),
}

/// One HTTP request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The name its service was started with.
    pub service: String,
    /// It came over HTTP/2.
    pub http2: bool,
    pub method: String,
    /// Path and query as they were sent.
    pub path: String,
    /// In the order sent; names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What the script has for it: a status such as `503`, or what goes wrong, such as `reset`.
    pub answer: String,
}

impl Request {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// One mail whose final dot arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    /// As sent, dots unstuffed.
    pub raw: Vec<u8>,
    /// The user that logged in.
    pub user: Option<String>,
    /// It came over TLS.
    pub tls: bool,
    /// The server said 250. False when the script had it refuse or hang up after the final dot.
    pub accepted: bool,
    /// Which connection it came over, counted from 1.
    pub connection: usize,
}

impl Mail {
    /// Headers and parts as a person reads them.
    ///
    /// # Panics
    /// When the message is not a readable mail.
    pub fn letter(&self) -> Letter {
        Letter::read(&self.raw)
    }
}

/// Events and counts, shared by all servers of a world.
#[derive(Default)]
pub struct Log {
    state: Mutex<State>,
    changed: Condvar,
    observer: OnceLock<Observer>,
}

type Observer = Box<dyn Fn(&Event) + Send + Sync>;

#[derive(Default)]
struct State {
    events: Vec<Event>,
    counts: Counts,
    count_only: bool,
}

/// How much arrived.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub requests: usize,
    pub mails: usize,
}

impl Log {
    /// From now on `observer` sees every event before it is answered. There can be one.
    ///
    /// # Panics
    /// When there is one already.
    pub fn observe(&self, observer: impl Fn(&Event) + Send + Sync + 'static) {
        assert!(self.observer.set(Box::new(observer)).is_ok(), "a log has one observer");
    }

    /// From now on events are counted and not kept: for long runs.
    pub fn count_only(&self) {
        self.state.lock().expect("no panic while locked").count_only = true;
    }

    pub fn events(&self) -> Vec<Event> {
        self.state.lock().expect("no panic while locked").events.clone()
    }

    pub fn requests(&self) -> Vec<Request> {
        let request = |event| if let Event::Request(request) = event { Some(request) } else { None };
        self.events().into_iter().filter_map(request).collect()
    }

    pub fn mails(&self) -> Vec<Mail> {
        let mail = |event| if let Event::Mail(mail) = event { Some(mail) } else { None };
        self.events().into_iter().filter_map(mail).collect()
    }

    pub fn counts(&self) -> Counts {
        self.state.lock().expect("no panic while locked").counts
    }

    /// Forgets what arrived so far.
    pub fn clear(&self) {
        let mut state = self.state.lock().expect("no panic while locked");
        state.events.clear();
        state.counts = Counts::default();
    }

    /// Waits until the counts satisfy `enough`; `false` when `limit` passed first.
    pub fn wait(&self, limit: Duration, enough: impl Fn(Counts) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut state = self.state.lock().expect("no panic while locked");
        while !enough(state.counts) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.changed.wait_timeout(state, left).expect("no panic while locked").0;
        }
        true
    }

    pub(crate) fn push(&self, event: Event) {
        if let Some(observer) = self.observer.get() {
            observer(&event);
        }
        let mut state = self.state.lock().expect("no panic while locked");
        match event {
            Event::Request(_) => state.counts.requests += 1,
            Event::Mail(_) => state.counts.mails += 1,
        }
        if !state.count_only {
            state.events.push(event);
        }
        self.changed.notify_all();
    }
}
