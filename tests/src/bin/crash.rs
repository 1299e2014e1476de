//! Kills the compiled order workflow under load and watches its world: the long run of `tests/tests/crash`.
//!
//! `cargo run --release -p flow-tests --bin crash [KILLS [SEED]]`
//! `CLOCK=jumps cargo run --release -p flow-tests --bin crash [KILLS [SEED]]`
//!
//! A thousand kills unless said otherwise; some ten minutes. With strace installed, kills also come at exact system calls, and
//! some are losses of power: what was not synced by then is garbled. With `CLOCK=jumps` and libfaketime installed the time of day
//! jumps by up to ten years, at every start and between. Ends with 1 and the reason when anything is not as it should be.

use flow_tests::crash::{Plan, faketime, has_strace, run};
use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (Ok(kills), Ok(seed)) = (number(1000), number(u64::from(std::process::id()))) else {
        eprintln!("usage: crash [KILLS [SEED]]");
        return ExitCode::from(2);
    };
    let strace = has_strace();
    if !strace {
        println!("strace is not installed or may not trace: no kills at system calls, no losses of power");
    }
    let faketime = env::var_os("CLOCK").and_then(|_| faketime());
    if env::var_os("CLOCK").is_some() && faketime.is_none() {
        eprintln!("libfaketime is not installed: the clock cannot jump");
        return ExitCode::from(2);
    }
    println!("seed {seed}");
    let plan = Plan { kills: kills as usize, clients: 8, unfinished: 64, seed, strace, faketime, say_every: 50 };
    match run(&plan) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}
