//! One process owns a folder.
//!
//! Comes in: a folder. Goes out: the right to write its journal, for as long as the value lives.
//! Always true: the operating system takes the right back when the process ends, however it ends. Nothing has to be cleaned
//! up after a crash, and no other process can have the right at the same time, on the same machine.

use crate::journal::JournalError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Locked by the owner; holds the number of its process, for messages.
const FILE: &str = "lock";

const PATIENCE: Duration = Duration::from_millis(500);

/// The right to write.
pub struct Owner {
    /// Unlocked when it is closed.
    _file: File,
}

impl Owner {
    /// # Errors
    /// When another process is the owner, or the folder cannot be used.
    pub fn take(folder: &Path) -> Result<Owner, JournalError> {
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
        let _ = file.set_len(0).and_then(|()| file.write_all(mark().as_bytes()));
        Ok(Owner { _file: file })
    }

    pub fn is_taken(folder: &Path) -> bool {
        match open(folder, false) {
            Ok(file) => matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)),
            // Who may not look cannot say that nobody is there.
            Err(error) => error.kind() != ErrorKind::NotFound,
        }
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

fn taken(folder: &Path, file: &mut File) -> JournalError {
    let mut process = String::new();
    let _ = file.read_to_string(&mut process);
    if process == mark() {
        return JournalError::new(format!(
            "{}: this process has opened the journal already; what opened it can be cloned, or another folder be named",
            folder.display()
        ));
    }
    let id = process.split(' ').next().unwrap_or_default();
    let by = id.parse::<u32>().map_or_else(|_| String::from("another process"), |id| format!("process {id}"));
    JournalError::new(format!(
        "{}: the journal is in use by {by}; one journal serves one process: stop that one, or name another folder with --data",
        folder.display()
    ))
}
