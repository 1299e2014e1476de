//! The journal in a SQLite file: executions survive the process, the machine's power, a full disk.
//!
//! Comes in: a folder, the workflow's description, events. Goes out: their durability, and executions read back.
//! Always true: one process writes a folder's executions ([`owner`]); others read beside it and leave requests. A commit is
//! durable (`synchronous=FULL`), and one thread makes all of them: what arrives while the disk syncs goes into the next
//! ([`writer`]). A file that is damaged or not ours is refused and left as it is ([`schema`]).

mod owner;
mod reader;
mod schema;
mod writer;

use super::{Durable, Event, History, Id, Journal, JournalError, Page, Purpose, Request, Retention, Statistics, Store};
use super::{FILE, Query, Timestamp, WorkflowRecord};
use crate::audit::Trail;
use crate::engine::{First, Status};
use crate::trigger::Digest;
pub use owner::Holder;
use owner::Owner;
use rusqlite::Connection;
use schema::Access;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use writer::{Entry, Writer};

/// How many executions one transaction deletes: other commits wait for it.
const DELETED_AT_ONCE: usize = 50;

/// A journal this process owns.
pub struct Sqlite {
    writer: Writer,
    readers: Readers,
    /// Dropped last: nobody else may write before the last commit is made.
    _owner: Owner,
}

/// A journal that somebody else may own: for the operator's commands.
pub struct Beside {
    readers: Readers,
    path: PathBuf,
}

/// Connections that read. Each is used by one thread at a time; there are as many as ever were busy at once.
struct Readers {
    path: PathBuf,
    access: Access,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    /// Opens the journal of a folder, which is created if there is none, as its owner. `workflow`: what new executions are
    /// started with.
    ///
    /// # Errors
    /// When another process owns it, or the file is damaged, not a journal, another workflow's, or written by a newer version.
    pub fn open(folder: &Path, workflow: &WorkflowRecord) -> Result<Sqlite, JournalError> {
        Sqlite::open_for(Purpose::Service, folder, workflow)
    }

    /// As [`Sqlite::open`]; `purpose` is for messages to others.
    ///
    /// # Errors
    /// As [`Sqlite::open`].
    pub fn open_for(purpose: Purpose, folder: &Path, workflow: &WorkflowRecord) -> Result<Sqlite, JournalError> {
        let owner = Owner::take(folder, purpose)?;
        let path = folder.join(FILE);
        let connection = schema::open_or_create(&path)?;
        reader::belongs_to(&connection, workflow).map_err(|error| explain(&path, error))?;
        let readers = Readers { path: path.clone(), access: Access::Shared, idle: Mutex::default() };
        let writer = Writer::start(connection, workflow).map_err(|error| schema::explain(&path, &error))?;
        Ok(Sqlite { writer, readers, _owner: owner })
    }
}

impl Journal for Sqlite {
    fn append(&self, execution: Id, event: Event) {
        self.writer.push(Entry::Event(execution, event.into_owned(), None));
    }

    fn durable(&self, execution: Id) -> Durable {
        let (sender, receiver) = oneshot::channel();
        self.writer.push(Entry::Durable(execution, sender));
        Durable::Later(receiver)
    }

    fn commit_with(&self, trail: Arc<Trail>) -> bool {
        self.writer.commit_with(trail);
        true
    }

    fn nudge(&self) {
        self.writer.nudge();
    }

    fn nudge_soon(&self) {
        self.writer.nudge_soon();
    }

    fn ready(&self) -> Result<(), JournalError> {
        self.writer.ready()
    }

    fn forget(&self, execution: Id) {
        self.writer.push(Entry::Forget(execution));
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(self)
    }

    fn close(&self) {
        self.writer.close();
    }
}

impl Store for Sqlite {
    fn read(&self, execution: Id) -> Result<Option<History>, JournalError> {
        self.readers.with(|connection| reader::read(connection, execution))
    }

    fn accepted_with(&self, name: &Digest) -> Result<Option<First>, JournalError> {
        self.readers.with(|connection| reader::accepted_with(connection, name))
    }

    fn unfinished(&self) -> Result<Vec<Id>, JournalError> {
        let running = Query { status: Some(Status::Running), ..Query::default() };
        self.readers.with(|connection| reader::ids(connection, &running))
    }

