//! `executions`, `show`, `export`, `cancel`, `resume`, `erase`: what the journal says, for operators.
//!
//! Comes in: the folder of a journal, whether or not a service is running on it. Goes out: tables for people, JSON for
//! machines, wishes for the service.
//! Always true: an execution is changed by the process that owns the journal only. While a service runs, a wish is left in the
//! journal, where the service finds it within a second (as a `run` or `resume` does, if its own execution is to end); while none
//! runs, the command is the owner itself.
//!
//! Exit codes: 0 done, 1 it could not be done as things stand (it has ended already, the service does not answer, another command
//! has the journal), 2 as everywhere. Of several executions the worst counts.

use super::arguments::{ExecutionOptions, ListOptions};
use super::pretty::pretty;
use super::{Failure, show, store};
use crate::engine::{
    Clock, Judge, Query, Status, SystemClock, Wait, cancelled, elapsed, push_seconds, view_of, waits_of, without_words,
};
use crate::env::Sources;
use crate::flow::Workflow;
use crate::journal::sqlite::{Beside, Holder, Sqlite};
use crate::journal::{Event, History, Id, Journal, Purpose, Request, Store, Summary};
use std::fmt::Write;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for the service to do what it was asked.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Prints the executions, newest first: a table, or one JSON object per line. What failed is said as in the API's lists;
/// `show` has the words.
pub fn list(workflow: &'static Workflow, options: &ListOptions) -> Result<ExitCode, Failure> {
    let journal = beside(workflow, &store::folder(workflow, options.data.as_deref(), None)?)?;
    let page = journal.list(&query(options)).map_err(|error| error.message)?;
    let judge = Judge::new(workflow, clock());
    let mut rows = Vec::with_capacity(page.executions.len());
    for mut summary in page.executions {
        if let Some(message) = &mut summary.error_message {
            *message = without_words(message).into_owned();
        }
        let (left_alone, waits) = match summary.status.is_final() {
            true => (None, Vec::new()),
            false => (left_alone(&journal, &judge, summary.id)?, waits(&journal, summary.id)?),
        };
        rows.push(Row { summary, left_alone, waits });
    }
    if options.json {
        show(&rows.iter().map(|row| json(row) + "\n").collect::<String>());
        return Ok(ExitCode::SUCCESS);
    }
    show(&table(&rows));
    let more = page.total.saturating_sub(options.offset + rows.len());
    if more > 0 {
        crate::talk!("{more} more; --limit and --offset show others");
    }
    let alone = rows.iter().filter(|row| row.left_alone.is_some()).count();
    if alone > 0 {
        crate::talk!("{}", ways_to_finish(alone));
    }
    Ok(ExitCode::SUCCESS)
}

/// An execution on one line. `left_alone`: why this executable does not go on with it. `waits`: nodes that wait for their next
/// attempts.
struct Row {
    summary: Summary,
    left_alone: Option<String>,
    waits: Vec<Wait>,
}

/// What an operator can do about executions that are left alone.
fn ways_to_finish(count: usize) -> String {
    let are = if count == 1 { "1 execution is".to_owned() } else { format!("{count} executions are") };
    format!(
        "{are} left alone by this version of the workflow. The executable of the version that began them finishes them: stop \
         the service, then start that one's `serve` until they have ended, or `resume ID` for each. `cancel ID` gives one up"
    )
}

/// Why this executable does not go on with an execution of the journal.
fn left_alone(journal: &Beside, judge: &Judge, id: Id) -> Result<Option<String>, Failure> {
    // It may have been deleted meanwhile, or have ended.
    let history = journal.read(id).map_err(|error| error.message)?.filter(|history| !status(history).is_final());
    let left = history.map(|history| judge.leaves(id, history)).transpose().map_err(|error| error.message)?;
    Ok(left.flatten())
}

/// The nodes of an execution that wait for their next attempts.
fn waits(journal: &Beside, id: Id) -> Result<Vec<Wait>, Failure> {
    let history = journal.read(id).map_err(|error| error.message)?;
    let waits = history.map(|history| waits_of(id, history, &clock())).transpose().map_err(|error| error.message)?;
    Ok(waits.unwrap_or_default())
}

/// Prints one execution as the API shows it.
pub fn show_one(workflow: &'static Workflow, options: &ExecutionOptions) -> Result<ExitCode, Failure> {
    let journal = beside(workflow, &store::folder(workflow, options.data.as_deref(), None)?)?;
    let [id, ..] = *options.ids else { return Ok(ExitCode::SUCCESS) };
    let view = view_of(id, history(&journal, id)?, &clock()).map_err(|error| error.message)?;
    let indent = options.pretty.unwrap_or_else(|| std::io::stdout().is_terminal());
    show(&if indent { pretty(&view) } else { view + "\n" });
    Ok(ExitCode::SUCCESS)
}

