//! Reading executions back.
//!
//! Comes in: a connection. Goes out: what was written, as the engine knows it.
//! Always true: nothing here changes an execution. What no journal would say is reported as damage.

use crate::engine::{EdgeState, First, Outcome, Query, Status, Timestamp};
use crate::journal::{Event, History, Id, Page, Request, Retention, Summary, WorkflowRecord};
use crate::trigger::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::borrow::Cow;
use std::time::Duration;

pub enum ReadError {
    Sqlite(rusqlite::Error),
    /// The file says what no journal says.
    Nonsense(String),
    /// The journal is another workflow's.
    Foreign {
        owner: String,
        asking: String,
    },
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> ReadError {
        ReadError::Sqlite(error)
    }
}

fn nonsense(what: &str) -> ReadError {
    ReadError::Nonsense(what.to_owned())
}

/// Whether the executions of this workflow are kept here. One that was given another name, and nothing else, is still the same.
pub fn belongs_to(connection: &Connection, workflow: &WorkflowRecord) -> Result<(), ReadError> {
    let WorkflowRecord { name, definition, .. } = workflow;
    let mut statement = connection.prepare(
        "SELECT name, name = ?1 OR definition = ?2 AS same FROM workflow ORDER BY same DESC, number DESC LIMIT 1",
    )?;
    let owner: Option<(String, bool)> =
        statement.query_row([name, definition], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match owner {
        Some((owner, false)) => Err(ReadError::Foreign { owner, asking: name.clone() }),
        Some((_, true)) | None => Ok(()),
    }
}

pub fn read(connection: &Connection, execution: Id) -> Result<Option<History>, ReadError> {
    // One moment for all that is read here, whatever is written meanwhile.
    let moment = connection.unchecked_transaction()?;
    let mut head = moment.prepare_cached(
        "SELECT execution.number, name, version, definition, accepted_at, status, duration, error_code, error_message, options
         FROM execution JOIN workflow ON workflow.number = execution.workflow WHERE id = ?1",
    )?;
    let mut rows = head.query([execution.0.to_be_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let number: i64 = row.get(0)?;
    let workflow = WorkflowRecord { name: row.get(1)?, version: row.get(2)?, definition: row.get(3)? };
    let accepted = timestamp(row.get(4)?)?;
    let finished = finished(row)?;
    let options = row.get(9)?;
    let mut statement = moment.prepare_cached(
        "SELECT kind, node, attempt, outcome, edges, after, started, at, text, next, next_at FROM event
         WHERE execution = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([number])?;
    let Some(row) = rows.next()?.filter(|row| row.get_ref(0).is_ok_and(|kind| kind.as_str() == Ok("accepted"))) else {
        return Err(nonsense("an execution has no input"));
    };
    let trigger = row.get::<_, Option<i64>>(1)?.map(index).transpose()?;
    let mut history =
        History { workflow, input: row.get(8)?, trigger, options, accepted, events: Vec::with_capacity(16) };
    while let Some(row) = rows.next()? {
        history.events.push(event(row)?);
        history.events.extend(next(row)?);
    }
    history.events.extend(finished);
    Ok(Some(history))
}

pub fn accepted_with(connection: &Connection, name: &Digest) -> Result<Option<First>, ReadError> {
    let mut statement = connection.prepare_cached("SELECT id, key_input FROM execution WHERE key = ?1")?;
    let mut rows = statement.query([name])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(First { id: id(row.get(0)?)?, input: row.get(1)? }))
}

pub fn list(connection: &Connection, query: &Query) -> Result<Page, ReadError> {
    let (wanted, mut values) = filter(query);
    let moment = connection.unchecked_transaction()?;
    let total: i64 = moment
        .prepare_cached(&format!("SELECT count(*) FROM execution {wanted}"))?
        .query_row(params_from_iter(&values), |row| row.get(0))?;
    let mut page = Page { executions: Vec::new(), total: usize::try_from(total).unwrap_or_default() };
    let mut statement = moment.prepare_cached(&format!(
        "SELECT id, version, status, accepted_at, duration, error_code, error_message
         FROM execution JOIN workflow ON workflow.number = execution.workflow {wanted}
         ORDER BY execution.number DESC LIMIT ? OFFSET ?"
    ))?;
    values.extend([query.limit, query.offset].map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
    let mut rows = statement.query(params_from_iter(&values))?;
    while let Some(row) = rows.next()? {
        page.executions.push(Summary {
            id: id(row.get(0)?)?,
            version: row.get(1)?,
            status: self::status(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
            accepted: timestamp(row.get(3)?)?,
            duration: row.get::<_, Option<i64>>(4)?.map(duration).transpose()?,
            error_code: row.get(5)?,
            error_message: row.get(6)?,
        });
    }
    Ok(page)
}

/// Which executions there are at one moment, oldest first; limit and offset do not count.
pub fn ids(connection: &Connection, query: &Query) -> Result<Vec<Id>, ReadError> {
    let (wanted, values) = filter(query);
    let mut statement = connection.prepare_cached(&format!("SELECT id FROM execution {wanted} ORDER BY number"))?;
    let mut rows = statement.query(params_from_iter(&values))?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(id(row.get(0)?)?);
    }
    Ok(ids)
}

/// What is asked for, and no more, so that an index serves it: that of the unfinished ones only where the text names them.
pub fn filter(query: &Query) -> (String, Vec<i64>) {
    let moment = |moment: Timestamp| i64::try_from(moment.millis).unwrap_or(i64::MAX);
    let status = query.status.map(|status| (format!("status = '{}'", status.as_str()), None));
    let from = query.from.map(|from| (String::from("accepted_at >= ?"), Some(moment(from))));
    let until = query.until.map(|until| (String::from("accepted_at < ?"), Some(moment(until))));
    let (terms, values): (Vec<_>, Vec<_>) = [status, from, until].into_iter().flatten().unzip();
    let wanted = if terms.is_empty() { String::new() } else { format!("WHERE {}", terms.join(" AND ")) };
    (wanted, values.into_iter().flatten().collect())
}

/// The requests with their numbers, oldest first.
pub fn requests(connection: &Connection) -> Result<Vec<(i64, Request)>, ReadError> {
    let mut statement = connection.prepare_cached("SELECT number, wish, execution FROM request ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut requests = Vec::new();
    while let Some(row) = rows.next()? {
        let execution = id(row.get(2)?)?;
        let request = match row.get_ref(1)?.as_str() {
            Ok("cancel") => Request::Cancel(execution),
            Ok("resume") => Request::Resume(execution),
            Ok("erase") => Request::Erase(execution),
            _ => return Err(nonsense("a request for nothing that is known")),
        };
        requests.push((row.get(0)?, request));
    }
    Ok(requests)
}

pub fn ask(connection: &Connection, request: Request) -> Result<(), ReadError> {
    let (wish, execution) = match request {
        Request::Cancel(execution) => ("cancel", execution),
        Request::Resume(execution) => ("resume", execution),
        Request::Erase(execution) => ("erase", execution),
    };
    let mut statement = connection.prepare_cached("INSERT INTO request (wish, execution) VALUES (?1, ?2)")?;
    statement.execute(params![wish, execution.0.to_be_bytes()])?;
    Ok(())
}

/// The numbers of executions to delete, oldest first, `limit` at most.
///
/// By age they go in the order in which they came, up to the first that is young: what a clock that had been set back has dated
/// long ago stays as long as what came before it. What ended in the future, because the clock had been
/// ahead, is neither old nor young: it stays, and holds nothing up.
pub fn expired(
    connection: &Connection,
    retention: Retention,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<i64>, ReadError> {
    let last_surplus: Option<i64> = match retention.executions {
        None => None,
        Some(keep) => connection
            .prepare_cached(
                "SELECT number FROM execution WHERE status <> 'running' ORDER BY number DESC LIMIT 1 OFFSET ?1",
            )?
            .query_row([i64::try_from(keep).unwrap_or(i64::MAX)], |row| row.get(0))
            .optional()?,
    };
    let cutoff = retention.age.map(|age| {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        i64::try_from(now.millis.saturating_sub(age)).unwrap_or(i64::MAX)
    });
    let mut statement = connection.prepare_cached(
        "SELECT number, ended_at FROM (
             SELECT number, accepted_at + duration / 1000000 AS ended_at FROM execution WHERE status <> 'running')
         WHERE number <= ?1 OR ended_at <= ?2 ORDER BY number LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let present = i64::try_from(now.millis).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![last_surplus, present, limit])?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        let (number, ended_at): (i64, i64) = (row.get(0)?, row.get(1)?);
        if last_surplus.is_none_or(|last| number > last) && cutoff.is_none_or(|cutoff| ended_at >= cutoff) {
            break;
        }
        numbers.push(number);
    }
    Ok(numbers)
}

fn finished(row: &Row) -> Result<Option<Event<'static>>, ReadError> {
    let status = status(row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?)?;
    if !status.is_final() {
        return Ok(None);
    }
    let text = |column| Ok::<_, ReadError>(row.get::<_, Option<String>>(column)?.map(Cow::Owned));
    let at = duration(row.get::<_, Option<i64>>(6)?.unwrap_or_default())?;
    Ok(Some(Event::Finished { status, error_code: text(7)?, error_message: text(8)?, at }))
}

fn event(row: &Row) -> Result<Event<'static>, ReadError> {
    let node = || index(row.get(1)?);
    let at = duration(row.get(7)?)?;
    Ok(match row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)? {
        "started" => Event::Started { node: node()?, at },
        "trying" => Event::Trying { node: node()?, at },
        "attempted" => {
            let attempt = row.get(2)?;
            let after = row.get::<_, Option<i64>>(5)?.map(duration).transpose()?;
            let due = row.get::<_, Option<i64>>(10)?.map(duration).transpose()?;
            let error = row.get::<_, Option<String>>(8)?.map(Cow::Owned);
            Event::Attempted { node: node()?, attempt, after, due, error, at }
        }
        "settled" => {
            let outcome = match row.get_ref(3)?.as_str() {
                Ok("completed") => Outcome::Completed,
                Ok("not_passed") => Outcome::NotPassed,
                Ok("failed") => Outcome::Failed,
                _ => return Err(nonsense("a node settled in no way that is known")),
            };
            let edges = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
            let edges: Option<Vec<EdgeState>> = edges.bytes().map(edge).collect();
            let edges = Cow::Owned(edges.ok_or_else(|| nonsense("an edge in no state that is known"))?);
            let started = duration(row.get(6)?)?;
            Event::Settled { node: node()?, outcome, envelope: Cow::Owned(row.get(8)?), edges, started, at }
        }
        _ => return Err(nonsense("an event of no kind that is known")),
    })
}

/// What began right after that node had settled.
fn next(row: &Row) -> Result<Option<Event<'static>>, ReadError> {
    let Some(node) = row.get::<_, Option<i64>>(9)? else { return Ok(None) };
    Ok(Some(Event::Started { node: index(node)?, at: duration(row.get(10)?)? }))
}

