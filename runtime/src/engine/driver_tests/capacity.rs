//! How many executions are at work and are taken on, where no journal keeps them.

use super::*;

#[tokio::test(start_paused = true)]
async fn in_memory_too_no_more_are_at_work_than_may_be_and_no_more_are_taken_on() {
    let bench = Bench::narrow(vec![http("a", 0)], Capacity { unfinished: 5, working: 2 });
    bench.world.script("a", [Act::End(seconds(1), succeed("{}"))]);
    let mut handles = Vec::new();
    for _ in 0..5 {
        handles.push(bench.start().await);
    }
    let refused = bench.engine.start(input(), StartedBy::Hand).await.err();
    assert_eq!(refused, Some(StartError::Busy));
    for handle in &handles {
        assert_eq!(handle.finished().await, Status::Completed);
    }
    assert_eq!(bench.world.calls(), [("a", 0), ("a", 0), ("a", 1000), ("a", 1000), ("a", 2000)]);
    assert_eq!(bench.run().await.0, Status::Completed, "there is room again");
}

#[tokio::test(start_paused = true)]
async fn in_memory_whoever_waits_for_a_retry_lets_others_work() {
    let bench = Bench::narrow(vec![http("a", 1)], Capacity { unfinished: 5, working: 1 });
    let acts = [act(unavailable()), act(unavailable()), Act::End(seconds(5), succeed("{}"))];
    bench.world.script("a", acts);
    let (first, second) = (bench.start().await, bench.start().await);
    assert_eq!((first.finished().await, second.finished().await), (Status::Completed, Status::Completed));
    let calls = [("a", 0), ("a", 0), ("a", 2000), ("a", 7000)];
    assert_eq!(bench.world.calls(), calls, "the second does not wait for the first one's retry, but for its work");
}

#[tokio::test(start_paused = true)]
async fn in_memory_whoever_waits_for_a_place_to_try_again_runs_out_of_time_and_can_be_cancelled() {
    let bench = Bench::narrow(vec![http("a", 1)], Capacity { unfinished: 5, working: 1 });
    let down = act(unavailable());
    bench.world.script("a", [down.clone(), down.clone(), down, Act::End(seconds(50), succeed("{}"))]);
    let first = bench.start().await;
    sleep(Duration::from_millis(100)).await;
    let options = StartOptions { timeout: Some(seconds(5)), ..StartOptions::default() };
    let second = bench.engine.start_with(input(), StartedBy::Api, &options).await.unwrap();
    let third = bench.start().await;
    sleep(seconds(3)).await;
    assert!(bench.engine.cancel(third.id()));
    assert_eq!(third.finished().await, Status::Cancelled);
    assert_eq!(second.finished().await, Status::Error);
    let view = bench.view(&second);
    assert_eq!((&view["error_code"], &view["duration"]), (&"TIMEOUT".into(), &5.into()));
    assert_eq!(first.finished().await, Status::Completed);
    assert_eq!(bench.world.calls().len(), 4, "neither has tried again");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_in_memory_can_be_cancelled() {
    let bench = Bench::narrow(vec![http("a", 0)], Capacity { unfinished: 5, working: 1 });
    bench.world.script("a", [Act::End(seconds(50), succeed("{}"))]);
    let (first, second) = (bench.start().await, bench.start().await);
    sleep(seconds(1)).await;
    assert!(bench.engine.cancel(second.id()));
    assert_eq!(second.finished().await, Status::Cancelled);
    assert_eq!(bench.engine.counts().running, 1, "the first goes on");
    assert_eq!(first.finished().await, Status::Completed);
    assert_eq!(bench.world.in_flight_max.load(Ordering::Relaxed), 1, "the second has sent nothing");
}
