//! One process owns a folder.
//!
//! Comes in: a folder. Goes out: the right to write its journal, for as long as the value lives.
//! Always true: the operating system takes the right back when the process ends, however it ends. Nothing has to be cleaned
//! up after a crash, and no other process can have the right at the same time, on the same machine.

use crate::engine::Timestamp;
use crate::journal::{JournalError, Purpose};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Locked by the owner; says who that is, for messages.
const FILE: &str = "lock";

const PATIENCE: Duration = Duration::from_millis(500);

/// The right to write.
pub struct Owner {
    /// Unlocked when it is closed.
    _file: File,
}

/// Who owns a folder, as far as its lock says: what a process of an earlier version has not written is not known, nor is anything
/// before it has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holder {
    /// Its number; in another container another process has the same.
    pub process: Option<u32>,
    pub since: Option<Timestamp>,
    pub purpose: Option<Purpose>,
}

impl Owner {
    /// # Errors
    /// When another process is the owner, or the folder cannot be used.
    pub fn take(folder: &Path, purpose: Purpose) -> Result<Owner, JournalError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        // Inputs are other people's data.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let cannot = |what: &str, error| JournalError::new(format!("{}: cannot {what}: {error}", folder.display()));
        builder.create(folder).map_err(|error| cannot("create the folder of the journal", error))?;
        let mut file = open(folder, true).map_err(|error| cannot("use the folder of the journal", error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                // Another process may be about to end, or be looking whether anybody is the owner.
                Err(TryLockError::WouldBlock) if began.elapsed() < PATIENCE => std::thread::sleep(PATIENCE / 10),
                Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
                Err(TryLockError::Error(error)) => return Err(cannot("lock the journal", error)),
            }
        }
        // Only words for others: without them the lock is as good.
        let words = format!("{} {}", mark(), word(purpose));
        let _ = file.set_len(0).and_then(|()| file.write_all(words.as_bytes()));
        Ok(Owner { _file: file })
    }

    pub fn is_taken(folder: &Path) -> bool {
        match open(folder, false) {
            Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            // Who may not look cannot say that nobody is there.
            Err(error) => error.kind() != ErrorKind::NotFound,
        }
    }

    /// Who it is; `None`: nobody.
    pub fn holder(folder: &Path) -> Option<Holder> {
        Owner::is_taken(folder).then(|| {
            let mut words = String::new();
            let _ = open(folder, false).and_then(|mut file| file.read_to_string(&mut words));
            Holder::read(&words)
        })
    }
}

impl Holder {
    /// What [`mark`] and a purpose say.
    fn read(words: &str) -> Holder {
        let mut words = words.split(' ');
        let process = words.next().and_then(|word| word.parse().ok());
        let nanos = words.next().and_then(|word| word.parse::<u128>().ok());
        let since = nanos.and_then(|nanos| u64::try_from(nanos / 1_000_000).ok()).map(|millis| Timestamp { millis });
        let purpose = words.next();
        let purpose =
            purpose.and_then(|said| [Purpose::Service, Purpose::Command].into_iter().find(|one| word(*one) == said));
        Holder { process, since, purpose }
    }
}

/// `process 4711, since 2026-11-22T18:21:00.000Z`.
impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.process {
            Some(process) => write!(f, "process {process}")?,
            None => f.write_str("another process")?,
        }
        self.since.map_or(Ok(()), |since| write!(f, ", since {since}"))
    }
}

fn open(folder: &Path, create: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    // Whoever only looks need not be allowed to write.
    options.read(true).write(create).create(create).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(folder.join(FILE))
}

/// This process: its number, and since when it is asked. In another container another process has the same number.
fn mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        format!("{} {}", std::process::id(), since.as_nanos())
    })
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Service => "service",
        Purpose::Command => "command",
    }
}

fn taken(folder: &Path, file: &mut File) -> JournalError {
    let mut words = String::new();
    let _ = file.read_to_string(&mut words);
    if words.strip_prefix(mark()).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')) {
        return JournalError::new(format!(
            "{}: this process has opened the journal already; what opened it can be cloned, or another folder be named",
            folder.display()
        ));
    }
    JournalError::new(format!(
        "{}: the journal is in use by {}; one journal serves one process: stop that one, or name another folder with --data",
        folder.display(),
        Holder::read(&words)
    ))
}
