//! Which executions there are.
//!
//! Comes in: what to look for. Goes out: one page, newest first, and how many there are in all.
//! Always true: pages of an unchanged set neither overlap nor leave anything out. An execution's id begins with the moment
//! it was accepted, so the order and the limits of time need nothing but the id.

use super::Status;
use super::clock::Timestamp;
use super::driver::Engine;
use super::push_seconds;
use super::registry::Known;
use crate::journal::{self, Id};
use crate::value::{Raw, write_string};

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// `None`: any.
    pub status: Option<Status>,
    /// Accepted at this moment or later.
    pub from: Option<Timestamp>,
    /// Accepted before this moment.
    pub until: Option<Timestamp>,
    /// How many to leave out.
    pub offset: usize,
    /// How many to show at most.
    pub limit: usize,
}

/// A part of what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub executions: Vec<Summary>,
    /// Of all that were found.
    pub total: usize,
}

/// What a list says of an execution. No input, no results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `exec-` and 32 hexadecimal digits.
    pub execution_id: String,
    pub status: Status,
    /// JSON text, as in the execution itself, like those that follow.
    pub started_at: String,
    /// `null` until it has ended.
    pub completed_at: String,
    /// Seconds.
    pub duration: String,
    /// `null` when there is none.
    pub error_message: String,
}

impl Engine {
    /// The executions in the journal, where it can be read back; else those that this process remembers.
    pub fn list(&self, query: &Query) -> Page {
        if let Some(store) = self.parts.journal.store() {
            // A journal that cannot be read is in the log, and shows nothing.
            return store.list(query).map(Page::from).unwrap_or_else(|error| {
                crate::log::journal_failed(&error.message);
                Page { executions: Vec::new(), total: 0 }
            });
        }
        let mut found = self.registry.select(|id, status| {
            let accepted = id.accepted();
            query.status.is_none_or(|wanted| wanted == status)
                && query.from.is_none_or(|from| accepted >= from)
                && query.until.is_none_or(|until| accepted < until)
        });
        found.sort_unstable_by(|left, right| right.cmp(left));
        let page = found.iter().skip(query.offset).take(query.limit);
        let executions = page.filter_map(|id| Some(self.summary(*id, &self.registry.get(*id)?)));
        Page { executions: executions.collect(), total: found.len() }
    }

    fn summary(&self, id: Id, known: &Known) -> Summary {
        let (view, status) = match known {
            Known::Running(run) => (None, run.status()),
            Known::Parked { .. } => (None, Status::Running),
            Known::Ended(ended) => (Some(&*ended.view), ended.status),
        };
        let view = match view {
            Some(view) => view,
            None => &*self.view(&id.name()).unwrap_or_default(),
        };
        let text = |name: &str| Raw::new(Some(view), "").get(name).text().unwrap_or("null").to_owned();
        Summary {
            execution_id: id.name(),
            status,
            started_at: text("started_at"),
            completed_at: text("completed_at"),
            duration: text("duration"),
            error_message: text("error_message"),
        }
    }
}

impl Default for Query {
    fn default() -> Query {
        Query { status: None, from: None, until: None, offset: 0, limit: 100 }
    }
}

impl From<journal::Page> for Page {
    fn from(page: journal::Page) -> Page {
        let quoted = |text: &str| {
            let mut json = String::new();
            write_string(text, &mut json);
            json
        };
        let null = || String::from("null");
        let summary = |summary: journal::Summary| {
            let seconds = summary.duration.map(|duration| {
                let mut text = String::new();
                push_seconds(&mut text, duration);
                text
            });
            let completed = summary.duration.map(|duration| summary.accepted.after(duration).to_string());
            Summary {
                execution_id: summary.id.name(),
                status: summary.status,
                started_at: quoted(&summary.accepted.to_string()),
                completed_at: completed.as_deref().map_or_else(null, quoted),
                duration: seconds.unwrap_or_else(null),
                error_message: summary.error_message.as_deref().map_or_else(null, quoted),
            }
        };
        Page { executions: page.executions.into_iter().map(summary).collect(), total: page.total }
    }
}

impl Id {
    /// As clients see it.
    pub fn name(self) -> String {
        self.to_string()
    }

    /// The moment that a version 7 UUID begins with.
    pub fn accepted(self) -> Timestamp {
        Timestamp { millis: (self.0 >> 80) as u64 }
    }
}
