//! The file: what was written comes back, nobody else writes it, and what is broken is refused.

use super::*;
use crate::engine::{EdgeState, Outcome, Status};
use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A folder of its own for each test; gone with the value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("flow-journal-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&folder.0).unwrap();
        folder
    }

    fn open(&self) -> Result<Sqlite, JournalError> {
        Sqlite::open(&self.0, &workflow("1"))
    }

    fn beside(&self) -> Result<Beside, JournalError> {
        Beside::open(&self.0, &workflow("1"))
    }

    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    /// As if the power had gone: the files as they are at this moment, somewhere else.
    fn copy(&self) -> Folder {
        let copy = Folder::new();
        for name in ["journal.db", "journal.db-wal"] {
            std::fs::copy(self.0.join(name), copy.0.join(name)).unwrap();
        }
        copy
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn workflow(version: &str) -> WorkflowRecord {
    let (name, definition) = (String::from("order"), String::from(r#"{"nodes":[],"edges":[]}"#));
    WorkflowRecord { name, version: version.to_owned(), definition }
}

fn accepted(input: &str) -> Event<'_> {
    Event::Accepted {
        input: Cow::Borrowed(input),
        trigger: Some(3),
        options: None,
        key: None,
        at: Timestamp { millis: 1_795_348_800_123 },
    }
}

fn finished(status: Status) -> Event<'static> {
    Event::Finished { status, error_code: None, error_message: None, at: Duration::from_secs(2) }
}

/// Waits, on this thread.
fn stored(journal: &Sqlite, id: Id) -> Result<(), JournalError> {
    let durable = journal.durable(id);
    journal.nudge();
    match durable {
        Durable::Now => Ok(()),
        Durable::Later(receiver) => receiver.blocking_recv().unwrap_or_else(|_| Err(JournalError::stopped())),
    }
}

fn every_event() -> Vec<Event<'static>> {
    let at = Duration::from_nanos(1_234_567_891);
    vec![
        Event::Started { node: 1, at },
        Event::Trying { node: 1, at },
        Event::Attempted {
            node: 1,
            attempt: 2,
            after: Some(Duration::from_millis(1500)),
            due: Some(at + Duration::from_millis(1500)),
            error: Some(Cow::Borrowed(r#"{"message":"down","code":"HTTP_503","details":{}}"#)),
            at,
        },
        // As earlier versions of flowc have written it.
        Event::Attempted { node: 1, attempt: 3, after: None, due: None, error: None, at },
        Event::Settled {
            node: 1,
            outcome: Outcome::NotPassed,
            envelope: Cow::Borrowed(r#"{"status":"completed","result":"é\u0000"}"#),
            edges: Cow::Borrowed(&[
                EdgeState::Taken,
                EdgeState::NotTaken,
                EdgeState::Skipped,
                EdgeState::Failed,
                EdgeState::Open,
            ]),
            started: at / 2,
            at,
        },
        Event::Finished {
            status: Status::Error,
            error_code: Some(Cow::Borrowed("TIMEOUT")),
            error_message: Some(Cow::Borrowed("timed out after 5 s")),
            at: at * 2,
        },
    ]
}

#[cfg(unix)]
#[test]
fn a_restored_file_is_readable_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.open().unwrap().close();
    std::fs::set_permissions(folder.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let journal = folder.open().unwrap();
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let mode = folder.0.join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    journal.close();
}

#[test]
fn what_was_written_comes_back_also_from_another_process() {
    let folder = Folder::new();
    let id = Id(0x0193_0000_0000_7000_8000_0000_0000_0001);
    let check = |history: Option<History>| {
        let history = history.unwrap();
        assert_eq!(history.workflow, workflow("1"));
        assert_eq!(history.input, r#"{"a":1}"#);
        assert_eq!(history.trigger, Some(3));
        assert_eq!(history.accepted.millis, 1_795_348_800_123);
        assert_eq!(history.events, every_event());
    };
    let journal = folder.open().unwrap();
    journal.append(id, accepted(r#"{"a":1}"#));
    for event in every_event() {
        journal.append(id, event);
    }
    stored(&journal, id).unwrap();
    check(journal.read(id).unwrap());
    assert_eq!(journal.read(Id(7)).unwrap(), None);
    let copy = folder.copy();
    check(Sqlite::open(&copy.0, &workflow("2")).unwrap().read(id).unwrap());
    drop(journal);
    check(folder.beside().unwrap().read(id).unwrap());
    check(Sqlite::open(&folder.0, &workflow("2")).unwrap().read(id).unwrap());
}

/// Two executions as version 1 of the file holds them: one that has ended, one that waits for its second attempt.
const VERSION_1: &str = "
INSERT INTO workflow VALUES (1, 'order', '1', '{\"nodes\":[],\"edges\":[]}');
INSERT INTO execution VALUES (1, x'00000000000000000000000000000001', 1, 1795348800123, NULL, NULL, NULL, 'completed', 2000000000, NULL, NULL);
INSERT INTO execution VALUES (2, x'00000000000000000000000000000002', 1, 1795348800123, NULL, NULL, NULL, 'running', NULL, NULL, NULL);
INSERT INTO event VALUES (1 << 24, 'accepted', 3, NULL, NULL, NULL, NULL, NULL, 0, '{\"a\":1}');
INSERT INTO event VALUES (2 << 24, 'accepted', 3, NULL, NULL, NULL, NULL, NULL, 0, '{\"a\":2}');
INSERT INTO event VALUES (2 << 24 | 1, 'started', 1, NULL, NULL, NULL, NULL, NULL, 5, NULL);
INSERT INTO event VALUES (2 << 24 | 2, 'attempted', 1, 2, NULL, NULL, 1500000000, NULL, 7, NULL);
PRAGMA user_version = 1;
";

#[test]
fn a_file_of_the_first_version_is_brought_up_to_date_with_all_that_is_in_it() {
    let folder = Folder::new();
    let old = rusqlite::Connection::open(folder.file()).unwrap();
    old.execute_batch(&format!("PRAGMA application_id = {}; PRAGMA journal_mode = WAL;", schema::APPLICATION_ID))
        .unwrap();
    old.execute_batch(schema::TABLES).unwrap();
    old.execute_batch(VERSION_1).unwrap();
    drop(old);
    let error = folder.beside().err().unwrap();
    assert!(error.message.contains("start the service once"), "{error}");
    let journal = folder.open().unwrap();
    let ended = journal.read(Id(1)).unwrap().unwrap();
    assert_eq!((ended.input.as_str(), ended.events), (r#"{"a":1}"#, vec![finished(Status::Completed)]));
    assert_eq!(journal.unfinished().unwrap(), [Id(2)]);
    let (after, at) = (Some(Duration::from_millis(1500)), Duration::from_nanos(7));
    let attempted = Event::Attempted { node: 1, attempt: 2, after, due: None, error: None, at };
    let mut events = vec![Event::Started { node: 1, at: Duration::from_nanos(5) }, attempted];
    let going_on = journal.read(Id(2)).unwrap().unwrap();
    assert_eq!((going_on.input.as_str(), &going_on.events), (r#"{"a":2}"#, &events));
    // What comes now comes behind that.
    journal.append(Id(3), accepted("{}"));
    for event in [Event::Trying { node: 1, at: Duration::from_nanos(9) }, finished(Status::Completed)] {
        events.push(event.clone());
        journal.append(Id(2), event);
    }
    stored(&journal, Id(2)).unwrap();
    assert_eq!(journal.read(Id(2)).unwrap().unwrap().events, events);
    assert_eq!(journal.unfinished().unwrap(), [Id(3)]);
}

#[test]
fn events_go_on_where_a_former_process_stopped() {
    let folder = Folder::new();
    let (first, second) = (Id(1), Id(2));
    let journal = folder.open().unwrap();
    journal.append(first, accepted("{}"));
    journal.append(first, Event::Started { node: 0, at: Duration::ZERO });
    journal.append(second, accepted("{}"));
    stored(&journal, second).unwrap();
    drop(journal);
    let journal = folder.open().unwrap();
    assert_eq!(journal.unfinished().unwrap(), [first, second]);
    journal.append(
        first,
        Event::Attempted { node: 0, attempt: 1, after: None, due: None, error: None, at: Duration::ZERO },
    );
    journal.append(second, finished(Status::Cancelled));
    stored(&journal, first).unwrap();
    assert_eq!(journal.unfinished().unwrap(), [first]);
    assert_eq!(journal.read(first).unwrap().unwrap().events.len(), 2);
    let third = Id(3);
    journal.append(third, accepted("{}"));
    stored(&journal, third).unwrap();
    assert_eq!(journal.list(&Query::default()).unwrap().total, 3);
}

#[test]
fn what_arrives_together_is_one_commit() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    for id in 0..100 {
        journal.append(Id(id), accepted("{}"));
    }
    stored(&journal, Id(99)).unwrap();
    assert_eq!(journal.statistics(), Statistics { commits: 1, events: 100 });
}

#[test]
fn what_begins_when_a_node_settles_has_no_row_of_its_own() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let settled = |node| Event::Settled {
        node,
        outcome: Outcome::Completed,
        envelope: "{}".into(),
        edges: vec![EdgeState::Taken].into(),
        started: Duration::ZERO,
        at: Duration::from_nanos(5),
    };
    let began = |node| Event::Started { node, at: Duration::from_nanos(6 + node as u64) };
    let (first, second) = (Id(1), Id(2));
    journal.append(first, accepted("{}"));
    journal.append(second, accepted("{}"));
    stored(&journal, second).unwrap();
    // The events of two executions side by side, as two threads append them; and two nodes that begin after one.
    for event in [(first, settled(0)), (second, settled(0)), (first, began(1)), (second, began(1)), (first, began(2))] {
        journal.append(event.0, event.1);
    }
    stored(&journal, first).unwrap();
    // Its settling is on the disk already.
    journal.append(second, settled(1));
    stored(&journal, second).unwrap();
    journal.append(second, began(2));
    stored(&journal, second).unwrap();
    assert_eq!(journal.statistics().events, 9);
    assert_eq!(journal.read(first).unwrap().unwrap().events, [settled(0), began(1), began(2)]);
    assert_eq!(journal.read(second).unwrap().unwrap().events, [settled(0), began(1), settled(1), began(2)]);
    drop(journal);
    let file = rusqlite::Connection::open(folder.file()).unwrap();
    let rows: i64 = file.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 7);
}

#[test]
fn what_has_time_goes_with_what_has_none_or_soon() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    journal.append(Id(1), accepted("{}"));
    let first = journal.durable(Id(1));
    journal.nudge_soon();
    journal.append(Id(2), accepted("{}"));
    stored(&journal, Id(2)).unwrap();
    let Durable::Later(mut first) = first else { panic!("nothing is durable at once") };
    assert_eq!(first.try_recv(), Ok(Ok(())));
    // Nobody comes.
    journal.append(Id(3), accepted("{}"));
    let Durable::Later(third) = journal.durable(Id(3)) else { panic!("nothing is durable at once") };
    journal.nudge_soon();
    assert_eq!(third.blocking_recv().unwrap(), Ok(()));
    assert_eq!(journal.unfinished().unwrap().len(), 3);
}

#[test]
fn one_process_owns_a_journal() {
    const HOLDER: &str = "process 4711, since 2026-11-22T18:21:00.000Z";
    let folder = Folder::new();
    assert!(Beside::holder(&folder.0).is_none());
    let journal = folder.open().unwrap();
    let message = folder.open().err().unwrap().message;
    assert!(message.contains("this process has opened the journal already"), "{message}");
    // As another process would have written.
    std::fs::write(folder.0.join("lock"), format!("{} 1", std::process::id())).unwrap();
    let message = folder.open().err().unwrap().message;
    assert!(message.contains(&format!("in use by process {}", std::process::id())), "{message}");
    let holder = Beside::holder(&folder.0).unwrap();
    assert_eq!((holder.process, holder.purpose), (Some(std::process::id()), None), "as earlier versions have written");
    std::fs::write(folder.0.join("lock"), "4711 1795371660000000000 command").unwrap();
    let holder = Beside::holder(&folder.0).unwrap();
    assert_eq!((holder.to_string().as_str(), holder.purpose), (HOLDER, Some(Purpose::Command)));
    let message = folder.open().err().unwrap().message;
    assert!(message.contains(&format!("the journal is in use by {HOLDER}; one journal")), "{message}");
    std::fs::write(folder.0.join("lock"), "").unwrap();
    assert_eq!(Beside::holder(&folder.0).unwrap().to_string(), "another process");
    drop(journal);
    assert!(Beside::holder(&folder.0).is_none());
    folder.open().unwrap();
}

#[test]
fn a_journal_is_one_workflow_s() {
    let folder = Folder::new();
    let named = |name: &str, definition: &str| WorkflowRecord {
        name: name.to_owned(),
        definition: definition.to_owned(),
        ..workflow("2")
    };
    let definition = workflow("1").definition;
    drop(folder.open().unwrap());
    let foreign = named("child", "{}");
    for error in [Sqlite::open(&folder.0, &foreign).err(), Beside::open(&folder.0, &foreign).err()] {
        let message = error.unwrap().message;
        assert!(
            message.ends_with("the workflow `order`, and this is `child`: name another folder with --data"),
            "{message}"
        );
    }
    // Another version of it, the same under a new name, and that from then on.
    for same in [named("order", "{}"), named("orders", &definition), named("orders", "{}")] {
        drop(Sqlite::open(&folder.0, &same).unwrap());
        drop(Beside::open(&folder.0, &same).unwrap());
    }
}

#[test]
fn files_that_are_no_journal_are_refused_and_left_as_they_are() {
    let check = |make: &dyn Fn(&Path), expected: &str| {
        let folder = Folder::new();
        let journal = folder.open().unwrap();
        for id in 0..200 {
            journal.append(Id(id), accepted(&format!("\"{}\"", "x".repeat(5000))));
        }
        stored(&journal, Id(199)).unwrap();
        drop(journal);
        make(&folder.file());
        let before = std::fs::read(folder.file()).ok();
        for message in [folder.open().err(), folder.beside().err()] {
            let message = message.map(|error| error.message).unwrap_or_default();
            assert!(message.contains(expected) || before.is_none(), "{expected}: {message}");
        }
        assert_eq!(std::fs::read(folder.file()).ok(), before, "{expected}");
    };
    check(&|file| std::fs::write(file, "").unwrap(), "is damaged (it is empty)");
    check(&|file| std::fs::write(file, "not a database, and long enough to be read".repeat(99)).unwrap(), "is damaged");
    check(
        &|file| {
            // Somewhere in the middle, as a disk would.
            let mut bytes = std::fs::read(file).unwrap();
            let middle = bytes.len() / 2 / 4096 * 4096;
            bytes[middle..middle + 64].fill(0xa5);
            std::fs::write(file, bytes).unwrap();
        },
        "is damaged",
    );
    check(
        &|file| Connection::open(file).unwrap().execute_batch("PRAGMA user_version = 99").unwrap(),
        "by a newer version",
    );
    check(
        &|file| {
            std::fs::remove_file(file).unwrap();
            Connection::open(file).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
        },
        "is not the journal of a workflow",
    );
    check(
        &|file| {
            std::fs::rename(file, file.with_extension("moved")).unwrap();
            std::fs::write(beside(file, "-wal"), "log").unwrap();
        },
        "is missing but",
    );
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

#[test]
fn a_torn_log_loses_what_was_not_durable_and_nothing_else() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let log = folder.0.join("journal.db-wal");
    journal.append(Id(1), accepted(r#"{"first":true}"#));
    stored(&journal, Id(1)).unwrap();
    let whole = std::fs::metadata(&log).unwrap().len();
    journal.append(Id(2), accepted(r#"{"second":true}"#));
    stored(&journal, Id(2)).unwrap();
    for torn in [1, 100, 3000, 4096 + 24] {
        let copy = folder.copy();
        let log = copy.0.join("journal.db-wal");
        let file = std::fs::OpenOptions::new().write(true).open(&log).unwrap();
        let length = file.metadata().unwrap().len();
        assert!(length > whole);
        file.set_len(length - torn).unwrap();
        let journal = copy.open().unwrap();
        assert_eq!(journal.read(Id(1)).unwrap().unwrap().input, r#"{"first":true}"#);
        assert_eq!(journal.read(Id(2)).unwrap(), None, "torn by {torn}");
        journal.append(Id(3), accepted("{}"));
        stored(&journal, Id(3)).unwrap();
    }
}

#[test]
fn a_full_disk_refuses_the_new_keeps_the_rest_and_recovers() {
    let folder = Folder::new();
    drop(folder.open().unwrap());
    let file = folder.file();
    let connection = schema::open_or_create(&file).unwrap();
    let size: i64 = connection.query_row("PRAGMA max_page_count = 400", [], |row| row.get(0)).unwrap();
    assert_eq!(size, 400);
    let writer = Writer::start(connection, &workflow("1")).unwrap();
    let readers = Readers { path: file.clone(), access: Access::Shared, idle: Mutex::default() };
    let journal = Sqlite { writer, readers, _owner: Owner::take(&folder.0, Purpose::Service).unwrap() };
    let begun = Id(1);
    journal.append(begun, accepted("{}"));
    stored(&journal, begun).unwrap();
    let large = format!("\"{}\"", "x".repeat(100_000));
    let mut last = 1;
    let error = loop {
        last += 1;
        assert!(last < 100, "the disk never fills");
        journal.append(Id(last), accepted(&large));
        match stored(&journal, Id(last)) {
            Ok(()) => {
                journal.append(Id(last), finished(Status::Completed));
                stored(&journal, Id(last)).unwrap();
            }
            Err(error) => break error,
        }
    };
    assert!(error.message.ends_with("the disk is full"), "{error}");
    assert_eq!(journal.ready(), Err(error.clone()));
    journal.append(Id(1000), accepted(&large));
    assert_eq!(stored(&journal, Id(1000)), Err(error), "refused at the next try");
    // Whoever has begun waits.
    journal.append(begun, Event::Started { node: 0, at: Duration::ZERO });
    journal.append(
        begun,
        Event::Settled {
            node: 0,
            outcome: Outcome::Completed,
            envelope: Cow::Owned(large.clone()),
            edges: Cow::Borrowed(&[]),
            started: Duration::ZERO,
            at: Duration::ZERO,
        },
    );
    let durable = journal.durable(begun);
    journal.nudge();
    assert_eq!(journal.read(begun).unwrap().unwrap().events, []);
    // Somebody makes room.
    let other = schema::connect(&file, Access::Shared).unwrap();
    other.execute_batch("DELETE FROM event WHERE execution > 1; DELETE FROM execution WHERE number > 1").unwrap();
    let Durable::Later(receiver) = durable else { panic!("nothing is durable at once") };
    assert_eq!(receiver.blocking_recv().unwrap(), Ok(()));
    assert_eq!(journal.ready(), Ok(()));
    assert_eq!(journal.read(begun).unwrap().unwrap().events.len(), 2);
    assert_eq!(journal.read(Id(1000)).unwrap(), None);
    journal.append(Id(2000), accepted("{}"));
    stored(&journal, Id(2000)).unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_gone_takes_nothing_until_it_is_back() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let begun = Id(1);
    journal.append(begun, accepted("{}"));
    stored(&journal, begun).unwrap();
    let away = Folder::new();
    let elsewhere = away.0.join("journal");
    std::fs::rename(&folder.0, &elsewhere).unwrap();
    // Also where nothing is to be written.
    let began = Instant::now();
    while journal.ready().is_ok() {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody has noticed");
        std::thread::sleep(Duration::from_millis(20));
    }
    let error = journal.ready().unwrap_err();
    assert!(error.message.contains("journal.db: it is gone"), "{error}");
    // Nor does another journal help.
    drop(folder.open().unwrap());
    journal.append(Id(2), accepted("{}"));
    assert_eq!(stored(&journal, Id(2)), Err(error));
    journal.append(begun, Event::Started { node: 0, at: Duration::ZERO });
    let durable = journal.durable(begun);
    std::fs::remove_dir_all(&folder.0).unwrap();
    std::fs::rename(&elsewhere, &folder.0).unwrap();
    let Durable::Later(receiver) = durable else { panic!("nothing is durable at once") };
    assert_eq!(receiver.blocking_recv().unwrap(), Ok(()));
    assert_eq!((journal.ready(), journal.read(Id(2)).unwrap()), (Ok(()), None));
    assert_eq!(journal.read(begun).unwrap().unwrap().events.len(), 1);
}

#[cfg(unix)]
#[test]
fn what_comes_right_after_the_folder_is_gone_is_refused() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    std::fs::remove_dir_all(&folder.0).unwrap();
    journal.append(Id(1), accepted("{}"));
    assert!(stored(&journal, Id(1)).is_err());
}

#[test]
fn lists_are_newest_first_and_filtered() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    for (number, status) in
        [Status::Completed, Status::Error, Status::Running, Status::Completed].into_iter().enumerate()
    {
        let (id, at) = (Id(number as u128), Timestamp { millis: 1000 * number as u64 });
        journal.append(id, Event::Accepted { input: Cow::Borrowed("{}"), trigger: None, options: None, key: None, at });
        if status.is_final() {
            journal.append(id, finished(status));
        }
    }
    stored(&journal, Id(3)).unwrap();
    let check = |query: Query, expected: &[u128], total: usize| {
        let page = journal.list(&query).unwrap();
        let ids: Vec<u128> = page.executions.iter().map(|summary| summary.id.0).collect();
        assert_eq!((ids.as_slice(), page.total), (expected, total), "{query:?}");
    };
    check(Query::default(), &[3, 2, 1, 0], 4);
    check(Query { limit: 2, offset: 1, ..Query::default() }, &[2, 1], 4);
    check(Query { status: Some(Status::Completed), ..Query::default() }, &[3, 0], 2);
    check(Query { status: Some(Status::Running), ..Query::default() }, &[2], 1);
    let moment = |seconds: u64| Some(Timestamp { millis: 1000 * seconds });
    check(Query { from: moment(1), until: moment(3), ..Query::default() }, &[2, 1], 2);
    check(Query { status: Some(Status::Completed), from: moment(1), ..Query::default() }, &[3], 1);
    check(Query { status: Some(Status::Error), until: moment(1), limit: 1, ..Query::default() }, &[], 0);
    let beside = folder.beside().unwrap();
    let ids = |query: Query| beside.ids(&query).unwrap();
    assert_eq!(ids(Query { limit: 1, offset: 2, ..Query::default() }), [Id(0), Id(1), Id(2), Id(3)]);
    assert_eq!(ids(Query { status: Some(Status::Completed), ..Query::default() }), [Id(0), Id(3)]);
}

#[test]
fn what_has_not_ended_is_found_without_looking_at_what_has() {
    let folder = Folder::new();
    drop(folder.open().unwrap());
    let connection = Connection::open(folder.file()).unwrap();
    let running = Query { status: Some(Status::Running), ..Query::default() };
    let plan = format!("EXPLAIN QUERY PLAN SELECT count(*) FROM execution {}", reader::filter(&running).0);
    let plan: String = connection.query_row(&plan, [], |row| row.get(3)).unwrap();
    assert!(plan.contains("execution_unfinished"), "{plan}");
}

#[test]
fn old_executions_go_by_age_and_by_count() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    for id in 0..200_u64 {
        let at = Timestamp { millis: 1000 * id };
        journal.append(
            Id(u128::from(id)),
            Event::Accepted { input: Cow::Borrowed("{}"), trigger: None, options: None, key: None, at },
        );
        if id != 5 {
            journal.append(Id(u128::from(id)), finished(Status::Completed));
        }
    }
    stored(&journal, Id(199)).unwrap();
    let left = || journal.list(&Query { limit: 1000, ..Query::default() }).unwrap().executions;
    let now = Timestamp { millis: 202_000 };
    journal.expire(Retention::default(), now);
    assert_eq!(left().len(), 200);
    // They ended two seconds after they were accepted: ten have ended more than 190 s ago, and one of them has not.
    journal.expire(Retention { age: Some(Duration::from_secs(190)), executions: None }, now);
    assert_eq!(left().len(), 191);
    assert_eq!(left()[190].id, Id(5));
    journal.expire(Retention { age: None, executions: Some(3) }, now);
    let ids: Vec<u128> = left().iter().map(|summary| summary.id.0).collect();
    assert_eq!(ids, [199, 198, 197, 5]);
    assert_eq!(journal.read(Id(100)).unwrap(), None);
    assert_eq!(journal.read(Id(5)).unwrap().unwrap().input, "{}");
}

#[test]
fn what_a_clock_has_dated_wrongly_is_not_taken_for_old() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let now = Timestamp { millis: 1_795_348_800_000 };
    let (hour, day) = (Duration::from_secs(3600), Duration::from_secs(86_400));
    let before = |time: Duration| Timestamp { millis: now.millis - u64::try_from(time.as_millis()).unwrap() };
    // Old, a machine without a clock after its start, young, ahead of its time, young.
    let moments = [before(day * 40), Timestamp { millis: 5_000 }, before(day * 20), now.after(day * 300), before(hour)];
    for (id, at) in (1..).zip(moments) {
        let input = Cow::Borrowed("{}");
        journal.append(Id(id), Event::Accepted { input, trigger: None, options: None, key: None, at });
        journal.append(Id(id), finished(Status::Completed));
    }
    stored(&journal, Id(5)).unwrap();
    let check = |now: Timestamp, expected: &[u128]| {
        journal.expire(Retention { age: Some(day * 30), executions: None }, now);
        let page = journal.list(&Query::default()).unwrap();
        let ids: Vec<u128> = page.executions.iter().rev().map(|summary| summary.id.0).collect();
        assert_eq!(ids, expected, "{now}");
    };
    // The second counts as old as the one before it.
    check(now, &[3, 4, 5]);
    check(now.after(day * 11), &[4, 5]);
    check(now.after(day * 29), &[4, 5]);
    check(now.after(day * 31), &[4]);
    check(now.after(day * 331), &[]);
}

#[test]
fn requests_reach_the_owner_once() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let asked = |wanted: fn(Request) -> bool| {
        let requests = journal.requests(&wanted).unwrap();
        stored(&journal, Id(0)).unwrap();
        requests
    };
    let all = |_| true;
    assert_eq!(asked(all), []);
    let beside = folder.beside().unwrap();
    beside.ask(Request::Cancel(Id(7))).unwrap();
    beside.ask(Request::Resume(Id(8))).unwrap();
    beside.ask(Request::Cancel(Id(9))).unwrap();
    assert!(beside.is_asking().unwrap());
    let cancels = |request| matches!(request, Request::Cancel(_));
    assert_eq!(asked(cancels), [Request::Cancel(Id(7)), Request::Cancel(Id(9))]);
    assert!(beside.is_asking().unwrap());
    assert_eq!(asked(all), [Request::Resume(Id(8))]);
    assert!(!beside.is_asking().unwrap());
    assert_eq!(asked(all), []);
}

#[test]
fn of_what_is_erased_no_byte_remains() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    let holds = |word: &str| {
        let files = std::fs::read_dir(&folder.0).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.into_iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    };
    // Long enough for pages of their own, which become free.
    let input = |word: &str| format!("{{\"name\":\"{}\"}}", word.repeat(2_000));
    for (id, word) in [(Id(1), "Eleanor"), (Id(2), "Theodore"), (Id(3), "Winifred")] {
        journal.append(id, accepted(&input(word)));
    }
    for id in [Id(1), Id(2)] {
        journal.append(id, finished(Status::Completed));
    }
    stored(&journal, Id(3)).unwrap();
    assert!(holds("Eleanor") && holds("Theodore"));
    journal.erase(Id(1)).unwrap();
    journal.erase(Id(3)).unwrap();
    let began = Instant::now();
    while holds("Eleanor") {
        assert!(began.elapsed() < Duration::from_secs(20), "it is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(journal.read(Id(1)).unwrap().is_none());
    assert!(journal.read(Id(2)).unwrap().is_some() && holds("Theodore"));
    assert!(journal.read(Id(3)).unwrap().is_some_and(|history| history.input == input("Winifred")), "it is running");
    assert_eq!(folder.beside().unwrap().list(&Query::default()).unwrap().total, 2);
}

#[test]
fn an_execution_that_has_ended_stays_as_it_ended() {
    let folder = Folder::new();
    let journal = folder.open().unwrap();
    journal.append(Id(1), accepted("{}"));
    for status in [Status::Completed, Status::Cancelled] {
        journal.append(Id(1), finished(status));
        stored(&journal, Id(1)).unwrap();
    }
    assert_eq!(journal.read(Id(1)).unwrap().unwrap().events, [finished(Status::Completed)]);
}
