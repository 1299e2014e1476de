//! A compiled binary that is killed, again and again, under load, and what its world saw of it.
//!
//! Comes in: how often, and in which ways ([`Death`]). Goes out: a [`Report`], or what went wrong.
//! Always true: the product knows nothing of this. It is killed by SIGKILL at random instants, at the moment an effect has
//! reached the world and was not answered, and at the n-th system call of its journal (strace injects that signal); the rest
//! is what the kernel and a disk may do to it.
//!
//! What is proved, by [`Ledger`]: every accepted order finishes, none is lost; each effect happens, in its order; what is
//! repeated is repeated under the same key with the same bytes, by another process than the one before, and never once
//! something later has happened.

mod death;
mod ledger;
mod load;
mod stage;
mod wal;

pub use death::{Death, has_strace};
pub use ledger::{Effect, Ledger, Step};
pub use load::Load;
pub use stage::{Stage, Start, faketime};

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Plan {
    pub kills: usize,
    /// Clients that send orders.
    pub clients: usize,
    /// So many accepted orders may be unfinished before clients wait.
    pub unfinished: usize,
    /// Of the choices that are made here; what the machine does with time cannot be repeated.
    pub seed: u64,
    /// Also through strace: slower, and exact.
    pub strace: bool,
    /// The clock jumps, by this library.
    pub faketime: Option<PathBuf>,
    /// Report about every so many kills; 0: never.
    pub say_every: usize,
}

/// What happened.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub kills: BTreeMap<&'static str, usize>,
    pub torn_tails: usize,
    pub lost_power: usize,
    pub orders: usize,
    /// Deliveries that were sent again: after a kill, or to see whether they are recognised.
    pub redeliveries: usize,
    pub repeated_requests: usize,
    pub repeated_mails: usize,
    pub took: Duration,
}

/// How long the orders that are left may take when nothing is killed any more.
pub const FINISH: Duration = Duration::from_secs(120);

/// Kills as planned, lets the rest finish, and looks at everything once more.
///
/// # Errors
/// The first thing that is not as it should be.
pub fn run(plan: &Plan) -> Result<Report, String> {
    let began = Instant::now();
    let mut random = Random(plan.seed | 1);
    let mut stage = Stage::new()?;
    if let Some(library) = &plan.faketime {
        stage.jump(library.clone());
    }
    let load = Load::start(&stage, plan.clients, plan.unfinished, plan.seed);
    let mut report = Report::default();
    let mut killed = 0;
    while killed < plan.kills {
        let death = Death::draw(&mut random, plan.strace && plan.faketime.is_none());
        stage.live_and_die(&death, &mut random)?;
        if let Death::Power = death {
            report.lost_power += 1;
        } else if random.below(4) == 0 {
            report.torn_tails += usize::from(stage.tear_tail(&mut random)?);
        }
        *report.kills.entry(death.name()).or_default() += 1;
        killed += 1;
        stage.ledger.check()?;
        load.check()?;
        if plan.say_every > 0 && killed % plan.say_every == 0 {
            println!("{killed} kills, {} orders, {:.0} s", stage.ledger.orders(), began.elapsed().as_secs_f64());
        }
    }
    stage.start(&Start::Plainly)?;
    let sent = load.stop(FINISH)?;
    stage.ledger.finished(&sent.accepted, FINISH)?;
    stage.all_completed(&sent.executions)?;
    let repeated = stage.ledger.repeated();
    Ok(Report {
        orders: sent.accepted.len(),
        redeliveries: sent.redeliveries,
        repeated_requests: repeated.requests,
        repeated_mails: repeated.mails,
        took: began.elapsed(),
        ..report
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total: usize = self.kills.values().sum();
        let kinds: Vec<String> = self.kills.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "{total} kills: {}", kinds.join(", "))?;
        writeln!(f, "{} torn tails, {} losses of power", self.torn_tails, self.lost_power)?;
        writeln!(f, "{} orders accepted and finished, {} deliveries repeated", self.orders, self.redeliveries)?;
        writeln!(
            f,
            "{} requests and {} mails were in doubt and went out again, with the same key and the same bytes",
            self.repeated_requests, self.repeated_mails
        )?;
        write!(f, "{:.0} s", self.took.as_secs_f64())
    }
}

/// xorshift: small, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to `limit`, without it.
    pub fn below(&mut self, limit: u64) -> u64 {
        (self.draw() >> 11) % limit
    }
}
