//! The file.
//!
//! Comes in: lines, from many threads. Goes out: numbered and hashed lines on disk.
//! Always true: lines stand in the order in which they were pushed; a commit returns when everything pushed before it is on
//! disk; a line is there as a whole or not at all. One process at a time writes a trail: the file is locked.
//!
//! - What a crash left of the last line was never said to be durable: opening the trail removes it, and says so in a line.
//! - A file that was moved away (by a log rotation) is left at once; the new one begins with a line that continues the
//!   chain, so the files verify together.
//! - A write that fails is undone and tried again with the next commit.

use super::line::Body;
use super::{BEGINNING, hash};
use crate::file::is_at;
use crate::log;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No line is longer.
const LINE_MAX: u64 = 64 * 1024;
/// How often a file is looked for under its name.
const LOOK: Duration = Duration::from_secs(1);
/// Between two commits of a trail that commits by itself.
const PAUSE: Duration = Duration::from_millis(50);
/// A larger buffer is not kept for the next lines.
const SPARE_MAX: usize = 1024 * 1024;
/// So many lines may wait while the file cannot be written; then the oldest stay, and their commits fail.
const WAITING_MAX: usize = 1_000_000;

pub struct Trail {
    path: PathBuf,
    /// Pushed and not committed.
    waiting: Mutex<Waiting>,
    pushed: Condvar,
    disk: Mutex<Disk>,
}

#[derive(Default)]
struct Waiting {
    /// Each ends with a newline. One text, so that what is said is not freed in another thread than it was made in.
    text: String,
    lines: usize,
    lost: u64,
    closed: bool,
}

struct Disk {
    file: File,
    looked: Instant,
    /// Of the file, after the last whole line.
    length: u64,
    /// Of the last line.
    number: u64,
    hash: String,
    text: String,
    /// Empty; for the lines that come next.
    spare: String,
}

/// Why there is no trail, or a line is not on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrailError {
    pub message: String,
}

impl Trail {
    /// Opens the trail, or begins it.
    ///
    /// # Errors
    /// The file cannot be written, another process writes it, or its last line is none of a trail.
    pub fn open(path: &Path, workflow: &str) -> Result<Arc<Trail>, TrailError> {
        let file = open(path).map_err(|error| TrailError::io(path, &error))?;
        let mut disk = Disk {
            file,
            looked: Instant::now(),
            length: 0,
            number: 0,
            hash: BEGINNING.to_owned(),
            text: String::new(),
            spare: String::new(),
        };
        let torn = disk.find_end().map_err(|error| TrailError::io(path, &error))?.map_err(|()| TrailError {
            message: format!(
                "the audit trail {path} does not end with a line of a trail: `audit verify {path}` says more; \
                 move it away to begin a new one",
                path = path.display()
            ),
        })?;
        let trail =
            Trail { path: path.to_owned(), waiting: Mutex::default(), pushed: Condvar::new(), disk: Mutex::new(disk) };
        if lock(&trail.disk).number == 0 {
            trail.push(Body::now("trail begun").text("workflow", workflow).text("previous", BEGINNING));
        }
        if torn > 0 {
            trail.push(Body::now("torn line removed").number("bytes", torn));
        }
        trail.commit()?;
        Ok(Arc::new(trail))
    }

    /// Adds a line. It is on disk after the next [`Trail::commit`].
    pub fn push(&self, body: Body) {
        let mut waiting = lock(&self.waiting);
        if waiting.lines >= WAITING_MAX {
            waiting.lost += 1;
            return;
        }
        waiting.text.push_str(body.as_str());
        waiting.text.push('\n');
        waiting.lines += 1;
        let first = waiting.lines == 1;
        drop(waiting);
        if first {
            self.pushed.notify_one();
        }
    }

    /// Writes everything that was pushed, and waits until it is on disk. To be called from a thread that may wait.
    ///
    /// # Errors
    /// When it could not be written. It is kept, and written by the next commit that can.
    pub fn commit(&self) -> Result<(), TrailError> {
        let mut disk = lock(&self.disk);
        let spare = std::mem::take(&mut disk.spare);
        let (mut text, lines, lost) = {
            let mut waiting = lock(&self.waiting);
            let text = std::mem::replace(&mut waiting.text, spare);
            (text, std::mem::take(&mut waiting.lines), std::mem::take(&mut waiting.lost))
        };
        let written = match lines == 0 && lost == 0 {
            true => Ok(()),
            false => disk.follow(&self.path).and_then(|()| disk.append(&text, lost)),
        };
        if let Err(error) = written {
            let mut waiting = lock(&self.waiting);
            text.push_str(&waiting.text);
            waiting.text = text;
            waiting.lines += lines;
            waiting.lost += lost;
            return Err(TrailError::io(&self.path, &error));
        }
        text.clear();
        if text.capacity() <= SPARE_MAX {
            disk.spare = text;
        }
        Ok(())
    }