    fn list(&self, query: &Query) -> Result<Page, JournalError> {
        self.readers.with(|connection| reader::list(connection, query))
    }

    fn requests(&self, wanted: &dyn Fn(Request) -> bool) -> Result<Vec<Request>, JournalError> {
        let mut requests = self.readers.with(reader::requests)?;
        requests.retain(|(_, request)| wanted(*request));
        let (numbers, requests): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
        if !numbers.is_empty() {
            self.writer.push(Entry::Answered(numbers));
            self.writer.nudge();
        }
        Ok(requests)
    }

    fn erase(&self, execution: Id) -> Result<(), JournalError> {
        let (sender, receiver) = oneshot::channel();
        self.writer.push(Entry::Erase(execution, sender));
        self.writer.nudge();
        receiver.blocking_recv().unwrap_or_else(|_| Err(JournalError::stopped()))
    }

    fn expire(&self, retention: Retention, now: Timestamp) {
        // What cannot be read or deleted now is tried again the next time.
        while let Ok(old) = self.readers.with(|connection| reader::expired(connection, retention, now, DELETED_AT_ONCE))
        {
            if old.is_empty() {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            self.writer.push(Entry::Delete(old, sender));
            self.writer.nudge();
            if receiver.blocking_recv().is_err() {
                return;
            }
        }
    }

    fn statistics(&self) -> Statistics {
        self.writer.statistics()
    }
}

impl Beside {
    /// Opens the journal of a folder for reading and for requests. `workflow`: whose executions are looked for.
    ///
    /// # Errors
    /// When there is none, or it is damaged, not a journal, another workflow's, or written by another version.
    pub fn open(folder: &Path, workflow: &WorkflowRecord) -> Result<Beside, JournalError> {
        let path = folder.join(FILE);
        let (connection, access) = schema::open_existing(&path)?;
        reader::belongs_to(&connection, workflow).map_err(|error| explain(&path, error))?;
        Ok(Beside { readers: Readers { path: path.clone(), access, idle: Mutex::new(vec![connection]) }, path })
    }

    /// The process that owns it at the moment, if one does.
    pub fn holder(folder: &Path) -> Option<Holder> {
        Owner::holder(folder)
    }

    /// # Errors
    /// As for [`Store::read`].
    pub fn read(&self, execution: Id) -> Result<Option<History>, JournalError> {
        self.readers.with(|connection| reader::read(connection, execution))
    }

    /// # Errors
    /// As for [`Store::list`].
    pub fn list(&self, query: &Query) -> Result<Page, JournalError> {
        self.readers.with(|connection| reader::list(connection, query))
    }

    /// All executions that a query asks for, oldest first, whatever its limit and offset: what is accepted or deleted later
    /// moves none.
    ///
    /// # Errors
    /// As for [`Store::list`].
    pub fn ids(&self, query: &Query) -> Result<Vec<Id>, JournalError> {
        self.readers.with(|connection| reader::ids(connection, query))
    }

    /// Leaves a request for the owner.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn ask(&self, request: Request) -> Result<(), JournalError> {
        self.readers.with(|connection| reader::ask(connection, request))
    }

    /// Whether the owner has not seen all requests yet.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_asking(&self) -> Result<bool, JournalError> {
        Ok(!self.readers.with(reader::requests)?.is_empty())
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Readers {
    fn with<T>(&self, work: impl FnOnce(&Connection) -> Result<T, reader::ReadError>) -> Result<T, JournalError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => schema::connect(&self.path, self.access).map_err(|error| schema::explain(&self.path, &error))?,
        };
        let result = work(&connection).map_err(|error| explain(&self.path, error));
        // One that has failed may be in a state of its own: it is not used again.
        if result.is_ok() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        result
    }
}

fn explain(path: &Path, error: reader::ReadError) -> JournalError {
    match error {
        reader::ReadError::Sqlite(error) => schema::explain(path, &error),
        reader::ReadError::Nonsense(what) => schema::damaged(path, &what),
        reader::ReadError::Foreign { owner, asking } => JournalError::new(format!(
            "{} is the journal of the workflow `{owner}`, and this is `{asking}`: name another folder with --data",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests;
