//! A crash, and what the next process makes of it: everything that had settled stays, everything else happens as it would have.

use super::*;
use crate::engine::First;
use crate::flow::Email;
use crate::journal::{History, Page, Request, Statistics, Store, Summary, WorkflowRecord};
use crate::trigger::Digest;

/// A journal in memory that outlives its engine.
#[derive(Default)]
pub(super) struct Kept {
    record: WorkflowRecord,
    events: Mutex<Vec<(Id, Event<'static>)>>,
    requests: Mutex<Vec<Request>>,
    /// What it was asked to delete, and when.
    expired: Mutex<Vec<(crate::journal::Retention, Timestamp)>>,
    erased: Mutex<Vec<Id>>,
    /// How many are reading it, and how many did at most.
    readers: Mutex<(usize, usize)>,
}

impl Kept {
    /// What a process that starts now finds: the first so many events.
    fn after_crash(&self, events: usize) -> Arc<Kept> {
        let events = self.events.lock().unwrap()[..events].to_vec();
        Arc::new(Kept { record: self.record.clone(), events: Mutex::new(events), ..Kept::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.events.lock().unwrap().len()
    }

    pub(super) fn ids(&self) -> Vec<Id> {
        let events = self.events.lock().unwrap();
        let accepted = |(id, event): &(Id, Event)| matches!(event, Event::Accepted { .. }).then_some(*id);
        events.iter().filter_map(accepted).collect()
    }

    pub(super) fn of(&self, id: Id) -> Vec<Event<'static>> {
        let events = self.events.lock().unwrap();
        events.iter().filter(|(other, _)| *other == id).map(|(_, event)| event.clone()).collect()
    }
}

impl Journal for Kept {
    fn append(&self, execution: Id, event: Event) {
        self.events.lock().unwrap().push((execution, event.into_owned()));
    }

    fn durable(&self, _: Id) -> Durable {
        Durable::Now
    }

    fn nudge(&self) {}

    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn store(&self) -> Option<&dyn Store> {
        Some(self)
    }
}

impl Store for Kept {
    fn read(&self, execution: Id) -> Result<Option<History>, JournalError> {
        {
            let mut readers = self.readers.lock().unwrap();
            readers.0 += 1;
            readers.1 = readers.1.max(readers.0);
        }
        // Time for whoever else is about to read.
        std::thread::sleep(Duration::from_millis(2));
        self.readers.lock().unwrap().0 -= 1;
        let mut events = self.of(execution).into_iter();
        let Some(Event::Accepted { input, trigger, options, at, .. }) = events.next() else { return Ok(None) };
        Ok(Some(History {
            workflow: self.record.clone(),
            input: input.into_owned(),
            trigger,
            options: options.map(Into::into),
            accepted: at,
            events: events.collect(),
        }))
    }

    fn accepted_with(&self, name: &Digest) -> Result<Option<First>, JournalError> {
        let with = |id: Id| match self.of(id).first() {
            Some(Event::Accepted { key: Some(key), .. }) if key.name == *name => Some(First { id, input: key.input }),
            _ => None,
        };
        Ok(self.ids().into_iter().find_map(with))
    }

    fn unfinished(&self) -> Result<Vec<Id>, JournalError> {
        let has_ended = |id: &Id| matches!(self.of(*id).last(), Some(Event::Finished { .. }));
        Ok(self.ids().into_iter().filter(|id| !has_ended(id)).collect())
    }

    fn list(&self, _: &Query) -> Result<Page, JournalError> {
        let summary = |id: Id| {
            let history = self.read(id).ok()??;
            let (status, duration) = match history.events.last() {
                Some(Event::Finished { status, at, .. }) => (*status, Some(*at)),
                _ => (Status::Running, None),
            };
            let (version, accepted) = (history.workflow.version, history.accepted);
            Some(Summary { id, status, version, accepted, duration, error_code: None, error_message: None })
        };
        let executions: Vec<Summary> = self.ids().into_iter().rev().filter_map(summary).collect();
        Ok(Page { total: executions.len(), executions })
    }

    fn requests(&self, wanted: &dyn Fn(Request) -> bool) -> Result<Vec<Request>, JournalError> {
        Ok(self.requests.lock().unwrap().extract_if(.., |request| wanted(*request)).collect())
    }

    fn erase(&self, execution: Id) -> Result<(), JournalError> {
        self.erased.lock().unwrap().push(execution);
        Ok(())
    }

