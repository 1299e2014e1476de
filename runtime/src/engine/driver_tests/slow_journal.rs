//! Executions whose journal takes its time, or cannot be written.

use super::*;

/// A journal whose events become durable when the test says so.
#[derive(Default)]
struct Slow {
    events: Mutex<Vec<String>>,
    pending: Mutex<Vec<oneshot::Sender<Result<(), JournalError>>>>,
}

impl Slow {
    fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    fn sync(&self, result: Result<(), JournalError>) {
        for sender in self.pending.lock().unwrap().drain(..) {
            // The engine does not wait for every event.
            let _ = sender.send(result.clone());
        }
    }
}

impl Journal for Slow {
    fn append(&self, _: Id, event: Event) {
        self.events.lock().unwrap().push(match event {
            Event::Accepted { input, trigger, .. } => format!("accepted {input} by {trigger:?}"),
            Event::Started { node, .. } => format!("started {node}"),
            Event::Trying { node, .. } => format!("trying {node}"),
            Event::Attempted { node, attempt, .. } => format!("attempted {node} {attempt}"),
            Event::Settled { node, outcome, envelope, edges, .. } => {
                let result = Raw::new(Some(&envelope), "").get("result").text().unwrap_or("nothing").to_owned();
                assert!(matches!(outcome, Outcome::Completed | Outcome::Failed));
                format!("settled {node} {result} {edges:?}")
            }
            Event::Finished { status, error_message, .. } => format!("finished {} {error_message:?}", status.as_str()),
        });
    }

    fn durable(&self, _: Id) -> Durable {
        let (sender, receiver) = oneshot::channel();
        self.pending.lock().unwrap().push(sender);
        Durable::Later(receiver)
    }

    fn nudge(&self) {}

    fn ready(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn forget(&self, _: Id) {
        self.events.lock().unwrap().push(String::from("forgotten"));
    }
}

fn slow_bench() -> (Bench, Arc<Slow>) {
    let journal = Arc::new(Slow::default());
    let settings = Settings { timeout: Some(seconds(60)), fail_fast: false, max_parallel_nodes: 3 };
    let nodes = vec![webhook(), http("a", 1)];
    let bench =
        Bench::on(nodes, vec![edge(0, 1)], settings, Arc::clone(&journal) as Arc<dyn Journal>, Retention::default());
    (bench, journal)
}

#[tokio::test(start_paused = true)]
async fn nothing_outruns_the_journal() {
    let (bench, journal) = slow_bench();
    bench.world.script("a", [act(unavailable()), act(succeed("{}"))]);
    let engine = Arc::clone(&bench.engine);
    let starting = tokio::spawn(async move { engine.start(input(), StartedBy::Trigger(0)).await });
    sleep(seconds(1)).await;
    assert!(!starting.is_finished(), "not accepted before that is durable");
    let accepted = r#"accepted {"order_id":"O-1","items":[1,2]} by Some(0)"#;
    let trigger = r#"settled 0 {"order_id":"O-1","items":[1,2]} [Taken]"#;
    assert_eq!(journal.events(), [accepted, trigger, "started 1"], "what needs no effect waits for the same sync");
    assert_eq!(bench.world.calls(), [], "no effect before *started* is durable");
    journal.sync(Ok(()));
    let handle = starting.await.unwrap().unwrap();
    sleep(seconds(3)).await;
    assert_eq!(bench.world.calls(), [("a", 0), ("a", 2000)]);
    assert_eq!(journal.events()[3..], ["attempted 1 1", "settled 1 {} []", "finished completed None"]);
    assert_eq!(bench.view(&handle)["status"], "running", "nobody is told before the end is durable");
    journal.sync(Ok(()));
    assert_eq!(handle.finished().await, Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_down_never_happened() {
    let (bench, journal) = slow_bench();
    let engine = Arc::clone(&bench.engine);
    let starting = tokio::spawn(async move { engine.start(input(), StartedBy::Hand).await });
    sleep(seconds(1)).await;
    journal.sync(Err(JournalError::new("the disk is full")));
    assert!(matches!(starting.await.unwrap(), Err(StartError::Journal(_))));
    assert_eq!(bench.engine.counts(), Counts::default());
    assert_eq!(bench.world.calls(), []);
    assert_eq!(journal.events().last().map(String::as_str), Some("forgotten"), "and nothing more is appended");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_wait_changes_nothing() {
    let (bench, journal) = slow_bench();
    let engine = Arc::clone(&bench.engine);
    let starting = tokio::spawn(async move { engine.start(input(), StartedBy::Hand).await });
    sleep(seconds(1)).await;
    starting.abort();
    sleep(seconds(1)).await;
    journal.sync(Ok(()));
    sleep(seconds(1)).await;
    journal.sync(Ok(()));
    sleep(seconds(1)).await;
    assert_eq!(bench.world.calls().len(), 1);
    assert_eq!(bench.engine.counts().completed, 1);
}