pub fn edge_letter(edge: EdgeState) -> char {
    match edge {
        EdgeState::Open => 'o',
        EdgeState::Taken => 't',
        EdgeState::NotTaken => 'n',
        EdgeState::Skipped => 's',
        EdgeState::Failed => 'f',
    }
}

fn edge(letter: u8) -> Option<EdgeState> {
    [EdgeState::Open, EdgeState::Taken, EdgeState::NotTaken, EdgeState::Skipped, EdgeState::Failed]
        .into_iter()
        .find(|edge| edge_letter(*edge) == char::from(letter))
}

fn status(text: &str) -> Result<Status, ReadError> {
    let all = [Status::Running, Status::Completed, Status::Error, Status::Cancelled];
    all.into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| nonsense("an execution of no status that is known"))
}

fn id(bytes: [u8; 16]) -> Result<Id, ReadError> {
    Ok(Id(u128::from_be_bytes(bytes)))
}

fn index(number: i64) -> Result<usize, ReadError> {
    usize::try_from(number).map_err(|_| nonsense("a node of no number"))
}

fn duration(nanos: i64) -> Result<Duration, ReadError> {
    u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| nonsense("a moment before the acceptance"))
}

fn timestamp(millis: i64) -> Result<Timestamp, ReadError> {
    u64::try_from(millis).map(|millis| Timestamp { millis }).map_err(|_| nonsense("a time before 1970"))
}
