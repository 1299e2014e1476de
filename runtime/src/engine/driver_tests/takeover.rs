//! Executions that another version of the workflow began.

use super::recovery::Life;
use super::*;

fn old() -> Life {
    let nodes = vec![webhook(), http("check", 0), http("charge", 1), http("ship", 0)];
    Life::new(nodes, vec![edge(0, 1), edge(1, 2), edge(2, 3)])
}

/// Every node and every edge has another number, and a filter stands before `check`.
fn new() -> Life {
    let filter = Filter { condition: |_| Ok(true), error_message: |_, _| Ok(()) };
    let limits = with_kind("limits", Kind::Filter(filter), 0);
    let nodes = vec![http("ship", 0), http("charge", 3), limits, http("check", 0), webhook()];
    Life::new(nodes, vec![edge(1, 0), edge(3, 1), edge(2, 3), edge(4, 2)])
}

#[tokio::test(start_paused = true)]
async fn what_continues_stays_written_down_as_it_was_begun() {
    let (old, new) = (old(), new());
    let first = old.born();
    first.world.script("charge", [act(unavailable()), act(succeed("{}"))]);
    let handle = first.engine.start(input(), StartedBy::Trigger(0)).await.unwrap();
    assert_eq!(handle.finished().await, Status::Completed);
    let id = first.journal.ids()[0];
    let events = first.journal.of(id);
    // From where the webhook has settled on.
    for crash in 2..events.len() {
        let settled: Vec<usize> = events[..crash]
            .iter()
            .filter_map(|event| if let Event::Settled { node, .. } = event { Some(*node) } else { None })
            .collect();
        let expected = ["webhook", "check", "charge", "ship"].iter().enumerate();
        let expected: Vec<&str> = expected.filter(|(node, _)| !settled.contains(node)).map(|(_, id)| *id).collect();
        let next = new.next(&first, crash);
        assert_eq!(next.ended(id).await, Status::Completed);
        let mut called = next.called();
        called.sort_by_key(|id| expected.iter().position(|other| other == id));
        assert_eq!(called, expected, "after {crash} events");
        // The version that began it can take it back at any moment.
        for again in crash..next.journal.count() {
            let third = old.next(&next, again);
            assert_eq!(third.ended(id).await, Status::Completed, "after {crash} events and up to {again}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_means_something_else_is_left_alone() {
    let (old, new) = (old(), new());
    let first = old.born();
    let handle = first.engine.start(input(), StartedBy::Trigger(0)).await.unwrap();
    handle.finished().await;
    let id = first.journal.ids()[0];
    let next = new.next(&first, 1);
    sleep(seconds(60)).await;
    assert_eq!((next.called().len(), next.journal.count()), (0, 1));
    let refused = next.engine.resume(id).err().unwrap().message;
    assert!(refused.contains("`webhook` → `check` is gone"), "{refused}");
    assert!(refused.contains(&format!("resume {id}")), "{refused}");
    let third = old.next(&next, 1);
    assert_eq!(third.ended(id).await, Status::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_is_left_alone_can_be_given_up() {
    let (old, new) = (old(), new());
    let first = old.born();
    let handle = first.engine.start(input(), StartedBy::Trigger(0)).await.unwrap();
    handle.finished().await;
    let id = first.journal.ids()[0];
    // Before it has been looked at, and when it is known that it cannot go on.
    for wait in [0, 5] {
        let next = new.next(&first, 1);
        sleep(seconds(wait)).await;
        for _ in 0..2 {
            assert!(next.engine.cancel(&id.to_string()));
        }
        assert_eq!(next.ended(id).await, Status::Cancelled, "after {wait} s");
        sleep(seconds(5)).await;
        let events = next.journal.of(id);
        assert!(matches!(events[1..], [Event::Finished { status: Status::Cancelled, .. }]), "{events:#?}");
        assert_eq!((next.called().len(), next.engine.counts().running), (0, 0));
        assert!(next.engine.cancel(&id.to_string()), "known, and stays cancelled");
        let third = old.next(&next, 2);
        assert_eq!(third.ended(id).await, Status::Cancelled);
    }
}
