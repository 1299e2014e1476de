//! Tells the person what is going on, on standard error.
//!
//! Always true: a bar only on a terminal; elsewhere whole lines, often enough that nobody takes it for dead.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// Between two lines where there is no terminal.
pub const PULSE: Duration = Duration::from_secs(5);

/// How much is said, and in which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    Quiet,
    /// Whole lines: a file, a pipe, CI.
    Lines,
    /// A bar that moves.
    Terminal,
}

impl Talk {
    /// A terminal unless standard error is none, or says so (`TERM=dumb`, `CI`).
    pub fn new(quiet: bool) -> Talk {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        if quiet {
            Talk::Quiet
        } else if std::io::stderr().is_terminal()
            && variable("TERM").is_some_and(|term| term != "dumb")
            && variable("CI").is_none()
        {
            Talk::Terminal
        } else {
            Talk::Lines
        }
    }

    pub fn say(self, line: &str) {
        if self != Talk::Quiet {
            eprintln!("{line}");
        }
    }
}

/// How far the compilation of the runtime is.
pub struct Progress {
    talk: Talk,
    bar: ProgressBar,
    started: Instant,
    last_line: Instant,
    done: u64,
    total: u64,
    /// Crates that are being compiled, the longest first.
    running: Vec<String>,
}

impl Progress {
    pub fn new(talk: Talk, total: u64) -> Progress {
        let target = match talk {
            Talk::Terminal => ProgressDrawTarget::stderr(),
            Talk::Lines | Talk::Quiet => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        if let Ok(style) = ProgressStyle::with_template("  {bar:30} {pos}/{len} {elapsed} {wide_msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(250));
        let now = Instant::now();
        Progress { talk, bar, started: now, last_line: now, done: 0, total, running: Vec::new() }
    }

    /// A crate is being compiled now.
    pub fn started(&mut self, name: &str) {
        self.running.push(name.to_owned());
        self.show();
    }

    /// One more piece is done. The total is an estimate: never show more.
    pub fn finished(&mut self, name: &str) {
        self.running.retain(|running| running != name);
        self.done = (self.done + 1).min(self.total);
        self.bar.set_position(self.done);
        self.show();
    }

    fn show(&mut self) {
        self.bar.set_message(self.running.join(", "));
        self.pulse();
    }

    /// Called at least every [`PULSE`], also when nothing happens.
    pub fn pulse(&mut self) {
        if self.talk == Talk::Lines && self.last_line.elapsed() >= PULSE {
            self.last_line = Instant::now();
            let seconds = self.started.elapsed().as_secs();
            eprintln!("  {} of {} done after {seconds} s, now {}", self.done, self.total, self.running.join(", "));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
