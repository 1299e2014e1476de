//! Where lines go, and when.
//!
//! Comes in: lines. Goes out: few and large writes, to stderr or to a file.
//! Always true: lines keep their order; a file that was moved away by a log rotation is opened anew within a second; where
//! a file cannot be written, stderr gets the lines.

use crate::file::is_at;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long lines are collected before they are written together.
const COLLECT: Duration = Duration::from_millis(20);
/// More than this is not collected: the thread that logs writes it itself.
const COLLECT_MAX: usize = 256 * 1024;
/// How often a file is looked for under its name.
const LOOK: Duration = Duration::from_secs(1);

/// All places lines go to.
pub struct Sinks {
    main: Sink,
    /// A second one for what concerns webhooks.
    webhooks: Option<Sink>,
    writer: Mutex<Writer>,
    waiting: Condvar,
}

/// The thread that writes.
#[derive(Default)]
struct Writer {
    runs: bool,
    /// There are lines.
    work: bool,
}

struct Sink {
    lines: Mutex<String>,
    out: Mutex<Output>,
}

struct Output {
    out: Out,
    /// Empty; for the lines that come next.
    spare: String,
}

pub enum Out {
    Stderr,
    File { path: PathBuf, file: File, looked: Instant },
}

impl Sinks {
    pub fn new(main: Out, webhooks: Option<Out>) -> Sinks {
        let sink = |out| Sink { lines: Mutex::default(), out: Mutex::new(Output { out, spare: String::new() }) };
        Sinks { main: sink(main), webhooks: webhooks.map(sink), writer: Mutex::default(), waiting: Condvar::new() }
    }

    /// Adds what `line` writes.
    pub fn write(&'static self, webhook: bool, line: impl Fn(&mut String)) {
        let mut first = false;
        let mut full = false;
        for sink in [Some(&self.main), self.webhooks.as_ref().filter(|_| webhook)].into_iter().flatten() {
            let mut lines = lock(&sink.lines);
            first |= lines.is_empty();
            line(&mut lines);
            full |= lines.len() > COLLECT_MAX;
        }
        // Whoever wrote the line before has woken the writer.
        if !first && !full {
            return;
        }
        let mut writer = lock(&self.writer);
        if !writer.runs {
            let thread = std::thread::Builder::new().name("log".to_owned()).stack_size(64 * 1024);
            writer.runs = thread.spawn(|| self.write_for_ever()).is_ok();
        }
        writer.work = true;
        let write_now = full || !writer.runs;
        drop(writer);
        if write_now {
            self.flush();
        } else {
            self.waiting.notify_one();
        }
    }

    pub fn flush(&self) {
        self.main.flush();
        if let Some(webhooks) = &self.webhooks {
            webhooks.flush();
        }
    }

    fn write_for_ever(&self) {
        loop {
            let mut writer = lock(&self.writer);
            while !writer.work {
                writer = self.waiting.wait(writer).unwrap_or_else(PoisonError::into_inner);
            }
            writer.work = false;
            drop(writer);
            std::thread::sleep(COLLECT);
            self.flush();
        }
    }
}

impl Sink {
    fn flush(&self) {
        // Locked before the lines are taken: two writers cannot swap their order, and whoever gets the lock knows that
        // everything taken before is written.
        let mut output = lock(&self.out);
        let spare = std::mem::take(&mut output.spare);
        let mut text = std::mem::replace(&mut *lock(&self.lines), spare);
        if !text.is_empty() {
            output.out.write(&text);
        }
        text.clear();
        if text.capacity() <= 2 * COLLECT_MAX {
            output.spare = text;
        }
    }
}

impl Out {
    /// Opens a file to append to.
    ///
    /// # Errors
    /// When that is not possible; for people.
    pub fn file(path: PathBuf) -> Result<Out, String> {
        match open(&path) {
            Ok(file) => Ok(Out::File { path, file, looked: Instant::now() }),
            Err(error) => Err(format!("cannot write the log {}: {error}", path.display())),
        }
    }

    fn write(&mut self, text: &str) {
        if let Out::File { path, file, looked } = self {
            if looked.elapsed() > LOOK {
                *looked = Instant::now();
                if !is_at(file, path)
                    && let Ok(new) = open(path)
                {
                    *file = new;
                }
            }
            if file.write_all(text.as_bytes()).is_ok() {
                return;
            }
        }
        // Nobody is left to tell when stderr is gone.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