    /// Number and hash of the last line on disk: to be kept elsewhere, so that a trail which was cut off is found.
    pub fn head(&self) -> (u64, String) {
        let disk = lock(&self.disk);
        (disk.number, disk.hash.clone())
    }

    /// Starts a thread that commits soon after something was pushed. For journals that keep nothing, and so wait for nothing.
    pub fn commit_by_itself(self: &Arc<Trail>) {
        let trail = Arc::clone(self);
        let thread = std::thread::Builder::new().name("audit".to_owned()).stack_size(128 * 1024);
        // Without a thread `close` still writes everything.
        let _ = thread.spawn(move || {
            let mut failed = false;
            loop {
                let mut waiting = lock(&trail.waiting);
                while waiting.lines == 0 && !waiting.closed {
                    waiting = trail.pushed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                }
                if waiting.closed {
                    return;
                }
                drop(waiting);
                let outcome = trail.commit();
                if let (Err(error), false) = (&outcome, failed) {
                    log::audit_failed(&error.message);
                }
                failed = outcome.is_err();
                std::thread::sleep(if failed { LOOK } else { PAUSE });
            }
        });
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As [`Trail::commit`].
    pub fn close(&self) -> Result<(), TrailError> {
        lock(&self.waiting).closed = true;
        self.pushed.notify_one();
        self.commit()
    }
}

impl Disk {
    /// Finds the last line. Inner error: it is none. The bytes of a torn line that were removed.
    fn find_end(&mut self) -> std::io::Result<Result<u64, ()>> {
        let length = self.file.metadata()?.len();
        let from = length.saturating_sub(2 * LINE_MAX);
        self.file.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        self.file.read_to_end(&mut tail)?;
        let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let torn = (tail.len() - whole) as u64;
        if whole == 0 {
            // A file of one torn line begins anew; a longer one is something else.
            if from > 0 {
                return Ok(Err(()));
            }
        } else {
            let start = tail[..whole - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            let line = std::str::from_utf8(&tail[start..whole - 1]).ok().and_then(super::verify::parts);
            let Some(parts) = line else { return Ok(Err(())) };
            self.number = parts.number;
            parts.hash.clone_into(&mut self.hash);
        }
        if torn > 0 {
            self.file.set_len(length - torn)?;
        }
        self.length = length - torn;
        Ok(Ok(torn))
    }

    /// Goes on in a new file when the old one was moved away.
    fn follow(&mut self, path: &Path) -> std::io::Result<()> {
        if self.looked.elapsed() < LOOK {
            return Ok(());
        }
        if !is_at(&self.file, path) {
            self.continue_in(open(path)?)?;
        }
        self.looked = Instant::now();
        Ok(())
    }

    /// Where the new file does not take its first line, the old one stays: no other line may be the first.
    fn continue_in(&mut self, new: File) -> std::io::Result<()> {
        if new.metadata()?.len() > 0 {
            return Err(std::io::Error::other("there is another file in its place, which is not empty"));
        }
        let continued = Body::now("trail continued").text("previous", &self.hash);
        let old = (std::mem::replace(&mut self.file, new), std::mem::replace(&mut self.length, 0));
        let appended = self.append(continued.as_str(), 0);
        if appended.is_err() {
            (self.file, self.length) = old;
        }
        appended
    }

    /// `lines`: as they wait.
    fn append(&mut self, lines: &str, lost: u64) -> std::io::Result<()> {
        let (mut number, mut last) = (self.number, self.hash.clone());
        self.text.clear();
        let lost = (lost > 0).then(|| Body::now("lines lost").number("lines", lost));
        for body in lines.lines().chain(lost.as_ref().map(Body::as_str)) {
            number += 1;
            let start = self.text.len();
            let _ = fmt::Write::write_fmt(&mut self.text, format_args!("{{\"seq\":{number},{body}"));
            last = hash(&last, &self.text[start..]);
            self.text.push_str(",\"hash\":\"");
            self.text.push_str(&last);
            self.text.push_str("\"}\n");
        }
        let written = self.file.write_all(self.text.as_bytes()).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Half a line must not stay in the middle.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += self.text.len() as u64;
        self.number = number;
        self.hash = last;
        Ok(())
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let file = options.open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(std::io::Error::other("another process writes it")),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl TrailError {
    fn io(path: &Path, error: &std::io::Error) -> TrailError {
        TrailError { message: format!("the audit trail {} cannot be written: {error}", path.display()) }
    }
}

impl fmt::Display for TrailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TrailError {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::verify;
    use super::*;
    use std::fs;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Folder {
            let path = std::env::temp_dir().join(format!("flow-audit-{}", uuid::Uuid::now_v7().simple()));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("audit.jsonl")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn push(trail: &Trail, nodes: &[&str]) {
        for node in nodes {
            trail.push(Body::now("node started").text("node", node));
        }
        trail.commit().unwrap();
    }

    #[test]
    fn a_trail_goes_on_where_it_ended() {
        let folder = Folder::new();
        push(&Trail::open(&folder.file(), "order").unwrap(), &["a", "b"]);
        push(&Trail::open(&folder.file(), "order").unwrap(), &["c"]);
        let report = verify(&[folder.file()]).unwrap();
        assert_eq!((report.lines, report.number, report.broken.len()), (4, 4, 0));
        let trail = Trail::open(&folder.file(), "order").unwrap();
        assert_eq!(trail.head(), (4, report.hash));
        assert!(Trail::open(&folder.file(), "order").unwrap_err_message().contains("another process"));
    }

    trait Message {
        fn unwrap_err_message(self) -> String;
    }

    impl Message for Result<Arc<Trail>, TrailError> {
        fn unwrap_err_message(self) -> String {
            self.err().unwrap().message
        }
    }

    #[test]
    fn a_torn_line_is_removed() {
        let folder = Folder::new();
        push(&Trail::open(&folder.file(), "order").unwrap(), &["a"]);
        let whole = fs::read(folder.file()).unwrap();
        for torn in 1..60 {
            let mut bytes = whole.clone();
            bytes.extend_from_slice(&whole[..torn]);
            fs::write(folder.file(), bytes).unwrap();
            drop(Trail::open(&folder.file(), "order").unwrap());
            let report = verify(&[folder.file()]).unwrap();
            assert_eq!((report.lines, report.broken.len(), report.torn), (3, 0, 0));
        }
        // Even of the very first line.
        fs::write(folder.file(), "{\"seq\":1,\"ti").unwrap();
        drop(Trail::open(&folder.file(), "order").unwrap());
        assert_eq!(verify(&[folder.file()]).unwrap().broken, []);
    }

    #[test]
    fn what_is_no_trail_is_left_alone() {
        let folder = Folder::new();
        fs::write(folder.file(), "my diary\n").unwrap();
        assert!(Trail::open(&folder.file(), "order").unwrap_err_message().contains("move it away"));
        assert_eq!(fs::read_to_string(folder.file()).unwrap(), "my diary\n");
    }

    #[test]
    fn a_rotated_trail_verifies_with_what_came_before() {
        let folder = Folder::new();
        let trail = Trail::open(&folder.file(), "order").unwrap();
        push(&trail, &["a", "b"]);
        let old = folder.0.join("audit.jsonl.1");
        fs::rename(folder.file(), &old).unwrap();
        look(&trail);
        push(&trail, &["c"]);
        let report = verify(&[old.clone(), folder.file()]).unwrap();
        assert_eq!((report.lines, report.number, &*report.broken), (5, 5, &[][..]));
        // Each by itself as well; but not in another order.
        assert_eq!(verify(&[folder.file()]).unwrap().broken, []);
        assert_ne!(verify(&[folder.file(), old]).unwrap().broken, []);
    }

    /// Makes the next commit look whether the file has been moved away.
    fn look(trail: &Trail) {
        lock(&trail.disk).looked = Instant::now().checked_sub(LOOK).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_new_file_that_takes_nothing_changes_nothing() {
        let folder = Folder::new();
        let trail = Trail::open(&folder.file(), "order").unwrap();
        push(&trail, &["a"]);
        let old = folder.0.join("audit.jsonl.1");
        fs::rename(folder.file(), &old).unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.file()).unwrap();
        look(&trail);
        trail.push(Body::now("node started").text("node", "b"));
        assert!(trail.commit().is_err());
        fs::rename(&old, folder.file()).unwrap();
        push(&trail, &["c"]);
        let report = verify(&[folder.file()]).unwrap();
        assert_eq!((report.lines, &*report.broken), (4, &[][..]));
    }

    #[test]
    fn a_file_that_may_not_be_written_is_looked_for_until_it_may() {
        let folder = Folder::new();
        let trail = Trail::open(&folder.file(), "order").unwrap();
        push(&trail, &["a"]);
        let old = folder.0.join("audit.jsonl.1");
        fs::rename(folder.file(), &old).unwrap();
        fs::write(folder.file(), "my diary\n").unwrap();
        look(&trail);
        trail.push(Body::now("node started").text("node", "b"));
        assert!(trail.commit().is_err());
        assert!(trail.commit().is_err(), "nothing goes on to the file that was moved away");
        fs::remove_file(folder.file()).unwrap();
        trail.commit().unwrap();
        let report = verify(&[old, folder.file()]).unwrap();
        assert_eq!((report.lines, &*report.broken), (4, &[][..]));
    }
}
