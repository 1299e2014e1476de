//! A disk that takes nothing for a while: it is full, or fails. The binary is the real one, so are its clients; nothing of the
//! disk is played but the answers of single system calls, and in one test nothing at all.
//!
//! Always the same is proved: new orders are refused with 503 and `Retry-After` meanwhile; it ends by itself; every order that was
//! accepted comes to its end; and no effect is repeated, because no process has forgotten anything.

use flow_tests::crash::{FINISH, Load, Random, Stage, Start, has_strace};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(120);

/// Waits until it is so; meanwhile nothing may go wrong.
#[track_caller]
fn until(what: &str, stage: &Stage, load: &Load, so: impl Fn() -> bool) {
    let deadline = Instant::now() + LIMIT;
    while !so() {
        load.check().and_then(|()| stage.ledger.check()).unwrap();
        assert!(
            Instant::now() < deadline,
            "{what}: {} orders accepted, {} refusals\n{}",
            load.accepted(),
            load.refused(),
            stage.said()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until orders are accepted again.
#[track_caller]
fn until_it_recovers(stage: &Stage, load: &Load) {
    let accepted = load.accepted();
    until("it never recovers", stage, load, || load.accepted() > accepted + 12);
}

/// The rest finishes, and the journal says the same. How many requests and mails went out again.
fn finish(stage: &mut Stage, load: Load) -> (usize, usize) {
    let sent = load.stop(FINISH).unwrap();
    stage.ledger.finished(&sent.accepted, FINISH).unwrap();
    stage.all_completed(&sent.executions).unwrap();
    stage.kill().unwrap();
    let repeated = stage.ledger.repeated();
    println!(
        "{} orders, {} refusals, {} requests and {} mails repeated",
        sent.accepted.len(),
        sent.refused,
        repeated.requests,
        repeated.mails
    );
    (repeated.requests, repeated.mails)
}

/// strace lets these calls of the thread that writes the journal fail; `when` counts them.
fn failing(calls: &[(&str, &str, &str)]) -> Start {
    let names: Vec<&str> = calls.iter().map(|(name, ..)| *name).collect();
    let mut arguments = ["-f", "-qq", "-o", "/dev/null", "-e"].map(str::to_owned).to_vec();
    arguments.push(format!("trace={}", names.join(",")));
    for (name, error, when) in calls {
        arguments.extend(["-e".to_owned(), format!("inject={name}:error={error}:when={when}")]);
    }
    Start::Traced(arguments)
}

/// With an empty journal: it is its writer that is to fail, not who makes the file.
fn with_journal() -> Stage {
    let mut stage = Stage::new().unwrap();
    stage.start(&Start::Plainly).unwrap();
    stage.kill().unwrap();
    stage
}

#[test]
fn failed_writes_and_syncs_refuse_the_new_lose_nothing_and_end_by_themselves() {
    if !has_strace() {
        return println!("strace is not installed or may not trace: no system call fails here");
    }
    for calls in [
        // In the middle of a transaction and at its end, for two seconds; then once more.
        &[("pwrite64", "ENOSPC", "60..67")][..],
        &[("fsync", "EIO", "12..19")],
        &[("pwrite64", "EIO", "45..48"), ("fsync", "ENOSPC", "20..23")],
    ] {
        println!("{calls:?}");
        let mut stage = with_journal();
        let load = Load::start(&stage, 4, 2_000, 7);
        stage.start(&failing(calls)).unwrap();
        until("nothing is refused", &stage, &load, || load.refused() > 0);
        until_it_recovers(&stage, &load);
        assert_eq!(finish(&mut stage, load), (0, 0), "{calls:?}: nothing was killed");
    }
}

#[test]
fn a_kill_while_nothing_can_be_written_loses_nothing_that_was_accepted() {
    if !has_strace() {
        return println!("strace is not installed or may not trace: no system call fails here");
    }
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random(seed | 1);
    let mut stage = with_journal();
    let load = Load::start(&stage, 4, 2_000, seed);
    for (name, error) in [("pwrite64", "ENOSPC"), ("fsync", "EIO"), ("pwrite64", "EIO")] {
        let refused = load.refused();
        let first = if name == "pwrite64" { 20 + random.below(100) } else { 4 + random.below(20) };
        stage.start(&failing(&[(name, error, &format!("{first}+"))])).unwrap();
        until("nothing is refused", &stage, &load, || load.refused() > refused);
        thread::sleep(Duration::from_millis(random.below(400)));
        stage.kill().unwrap();
    }
    stage.start(&Start::Plainly).unwrap();
    until_it_recovers(&stage, &load);
    finish(&mut stage, load);
}

/// A small file system of its own; gone with the value.
struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    /// `None`: who runs the tests may not mount one.
    fn mount() -> Option<Disk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        // With room for all orders and the log before them: what is full is so only because of the ballast.
        mount.args(["-t", "tmpfs", "-o", "size=256m", "flow-tests"]).arg(folder.path());
        mount.output().is_ok_and(|output| output.status.success()).then_some(Disk { folder })
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.ballast()).unwrap();
        for size in [1 << 20, 512] {
            let block = vec![0; size];
            while ballast.write_all(&block).is_ok() {}
        }
    }

    fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[test]
fn a_file_system_that_is_full_for_a_while() {
    let Some(disk) = Disk::mount() else {
        return println!("no file system can be mounted here: none is filled");
    };
    let mut stage = Stage::new().unwrap();
    stage.keep_in(disk.path().join("data"));
    // More than can be accepted before it is full: clients go on sending while nothing finishes.
    let load = Load::start(&stage, 4, 2_000, 11);
    stage.start(&Start::Plainly).unwrap();
    until("nothing is accepted", &stage, &load, || load.accepted() > 10);
    disk.fill();
    until("nothing is refused", &stage, &load, || load.refused() > 0);
    disk.fill(); // with what was given back meanwhile
    thread::sleep(Duration::from_secs(1));
    disk.empty();
    until_it_recovers(&stage, &load);
    // Nothing was killed so far.
    assert_eq!((stage.ledger.repeated().requests, stage.ledger.repeated().mails), (0, 0));

    // Killed while the disk is full, and started again on the full disk, which says no and does not end.
    disk.fill();
    let refused = load.refused();
    until("nothing is refused", &stage, &load, || load.refused() > refused);
    stage.kill().unwrap();
    stage.start(&Start::Plainly).unwrap();
    let refused = load.refused();
    until("nothing is refused after a start", &stage, &load, || load.refused() > refused);
    disk.empty();
    until_it_recovers(&stage, &load);
    finish(&mut stage, load);
}