    fn expire(&self, retention: crate::journal::Retention, now: Timestamp) {
        self.expired.lock().unwrap().push((retention, now));
    }

    fn statistics(&self) -> Statistics {
        Statistics { commits: 0, events: self.count() as u64 }
    }
}

/// A wall clock that the test sets.
struct Wall(Arc<Mutex<u64>>);

impl Clock for Wall {
    fn wall(&self) -> Timestamp {
        Timestamp { millis: *self.0.lock().unwrap() }
    }
}

/// Processes that run one workflow, one after the other.
pub(super) struct Life {
    workflow: &'static Workflow,
    /// Milliseconds.
    wall: Arc<Mutex<u64>>,
    capacity: Capacity,
}

/// One of them.
pub(super) struct Process {
    pub(super) engine: Arc<Engine>,
    pub(super) world: Arc<World>,
    pub(super) journal: Arc<Kept>,
}

impl Life {
    pub(super) fn new(nodes: Vec<Node>, edges: Vec<Edge>) -> Life {
        let settings = Settings { timeout: Some(seconds(600)), fail_fast: false, max_parallel_nodes: 3 };
        let wall = Arc::new(Mutex::new(1_795_348_800_000));
        Life { workflow: workflow(nodes, edges, settings), wall, capacity: Capacity::default() }
    }

    fn passes(&self, seconds: i64) {
        let mut wall = self.wall.lock().unwrap();
        *wall = wall.checked_add_signed(seconds * 1000).unwrap();
    }

    pub(super) fn born(&self) -> Process {
        let record = super::super::record(self.workflow);
        self.process(Arc::new(Kept { record, ..Kept::default() }))
    }

    fn process(&self, journal: Arc<Kept>) -> Process {
        let world = Arc::new(World::default());
        let parts = Parts {
            effects: Box::new(Arc::clone(&world)),
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            clock: Arc::new(Wall(Arc::clone(&self.wall))),
            retention: Retention::default(),
            capacity: self.capacity,
        };
        Process { engine: Engine::with_parts(self.workflow, environment(), parts), world, journal }
    }

