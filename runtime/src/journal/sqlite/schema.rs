//! The file: its tables, its versions, how it is opened, and when it is refused.
//!
//! Comes in: a path. Goes out: a connection that is ready to use, or the reason why there is none, for an operator at night.
//! Always true: a file that is there is never replaced and never emptied. A new one appears under its name only when it is
//! complete and on disk, so an empty file is a damaged one. Whoever cannot write it leaves nothing beside it.

use super::owner::Owner;
use crate::journal::JournalError;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// "flow": other SQLite files are not ours.
pub(super) const APPLICATION_ID: i32 = 0x666c_6f77;

/// One step for each version of the schema; `user_version` counts those that were made. Steps are added, never changed.
const MIGRATIONS: &[&str] = &[TABLES, EVENTS_IN_ORDER, STARTED_BESIDE_SETTLED];

/// Version 1.
pub(super) const TABLES: &str = "
CREATE TABLE workflow (
    number      INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    definition  TEXT NOT NULL               -- what the numbers of nodes and edges mean, as JSON
) STRICT;
CREATE UNIQUE INDEX workflow_definition ON workflow (name, version, definition);
CREATE TABLE execution (
    number        INTEGER PRIMARY KEY,
    id            BLOB NOT NULL,            -- 16 bytes: exec-<hex(id)>
    workflow      INTEGER NOT NULL REFERENCES workflow,
    accepted_at   INTEGER NOT NULL,         -- milliseconds since 1970
    options       TEXT,                     -- what was asked for besides the input, as JSON
    key           BLOB,                     -- what names the delivery: a digest
    key_input     BLOB,                     -- what was delivered under that name: a digest
    status        TEXT NOT NULL,            -- running, completed, error, cancelled
    duration      INTEGER,                  -- nanoseconds, once it has ended
    error_code    TEXT,
    error_message TEXT
) STRICT;
CREATE UNIQUE INDEX execution_id ON execution (id);
CREATE UNIQUE INDEX execution_key ON execution (key) WHERE key IS NOT NULL;
CREATE INDEX execution_unfinished ON execution (number) WHERE status = 'running';
CREATE TABLE event (
    id       INTEGER PRIMARY KEY,           -- execution.number << 24 | sequence
    kind     TEXT NOT NULL,                 -- accepted, started, trying, attempted, settled
    node     INTEGER,                       -- accepted: the trigger
    attempt  INTEGER,
    outcome  TEXT,                          -- completed, not_passed, failed
    edges    TEXT,                          -- one letter for each outgoing edge: taken, not taken, skipped, failed
    after    INTEGER,                       -- nanoseconds: what Retry-After asked for
    started  INTEGER,                       -- nanoseconds since acceptance
    at       INTEGER NOT NULL,              -- nanoseconds since acceptance
    text     TEXT                           -- accepted: the input; settled: the envelope
) STRICT;
CREATE TABLE request (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    wish       TEXT NOT NULL,               -- cancel, resume
    execution  BLOB NOT NULL
) STRICT;
CREATE TABLE probe (
    number  INTEGER PRIMARY KEY,            -- always 1
    space   BLOB                            -- written to see whether the disk takes something again
) STRICT;
";

/// Events lie in the order in which they come. Side by side with those of their own execution, as in version 1, each of a
/// commit was on a page of its own, which went to the disk whole: with 64 executions at work three times as many.
const EVENTS_IN_ORDER: &str = "
ALTER TABLE event RENAME TO event_by_execution;
CREATE TABLE event (
    id        INTEGER PRIMARY KEY,          -- rises with every event, also within an execution
    execution INTEGER NOT NULL,             -- execution.number
    kind      TEXT NOT NULL,
    node      INTEGER,
    attempt   INTEGER,
    outcome   TEXT,
    edges     TEXT,
    after     INTEGER,
    started   INTEGER,
    at        INTEGER NOT NULL,
    text      TEXT
) STRICT;
INSERT INTO event
    SELECT NULL, id >> 24, kind, node, attempt, outcome, edges, after, started, at, text
    FROM event_by_execution ORDER BY id;
DROP TABLE event_by_execution;
CREATE INDEX event_execution ON event (execution);
";

/// What a node has led to mostly begins in the moment in which it settles.
const STARTED_BESIDE_SETTLED: &str = "
ALTER TABLE event ADD COLUMN next INTEGER;      -- settled: the node whose `started` comes next, if it has no row of its own
ALTER TABLE event ADD COLUMN next_at INTEGER;   -- its moment: nanoseconds since acceptance
";