/// Prints executions with their inputs, oldest first, one JSON object per line.
pub fn export(workflow: &'static Workflow, options: &ListOptions) -> Result<ExitCode, Failure> {
    let journal = beside(workflow, &store::folder(workflow, options.data.as_deref(), None)?)?;
    // The identities first: what is accepted or deleted meanwhile does not matter.
    for id in journal.ids(&query(options)).map_err(|error| error.message)? {
        // Deleted meanwhile, because it was old.
        let Some(history) = journal.read(id).map_err(|error| error.message)? else { continue };
        let (version, input) = (history.workflow.version.clone(), history.input.clone());
        let mut line = view_of(id, history, &clock()).map_err(|error| error.message)?;
        // Two more fields of the same object.
        line.pop();
        line.push_str(r#","workflow_version":"#);
        crate::value::write_string(&version, &mut line);
        let _ = writeln!(line, r#","input":{input}}}"#);
        show(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends executions.
pub fn cancel(workflow: &'static Workflow, options: &ExecutionOptions) -> Result<ExitCode, Failure> {
    let folder = store::folder(workflow, options.data.as_deref(), None)?;
    let journal = beside(workflow, &folder)?;
    let mut outcomes = Outcomes::default();
    let mut ids = outcomes.unfinished(&journal, &options.ids)?;
    if ids.is_empty() {
        return Ok(outcomes.code());
    }
    if let Some(holder) = Beside::holder(&folder) {
        for &id in &ids {
            journal.ask(Request::Cancel(id)).map_err(|error| error.message)?;
        }
        let has_ended =
            |id| Ok(journal.read(id).map_err(|error| error.message)?.is_none_or(|it| status(&it).is_final()));
        outcomes.not_yet(wait_for(&ids, has_ended)?, &holder, &mut ids);
    } else {
        let owned = own(workflow, &folder)?;
        // Until now somebody else may have owned it, and have brought executions to their ends.
        ids = outcomes.unfinished(&journal, &ids)?;
        for &id in &ids {
            super::audit::cancelled(options.audit.as_deref(), workflow, &id.to_string())?;
            owned.append(id, cancelled(elapsed(&history(&journal, id)?, &SystemClock)));
            let durable = owned.durable(id);
            owned.nudge();
            futures(durable.wait())?.map_err(|error| error.message)?;
        }
        owned.close();
    }
    for id in ids {
        match history(&journal, id).map(|history| status(&history)) {
            Ok(Status::Cancelled) => crate::talk!("{id} is {}", Status::Cancelled.as_str()),
            Ok(other) => outcomes.not_done(&format!("{id} is {}", other.as_str())),
            Err(failure) => outcomes.failed(&failure),
        }
    }
    Ok(outcomes.code())
}

/// Deletes executions that have ended.
pub fn erase(workflow: &'static Workflow, options: &ExecutionOptions) -> Result<ExitCode, Failure> {
    let folder = store::folder(workflow, options.data.as_deref(), None)?;
    let journal = beside(workflow, &folder)?;
    let mut outcomes = Outcomes::default();
    let mut ids = Vec::with_capacity(options.ids.len());
    for &id in &options.ids {
        match history(&journal, id).map(|history| status(&history).is_final()) {
            Ok(true) => ids.push(id),
            Ok(false) => outcomes.not_done(&format!("{id} has not ended: `cancel {id}` ends it")),
            Err(failure) => outcomes.failed(&failure),
        }
    }
    if ids.is_empty() {
        return Ok(outcomes.code());
    }
    if let Some(holder) = Beside::holder(&folder) {
        for &id in &ids {
            journal.ask(Request::Erase(id)).map_err(|error| error.message)?;
        }
        let is_gone = |id| Ok(journal.read(id).map_err(|error| error.message)?.is_none());
        outcomes.not_yet(wait_for(&ids, is_gone)?, &holder, &mut ids);
    } else {
        let owned = own(workflow, &folder)?;
        for &id in &ids {
            super::audit::erased(options.audit.as_deref(), workflow, &id.to_string())?;
            owned.erase(id).map_err(|error| error.message)?;
        }
        owned.close();
    }
    for id in ids {
        crate::talk!("{id} is deleted");
    }
    Ok(outcomes.code())
}

/// What `resume` has to do.
pub enum Resumption {
    /// It has been said what becomes of each.
    Said(ExitCode),
    /// Nobody else is there to do it: to go on with these here. The code is that of the others.
    Here { folder: PathBuf, ids: Vec<Id>, others: u8 },
}

/// Finds out who goes on with executions. A service does, if there is one; it is asked all the same, for one that it has not seen.
pub fn ask_to_resume(workflow: &'static Workflow, options: &ExecutionOptions) -> Result<Resumption, Failure> {
    let sources = Sources::read(Path::new(""), &options.paths)?;
    let folder = store::folder(workflow, options.data.as_deref(), Some(&sources))?;
    let journal = beside(workflow, &folder)?;
    let mut outcomes = Outcomes::default();
    let ids = outcomes.unfinished(&journal, &options.ids)?;
    if ids.is_empty() {
        return Ok(Resumption::Said(outcomes.code()));
    }
    let Some(holder) = Beside::holder(&folder) else {
        return Ok(Resumption::Here { folder, ids, others: outcomes.code });
    };
    if holder.purpose == Some(Purpose::Command) {
        for id in ids {
            outcomes.not_done(&format!(
                "{id} cannot be resumed now: a command that is no service has the journal ({holder}); stop it, or wait for its end"
            ));
        }
        return Ok(Resumption::Said(outcomes.code()));
    }
    let judge = Judge::new(workflow, clock());
    let mut asked = Vec::with_capacity(ids.len());
    for id in ids {
        match left_alone(&journal, &judge, id)? {
            Some(reason) => outcomes.not_done(&format!("{id} is left alone: {reason}")),
            None => {
                journal.ask(Request::Resume(id)).map_err(|error| error.message)?;
                asked.push(id);
            }
        }
    }
    if holder.purpose == Some(Purpose::Service) {
        for id in asked {
            crate::talk!("{id}: the service goes on with it ({holder}); `show {id}` tells how it goes");
        }
        return Ok(Resumption::Said(outcomes.code()));
    }
    // What an earlier version of flowc has compiled does not say what it has the journal for: whether it answers tells.
    crate::talk!("the journal is in use ({holder}); waiting for its answer");
    let seen = |_| Ok(!journal.is_asking().map_err(|error| error.message)?);
    let unseen = wait_for(&asked, seen)?;
    outcomes.not_yet(unseen, &holder, &mut asked);
    for id in asked {
        crate::talk!("{id}: the service knows of it; `show {id}` tells how it goes");
    }
    Ok(Resumption::Said(outcomes.code()))
}

/// What became of several executions. Each has its own line, and the exit code is the worst.
#[derive(Default)]
struct Outcomes {
    code: u8,
}

impl Outcomes {
    /// It could not be done as things stand.
    fn not_done(&mut self, line: &str) {
        crate::talk!("{line}");
        self.code = self.code.max(1);
    }

    fn failed(&mut self, failure: &Failure) {
        crate::talk!("error: {}", failure.message);
        self.code = self.code.max(2);
    }

    /// Those for which something can still be done; of the others it is said.
    fn unfinished(&mut self, journal: &Beside, ids: &[Id]) -> Result<Vec<Id>, Failure> {
        let mut unfinished = Vec::with_capacity(ids.len());
        for &id in ids {
            match history(journal, id).map(|history| status(&history)) {
                Ok(status) if status.is_final() => {
                    self.not_done(&format!("{id} has ended already: {}", status.as_str()))
                }
                Ok(_) => unfinished.push(id),
                Err(failure) => self.failed(&failure),
            }
        }
        Ok(unfinished)
    }

    /// The owner of the journal was asked, and has not done all of it in time: the rest of `ids` is what it has done.
    fn not_yet(&mut self, late: Vec<Id>, holder: &Holder, ids: &mut Vec<Id>) {
        ids.retain(|id| !late.contains(id));
        for id in late {
            self.not_done(&format!("{id}: asked, but it is not done yet; it will be when the service can ({holder})"));
        }
    }

    fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

fn own(workflow: &Workflow, folder: &Path) -> Result<Sqlite, Failure> {
    let record = crate::engine::record(workflow);
    Ok(Sqlite::open_for(Purpose::Command, folder, &record).map_err(|error| error.message)?)
}

fn beside(workflow: &Workflow, folder: &Path) -> Result<Beside, Failure> {
    Ok(Beside::open(folder, &crate::engine::record(workflow)).map_err(|error| error.message)?)
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

fn query(options: &ListOptions) -> Query {
    Query { status: options.status, limit: options.limit, offset: options.offset, ..Query::default() }
}

fn history(journal: &Beside, id: Id) -> Result<History, Failure> {
    let history = journal.read(id).map_err(|error| error.message)?;
    history.ok_or_else(|| format!("there is no execution {id} in {}", journal.path().display()).into())
}

fn status(history: &History) -> Status {
    match history.events.last() {
        Some(Event::Finished { status, .. }) => *status,
        _ => Status::Running,
    }
}

/// Looks again and again until it is so for all, or time is up. Those for which it is not.
fn wait_for(ids: &[Id], so: impl Fn(Id) -> Result<bool, Failure>) -> Result<Vec<Id>, Failure> {
    let began = Instant::now();
    let mut left = ids.to_vec();
    loop {
        let mut not_yet = Vec::with_capacity(left.len());
        for id in left {
            if !so(id)? {
                not_yet.push(id);
            }
        }
        if not_yet.is_empty() || began.elapsed() >= ANSWER_LIMIT {
            return Ok(not_yet);
        }
        left = not_yet;
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn futures<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    Ok(runtime.map_err(|error| format!("cannot start: {error}"))?.block_on(future))
}

fn table(rows: &[Row]) -> String {
    let mut text = format!("{:37}  {:9}  {:24}  {:>12}  ERROR\n", "EXECUTION", "STATUS", "ACCEPTED", "DURATION");
    for Row { summary: Summary { id, status, accepted, duration, error_message, .. }, left_alone, waits } in rows {
        let duration = duration.map(|duration| format!("{:.3} s", duration.as_secs_f64())).unwrap_or_default();
        let alone = left_alone.as_ref().map(|reason| format!("left alone: {reason}"));
        let waits: Vec<String> = waits.iter().map(Wait::to_string).collect();
        let waits = waits.join("; ");
        let words = error_message.as_deref().or(alone.as_deref()).unwrap_or(&waits);
        let line = format!("{id:37}  {:9}  {accepted}  {duration:>12}  {words}", status.as_str());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn json(row: &Row) -> String {
    let Row { summary, left_alone, waits } = row;
    let Summary { id, status, version, accepted, duration, error_code, error_message } = summary;
    let mut text = format!(r#"{{"execution_id":"{id}","status":"{}","workflow_version":"#, status.as_str());
    crate::value::write_string(version, &mut text);
    let _ = write!(text, r#","started_at":"{accepted}","completed_at":"#);
    match duration {
        Some(duration) => {
            let _ = write!(text, r#""{}","duration":"#, accepted.after(*duration));
            push_seconds(&mut text, *duration);
        }
        None => text.push_str(r#"null,"duration":null"#),
    }
    for (key, value) in [("error_code", error_code), ("error_message", error_message), ("left_alone", left_alone)] {
        let _ = write!(text, r#","{key}":"#);
        match value {
            Some(value) => crate::value::write_string(value, &mut text),
            None => text.push_str("null"),
        }
    }
    text.push_str(r#","waiting":["#);
    for (index, wait) in waits.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        wait.push_to(&mut text);
    }
    text.push_str("]}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Timestamp;

    #[test]
    fn a_line_for_people_and_one_for_machines() {
        let summary = Summary {
            id: Id(0x0193_5555_0000_7000_8000_0000_0000_0001),
            status: Status::Error,
            version: String::from("2"),
            accepted: Timestamp { millis: 1_795_348_800_000 },
            duration: Some(Duration::from_millis(1500)),
            error_code: Some(String::from("HTTP_503")),
            error_message: Some(String::from("pay: \"no\"")),
        };
        let ended = Row { summary: summary.clone(), left_alone: None, waits: Vec::new() };
        let id = "exec-01935555000070008000000000000001";
        assert_eq!(
            table(std::slice::from_ref(&ended)).lines().nth(1).unwrap(),
            format!("{id}  error      2026-11-22T12:00:00.000Z       1.500 s  pay: \"no\"")
        );
        assert_eq!(
            json(&ended),
            format!(
                r#"{{"execution_id":"{id}","status":"error","workflow_version":"2","started_at":"2026-11-22T12:00:00.000Z","completed_at":"2026-11-22T12:00:01.500Z","duration":1.5,"error_code":"HTTP_503","error_message":"pay: \"no\"","left_alone":null,"waiting":[]}}"#
            )
        );
        let running =
            Summary { status: Status::Running, duration: None, error_code: None, error_message: None, ..summary };
        let (alone, waits) = (Some(String::from("version 1 began it")), Vec::new());
        let left = Row { summary: running.clone(), left_alone: alone, waits };
        let rows = [left, ended];
        assert_eq!(
            table(&rows).lines().nth(1).unwrap(),
            format!("{id}  running    2026-11-22T12:00:00.000Z                left alone: version 1 began it")
        );
        assert!(json(&rows[0]).ends_with(r#""error_message":null,"left_alone":"version 1 began it","waiting":[]}"#));
        let due = Timestamp { millis: 1_795_348_860_000 };
        let wait = Wait { node: String::from("pay"), attempts: 2, code: Some(String::from("HTTP_503")), due };
        let waiting = Row { summary: running, left_alone: None, waits: vec![wait] };
        let line = json(&waiting);
        assert!(table(&[waiting]).ends_with("  pay: HTTP_503, attempt 3 at 2026-11-22T12:01:00.000Z\n"));
        let expected = r#""waiting":[{"node_id":"pay","attempts":2,"error_code":"HTTP_503","next_attempt_at":"2026-11-22T12:01:00.000Z"}]}"#;
        assert!(line.ends_with(expected), "{line}");
    }
}
