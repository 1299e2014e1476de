//! The compiled order workflow, killed under load. The long run is `cargo run --release -p flow-tests --bin crash`.

mod disk;

use flow_tests::crash::{Plan, has_strace, run};

#[test]
fn fifty_kills_lose_nothing_and_repeat_nothing_that_is_known() {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let strace = has_strace();
    let plan = Plan { kills: 50, clients: 4, unfinished: 24, seed, strace, faketime: None, say_every: 0 };
    let report = run(&plan).unwrap();
    println!("{report}");
    assert_eq!(report.kills.values().sum::<usize>(), 50);
    assert!(report.orders > 0);
}