/// How long a connection waits for the others.
const BUSY: Duration = Duration::from_secs(5);

/// Larger files are not read as a whole when they are opened: a service has to start.
const CHECKED_WHOLE_MAX: u64 = 64 * 1024 * 1024;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Others may write it meanwhile. To be read, too, it needs files beside it that can be written.
    Shared,
    /// It is whole, nobody is at work on it, and this process cannot write it: it is read as it is.
    Still,
}

/// Opens the journal, or creates it if there is none. For the owner.
///
/// # Errors
/// When there is a file that cannot be used.
pub fn open_or_create(path: &Path) -> Result<Connection, JournalError> {
    if !path.exists() {
        let log = beside(path, "-wal");
        if log.exists() {
            let (file, log) = (path.display(), log.display());
            return Err(JournalError::new(format!(
                "{file} is missing but {log} is there: restore the file beside it, or move both away to begin with an \
                 empty journal"
            )));
        }
        create(path)?;
    }
    #[cfg(unix)]
    close_to_others(path);
    let mut connection = open(path, Access::Shared)?;
    migrate(&mut connection).map_err(|error| explain(path, &error))?;
    Ok(connection)
}

/// Inputs are other people's data, and a file that another program has restored is open to all. Before SQLite opens it: the
/// files it makes beside it get the same permissions.
#[cfg(unix)]
fn close_to_others(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for suffix in ["", "-wal", "-shm"] {
        let file = beside(path, suffix);
        let is_open = file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0);
        if is_open && let Err(error) = std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)) {
            crate::log::journal_open_to_others(&format!("{}: {error}", file.display()));
        }
    }
}

/// Opens a journal that is there. For those who read beside the owner.
///
/// # Errors
/// When there is none, or one that cannot be used.
pub fn open_existing(path: &Path) -> Result<(Connection, Access), JournalError> {
    if !path.exists() {
        let folder = path.parent().unwrap_or(path).display();
        return Err(JournalError::new(format!(
            "there is no journal in {folder}; --data names the folder of the service"
        )));
    }
    let access = access(path)?;
    let connection = open(path, access)?;
    let version: usize = version(&connection).map_err(|error| explain(path, &error))?;
    if version < MIGRATIONS.len() {
        let file = path.display();
        return Err(JournalError::new(format!(
            "{file} was written by an older version of flowc; start the service once, which brings it up to date"
        )));
    }
    Ok((connection, access))
}

/// How a journal that is there can be read.
fn access(path: &Path) -> Result<Access, JournalError> {
    File::open(path).map_err(|error| JournalError::new(format!("cannot read {}: {error}", path.display())))?;
    let in_use = path.parent().is_some_and(Owner::is_taken);
    let is_whole = !in_use && !has_content(&beside(path, "-wal")) && !has_content(&beside(path, "-journal"));
    let shared = open_shared(path).and_then(|connection| {
        // SQLite would make files beside it, and could not take them away again.
        if is_whole && connection.is_readonly(MAIN_DB)? {
            return Ok(Access::Still);
        }
        version(&connection).map(|_| Access::Shared)
    });
    match shared.map_err(|error| (error.sqlite_error_code(), error)) {
        Ok(access) => Ok(access),
        Err((Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly), _)) if is_whole => Ok(Access::Still),
        Err((Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly), error)) => {
            let file = path.display();
            let why = match in_use {
                true => "a process is at work on it; run this as the user of that process",
                false => "it was not closed; copy the whole folder, and name the copy with --data",
            };
            Err(JournalError::new(format!("{file} can only be read in a folder that can be written ({error}): {why}")))
        }
        // Whatever it is, it is met again.
        Err(_) => Ok(Access::Shared),
    }
}

fn has_content(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() > 0)
}

/// A further connection to a file that has been opened before.
///
/// # Errors
/// Those of SQLite.
pub fn connect(path: &Path, access: Access) -> rusqlite::Result<Connection> {
    let connection = match access {
        Access::Shared => open_shared(path)?,
        Access::Still => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(uri(path) + "?immutable=1", flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?
        }
    };
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    if access == Access::Still {
        return Ok(connection);
    }
    overwrite(&connection, Overwritten::AtHand)?;
    // Waits for the disk at every commit. The file is copied into at every 16 MB of log, a few times less often than by
    // default: a page that many commits changed is copied once.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864;",
    )?;
    Ok(connection)
}