    /// The next process, which finds so many events.
    pub(super) fn next(&self, last: &Process, events: usize) -> Process {
        let process = self.process(last.journal.after_crash(events));
        process.engine.recover(crate::journal::Retention::default()).unwrap();
        process
    }
}

impl Process {
    /// Waits for the end of an execution.
    pub(super) async fn ended(&self, id: Id) -> Status {
        for _ in 0..10_000 {
            let status = self.engine.status(&id.to_string()).unwrap();
            if status.is_final() {
                return status;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{id} does not end: {:#?}", self.journal.of(id));
    }

    fn view(&self, id: Id) -> serde_json::Value {
        serde_json::from_str(&self.engine.view(&id.to_string()).unwrap()).unwrap()
    }

    pub(super) fn called(&self) -> Vec<&'static str> {
        let mut called: Vec<_> = self.world.calls().into_iter().map(|(node, _)| node).collect();
        called.sort_unstable();
        called
    }
}

fn mail(id: &'static str, retries: u32) -> Node {
    let email = Email { relay: |_, _| Ok(()), message: |_, _| Ok(()), at_most_once: true };
    with_kind(id, Kind::Email(email), retries)
}

/// Without what only time decides.
fn results(mut view: serde_json::Value) -> serde_json::Value {
    for key in ["duration", "completed_at"] {
        view[key].take();
    }
    let nodes = view["executed_nodes"].as_array_mut().unwrap();
    for node in &mut *nodes {
        for key in ["execution_time", "started_at", "completed_at"] {
            node[key].take();
        }
    }
    nodes.sort_by_key(|node| node["node_id"].to_string());
    view
}

#[tokio::test(start_paused = true)]
async fn from_every_event_on_the_next_process_comes_to_the_same_end() {
    let failed = |from, to| Edge { condition: Some(|_| Ok(true)), ..edge(from, to) };
    let filter = Filter { condition: |_| Ok(true), error_message: |_, _| Ok(()) };
    let nodes = vec![
        webhook(),
        with_kind("valid", Kind::Filter(filter), 0),
        http("check", 2),
        http("charge", 0),
        http("stock", 0),
        http("sorry", 0),
        http("ship", 0),
    ];
    let edges =
        vec![edge(0, 1), edge(1, 2), edge(2, 3), edge(2, 4), failed(3, 5), Edge { required: true, ..edge(4, 6) }];
    let life = Life::new(nodes, edges);
    let play = |process: &Process| {
        process.world.script("check", [act(unavailable()), act(succeed(r#"{"available":true}"#))]);
        process.world.script("charge", [Act::End(seconds(3), declined())]);
        process.world.script("stock", [Act::End(seconds(1), succeed(r#"{"left":3}"#))]);
    };
    let first = life.born();
    play(&first);
    let handle = first.engine.start(input(), StartedBy::Trigger(0)).await.unwrap();
    assert_eq!(handle.finished().await, Status::Completed);
    let id = first.journal.ids()[0];
    let expected = results(first.view(id));
    let rendered: HashMap<&str, (String, usize)> = first.world.rendered().into_iter().collect();
    let events = first.journal.of(id);
    assert!(events.len() > 12, "{events:#?}");
    for crash in 1..=events.len() {
        let next = life.next(&first, crash);
        play(&next);
        if events[..crash].iter().any(|event| matches!(event, Event::Attempted { .. })) {
            next.world.script("check", [act(succeed(r#"{"available":true}"#))]);
        }
        assert_eq!(next.ended(id).await, Status::Completed);
        assert_eq!(results(next.view(id)), expected, "after {crash} events");
        let name = |node: usize| life.workflow.nodes[node].id;
        for event in &events[..crash] {
            match event {
                Event::Settled { node, .. } => {
                    assert!(!next.called().contains(&name(*node)), "{} happened again", name(*node));
                }
                Event::Started { node, .. } => {
                    let again = next.world.rendered().into_iter().find(|(rendered, _)| *rendered == name(*node));
                    assert!(again.is_none_or(|(_, again)| again == rendered[name(*node)]), "{} differs", name(*node));
                }
                _ => {}
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_there_at_the_first_rendering_is_not_there_at_the_second() {
    let life = Life::new(vec![http("slow", 0), http("quick", 0)], vec![]);
    let first = life.born();
    first.world.script("slow", [Act::End(seconds(50), succeed("{}"))]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(1)).await;
    let id = first.journal.ids()[0];
    assert!(matches!(first.journal.of(id).last(), Some(Event::Settled { node: 1, .. })));
    life.passes(30);
    let next = life.next(&first, first.journal.count());
    assert_eq!(next.ended(id).await, Status::Completed);
    assert_eq!(next.world.rendered(), [("slow", (String::from("2026-11-22T12:00:00.000Z"), 0))]);
    assert_eq!(next.view(id)["executed_nodes"][0]["started_at"], "2026-11-22T12:00:00.000Z");
}

#[tokio::test(start_paused = true)]
async fn a_wait_goes_on_from_where_it_stood_whatever_the_clock_does() {
    // Seconds that pass, by the wall clock, before the next process; when the retry begins there.
    for (passed, expected) in [(0, 2000), (1, 1000), (5, 0), (-3600, 2000)] {
        let life = Life::new(vec![http("a", 1)], vec![]);
        let first = life.born();
        first.world.script("a", [act(unavailable())]);
        first.engine.start(input(), StartedBy::Hand).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        let id = first.journal.ids()[0];
        life.passes(passed);
        let next = life.next(&first, first.journal.count());
        let began = Instant::now();
        next.world.began.lock().unwrap().replace(began);
        assert_eq!(next.ended(id).await, Status::Completed);
        let at = next.world.calls()[0].1;
        assert!((expected..expected + 200).contains(&at), "{passed} s: retried after {at} ms");
        assert_eq!(next.view(id)["executed_nodes"][0]["status"], "completed");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_wait_too_an_attempt_is_written_down_under_its_own_number() {
    let retry = Retry { retries: 2, delay: Delay::Fixed(Duration::ZERO) };
    let life = Life::new(vec![Node { retry, ..http("a", 0) }], vec![]);
    let first = life.born();
    first.world.script("a", [act(unavailable()), Act::End(seconds(50), unavailable())]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(1)).await;
    let id = first.journal.ids()[0];
    assert!(matches!(first.journal.of(id)[..], [_, Event::Started { .. }, Event::Attempted { attempt: 1, .. }]));
    let next = life.next(&first, first.journal.count());
    next.world.script("a", [act(unavailable())]);
    assert_eq!(next.ended(id).await, Status::Error);
    assert_eq!((next.called().len(), &next.view(id)["executed_nodes"][0]["attempts"]), (2, &3.into()));
}

#[tokio::test(start_paused = true)]
async fn the_time_out_counts_from_the_acceptance() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let first = life.born();
    first.world.script("a", [Act::End(seconds(50), succeed("{}"))]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    let id = first.journal.ids()[0];
    life.passes(601);
    let next = life.next(&first, first.journal.count());
    assert_eq!(next.ended(id).await, Status::Error);
    assert_eq!(next.view(id)["error_code"], "TIMEOUT");
    assert_eq!(next.view(id)["error_message"], "timed out after 600 s: a was at attempt 1");
    assert_eq!(next.called(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_may_have_happened_and_may_not_twice_is_not_repeated() {
    let life = Life::new(vec![mail("mail", 2), http("next", 0)], vec![edge(0, 1)]);
    let first = life.born();
    first.world.script("mail", [act(unavailable()), Act::End(seconds(50), succeed("{}"))]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(3)).await;
    let id = first.journal.ids()[0];
    let events = first.journal.of(id);
    let kinds: Vec<bool> = events[1..].iter().map(|event| matches!(event, Event::Attempted { .. })).collect();
    assert_eq!(kinds, [false, true, false], "started, attempted, trying: {events:#?}");
    // Events that the next process finds, and how often it sends.
    for (crash, sends) in [(1, 1), (2, 0), (3, 1), (4, 0)] {
        let next = life.next(&first, crash);
        assert_eq!(next.ended(id).await, Status::Completed);
        let called = next.called().into_iter().filter(|node| *node == "mail").count();
        assert_eq!(called, sends, "after {crash} events");
        let delivery = &next.view(id)["executed_nodes"][0]["result"]["delivery"];
        assert_eq!(delivery == "unknown", sends == 0, "after {crash} events: {delivery}");
        assert!(next.called().contains(&"next"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_waits_is_not_in_memory_and_can_be_seen_and_cancelled() {
    let life = Life::new(vec![webhook(), http("a", 3), http("b", 0)], vec![edge(0, 1), edge(1, 2)]);
    let process = life.born();
    process.engine.recover(crate::journal::Retention::default()).unwrap();
    process.world.script("a", [act(unavailable()), act(unavailable()), act(succeed("{}"))]);
    for _ in 0..2 {
        process.engine.start(input(), StartedBy::Trigger(0)).await.unwrap();
    }
    sleep(seconds(1)).await;
    let ids = process.journal.ids();
    assert_eq!((process.engine.counts().running, process.engine.at_work()), (2, 0));
    let view = process.view(ids[0]);
    assert_eq!((&view["status"], &view["current_node"]), (&"running".into(), &"a".into()));
    assert_eq!(view["pending_nodes"], serde_json::json!(["b"]));
    // Whoever only reads the journal knows nothing of the workflow's retries.
    let (clock, history): (Arc<dyn Clock>, _) = (Arc::new(Noon), process.journal.read(ids[0]).unwrap().unwrap());
    let beside = super::super::view_of(ids[0], history, &clock).unwrap();
    for view in [view, serde_json::from_str(&beside).unwrap()] {
        let node = &view["executed_nodes"][1];
        let (attempts, code, due) = (&node["attempts"], &node["last_error"]["code"], &node["next_attempt_at"]);
        assert_eq!((attempts, code), (&1.into(), &"HTTP_503".into()), "{node:#}");
        assert_eq!((due, &node["error"]), (&"2026-11-22T12:00:02.000Z".into(), &serde_json::Value::Null));
    }
    assert!(process.engine.cancel(&ids[0].to_string()));
    assert_eq!(process.ended(ids[0]).await, Status::Cancelled);
    assert_eq!(process.ended(ids[1]).await, Status::Completed);
    assert_eq!(process.view(ids[1])["executed_nodes"][1]["status"], "completed");
    assert_eq!(process.engine.counts().running, 0);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_is_cancelled_while_it_waits_is_counted_off_once() {
    let mut life = Life::new(vec![http("a", 1)], vec![]);
    life.capacity = Capacity { unfinished: 2, working: 2 };
    let process = life.born();
    process.world.script("a", [act(unavailable()), Act::End(seconds(20), succeed("{}"))]);
    process.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(1)).await;
    process.engine.start(input(), StartedBy::Hand).await.unwrap();
    let ids = process.journal.ids();
    assert!(process.engine.cancel(&ids[0].to_string()));
    assert_eq!(process.ended(ids[0]).await, Status::Cancelled);
    // Past the moment of its retry.
    sleep(seconds(5)).await;
    assert_eq!(process.engine.counts().running, 1);
    assert_eq!(process.ended(ids[1]).await, Status::Completed);
    assert_eq!(process.engine.counts().running, 0);
    process.engine.start(input(), StartedBy::Hand).await.expect("there is room");
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_execution_keeps_it_in_memory() {
    let life = Life::new(vec![http("a", 3)], vec![]);
    let process = life.born();
    process.world.script("a", [act(unavailable()), act(succeed("{}"))]);
    let handle = process.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(1)).await;
    assert_eq!(process.engine.at_work(), 1);
    assert_eq!(handle.finished().await, Status::Completed);
    assert_eq!(process.world.prepared.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_are_at_work_than_may_be_and_no_more_are_taken_on() {
    let mut life = Life::new(vec![http("a", 0)], vec![]);
    life.capacity = Capacity { unfinished: 5, working: 2 };
    let process = life.born();
    process.world.script("a", [Act::End(seconds(1), succeed("{}"))]);
    for _ in 0..5 {
        process.engine.start(input(), StartedBy::Hand).await.unwrap();
    }
    assert_eq!(process.engine.start(input(), StartedBy::Hand).await.err(), Some(StartError::Busy));
    for id in process.journal.ids() {
        assert_eq!(process.ended(id).await, Status::Completed);
    }
    assert_eq!(process.called().len(), 5);
    assert_eq!(process.world.in_flight_max.load(Ordering::Relaxed), 2);
    process.engine.start(input(), StartedBy::Hand).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn draining_leaves_what_waits_to_the_next_process() {
    let life = Life::new(vec![http("a", 1), http("b", 0)], vec![]);
    let first = life.born();
    first.world.script("a", [act(unavailable())]);
    first.world.script("b", [Act::End(Duration::from_millis(300), succeed("{}"))]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    let began = Instant::now();
    assert_eq!(first.engine.drain(seconds(20)).await, 0);
    assert!(began.elapsed() < seconds(1), "{:?}", began.elapsed());
    let next = life.next(&first, first.journal.count());
    assert_eq!(next.ended(first.journal.ids()[0]).await, Status::Completed);
    assert_eq!(next.called(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_what_is_left_to_the_next_process_is_told() {
    let life = Life::new(vec![http("a", 1)], vec![]);
    let first = life.born();
    first.world.script("a", [act(unavailable()), Act::End(seconds(3), unavailable())]);
    let mut waiting = Vec::new();
    for engine in [(); 2].map(|()| Arc::clone(&first.engine)) {
        let id = engine.start(input(), StartedBy::Hand).await.unwrap().id().to_owned();
        waiting.push(tokio::spawn(async move { (engine.finished(&id).await, Instant::now()) }));
        sleep(Duration::from_millis(100)).await;
    }
    let began = Instant::now();
    first.engine.leave_what_waits();
    // One more is taken in until the process drains: a request may be on its way.
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    for (waiting, at_least) in waiting.into_iter().zip([0, 2]) {
        let (status, at) = waiting.await.unwrap();
        let took = at - began;
        assert_eq!(status, Some(Status::Running));
        assert!(took >= seconds(at_least) && took < seconds(at_least + 1), "{took:?}");
    }
    assert_eq!(first.engine.drain(seconds(20)).await, 0);
    let next = life.next(&first, first.journal.count());
    for id in first.journal.ids() {
        assert_eq!(next.ended(id).await, Status::Completed);
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_cancelled_also_while_the_process_drains() {
    let life = Life::new(vec![http("a", 1)], vec![]);
    let process = life.born();
    process.world.script("a", [act(unavailable()), Act::End(seconds(9), succeed("{}"))]);
    for _ in 0..2 {
        process.engine.start(input(), StartedBy::Hand).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    let ids = process.journal.ids();
    let cancelled = async {
        sleep(Duration::from_millis(100)).await;
        assert!(process.engine.cancel(&ids[0].to_string()));
        assert_eq!(process.ended(ids[0]).await, Status::Cancelled);
    };
    let (left, ()) = tokio::join!(process.engine.drain(seconds(20)), cancelled);
    assert_eq!((left, process.ended(ids[1]).await), (0, Status::Completed));
    assert_eq!(process.called(), ["a", "a"], "and not a third time");
}

#[tokio::test(start_paused = true)]
async fn what_waited_is_read_one_after_the_other() {
    let life = Life::new(vec![http("a", 1)], vec![]);
    let first = life.born();
    for _ in 0..40 {
        first.world.script("a", [act(unavailable())]);
        first.engine.start(input(), StartedBy::Hand).await.unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    let next = life.next(&first, first.journal.count());
    for id in first.journal.ids() {
        assert_eq!(next.ended(id).await, Status::Completed);
    }
    assert_eq!(next.journal.readers.lock().unwrap().1, 1);
}

#[tokio::test(start_paused = true)]
async fn executions_of_another_workflow_are_left_alone() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let first = life.born();
    first.world.script("a", [Act::End(seconds(50), succeed("{}"))]);
    first.engine.start(input(), StartedBy::Hand).await.unwrap();
    sleep(seconds(1)).await;
    let id = first.journal.ids()[0];
    let other = Life::new(vec![http("a", 0), http("b", 0)], vec![edge(0, 1)]);
    let next = other.next(&first, first.journal.count());
    sleep(seconds(5)).await;
    assert_eq!(next.called(), [""; 0]);
    assert_eq!(next.engine.counts().running, 0);
    assert_eq!(next.view(id)["executed_nodes"][0]["node_id"], "a", "it can be looked at");
    assert!(next.engine.resume(id).err().unwrap().message.contains("cannot go on here"));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_has_leapt_makes_nothing_old() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let process = life.born();
    let retention = crate::journal::Retention { age: Some(seconds(86_400)), executions: Some(9) };
    process.engine.recover(retention).unwrap();
    // The clocks of the test go in step; now and then the wall clock leaps ahead by a year.
    let minutes = |count: usize| {
        let (process, life) = (&process, &life);
        async move {
            process.journal.expired.lock().unwrap().clear();
            for _ in 0..count * 6 {
                life.passes(10);
                sleep(seconds(10)).await;
            }
            let expired = process.journal.expired.lock().unwrap().clone();
            assert!(expired.iter().all(|(asked, _)| asked.executions == Some(9)), "by count, always");
            let by_age = expired.iter().filter(|(asked, _)| asked.age.is_some()).count();
            (expired.len() - by_age, by_age)
        }
    };
    let (never, by_age) = minutes(59).await;
    assert!(never > 50 && by_age == 0, "not before the clock has gone right for an hour: {never}, {by_age}");
    let (_, by_age) = minutes(10).await;
    assert!(by_age > 5, "{by_age}");
    life.passes(365 * 86_400);
    let (never, by_age) = minutes(59).await;
    assert!(never > 50 && by_age == 0, "after a leap: {never}, {by_age}");
    let (_, by_age) = minutes(10).await;
    assert!(by_age > 5, "{by_age}");
}

#[tokio::test(start_paused = true)]
async fn an_operator_s_wish_is_seen() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let process = life.born();
    process.engine.recover(crate::journal::Retention::default()).unwrap();
    process.world.script("a", [Act::End(seconds(50), succeed("{}"))]);
    process.engine.start(input(), StartedBy::Hand).await.unwrap();
    let id = process.journal.ids()[0];
    process.journal.requests.lock().unwrap().push(Request::Cancel(id));
    assert_eq!(process.ended(id).await, Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_is_erased_is_known_nowhere() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let process = life.born();
    process.engine.recover(crate::journal::Retention::default()).unwrap();
    let handle = process.engine.start(input(), StartedBy::Hand).await.unwrap();
    let id = process.journal.ids()[0];
    assert_eq!(process.ended(id).await, Status::Completed);
    drop(handle);
    assert!(process.engine.registry.get(id).is_some());
    process.journal.requests.lock().unwrap().push(Request::Erase(id));
    while process.engine.registry.get(id).is_some() {
        tokio::time::sleep(seconds(1)).await;
    }
    assert_eq!(*process.journal.erased.lock().unwrap(), [id]);
}

#[tokio::test(start_paused = true)]
async fn a_process_with_one_execution_heeds_that_one_s_cancel_and_leaves_all_else() {
    let life = Life::new(vec![http("a", 0)], vec![]);
    let process = life.born();
    process.world.script("a", [Act::End(seconds(50), succeed("{}"))]);
    let handle = process.engine.start(input(), StartedBy::Hand).await.unwrap();
    process.engine.heed_cancel(&handle);
    let id = process.journal.ids()[0];
    let others = [Request::Cancel(Id(7)), Request::Resume(id)];
    process.journal.requests.lock().unwrap().extend([others[0], Request::Cancel(id), others[1]]);
    assert_eq!(process.ended(id).await, Status::Cancelled);
    assert_eq!(*process.journal.requests.lock().unwrap(), others);
}