/// How much of what is deleted is overwritten: it was other people's data.
#[derive(Clone, Copy)]
pub enum Overwritten {
    /// What costs no further write.
    AtHand,
    All,
}

/// # Errors
/// Those of SQLite.
pub fn overwrite(connection: &Connection, what: Overwritten) -> rusqlite::Result<()> {
    connection.execute_batch(match what {
        Overwritten::AtHand => "PRAGMA secure_delete = FAST;",
        Overwritten::All => "PRAGMA secure_delete = ON;",
    })
}

/// Brings the log into the file and leaves it empty. Whether it did: not while somebody reads.
///
/// # Errors
/// Those of SQLite.
pub fn clear_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(Duration::ZERO)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    connection.busy_timeout(BUSY)?;
    Ok(busy? == 0)
}

fn open_shared(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// A path as SQLite takes it with parameters.
fn uri(path: &Path) -> String {
    // On Windows `C:\data` is `///C:/data`.
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "file:" });
    if cfg!(windows) && path.is_absolute() {
        uri.push('/');
    }
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// What an operator should know of an error.
pub fn explain(path: &Path, error: &rusqlite::Error) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, &error.to_string()),
        Some(ErrorCode::DiskFull) => JournalError::new(format!("{}: the disk is full", path.display())),
        _ => JournalError::new(format!("{}: {error}", path.display())),
    }
}

pub fn damaged(path: &Path, what: &str) -> JournalError {
    JournalError::new(format!(
        "{} is damaged ({what}) and was left as it is: restore it from a backup, or move it and the files beside it away to \
         begin with an empty journal; executions that have not ended are in it",
        path.display()
    ))
}

fn open(path: &Path, access: Access) -> Result<Connection, JournalError> {
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    if size == 0 {
        return Err(damaged(path, "it is empty"));
    }
    let explain = |error| explain(path, &error);
    let connection = connect(path, access).map_err(explain)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(explain)?;
    let file = path.display();
    if application != APPLICATION_ID {
        return Err(JournalError::new(format!("{file} is not the journal of a workflow; it was left as it is")));
    }
    if version(&connection).map_err(explain)? > MIGRATIONS.len() {
        return Err(JournalError::new(format!("{file} was written by a newer version of flowc; it was left as it is")));
    }
    if access == Access::Shared {
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(explain)?;
        if mode != "wal" {
            return Err(JournalError::new(format!(
                "{file}: this file system cannot hold a journal (no shared memory)"
            )));
        }
    }
    if size <= CHECKED_WHOLE_MAX {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(explain)?;
        if verdict != "ok" {
            return Err(damaged(path, &verdict));
        }
    }
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// Makes a complete file under another name, then gives it its own.
fn create(path: &Path) -> Result<(), JournalError> {
    let new = beside(path, ".new");
    let cannot =
        |error: &dyn std::fmt::Display| JournalError::new(format!("cannot create {}: {error}", path.display()));
    // Left by a process that was killed here. Only the owner comes here, so nobody else is at work on it.
    for suffix in ["", "-journal"] {
        match std::fs::remove_file(beside(&new, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(&error)),
            Ok(()) | Err(_) => {}
        }
    }
    let made = (|| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        // Inputs are other people's data. The files that SQLite puts beside it get the same permissions.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&new).map_err(|error| cannot(&error))?;
        let mut connection = Connection::open(&new).map_err(|error| cannot(&error))?;
        let pragmas = format!("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {APPLICATION_ID};");
        connection.execute_batch(&pragmas).map_err(|error| cannot(&error))?;
        migrate(&mut connection).map_err(|error| cannot(&error))?;
        drop(connection);
        File::open(&new).and_then(|file| file.sync_all()).map_err(|error| cannot(&error))?;
        std::fs::rename(&new, path).map_err(|error| cannot(&error))?;
        // The name too has to be on disk. Systems where folders cannot be opened keep names by themselves.
        #[cfg(unix)]
        if let Some(folder) = path.parent() {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(&error))?;
        }
        Ok(())
    })();
    if made.is_err() {
        let _ = std::fs::remove_file(&new);
    }
    made
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    for (index, step) in MIGRATIONS.iter().enumerate().skip(version(connection)?) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        transaction.execute_batch(&format!("PRAGMA user_version = {}", index + 1))?;
        transaction.commit()?;
    }
    Ok(())
}

/// `journal.db` and a suffix.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
