//! The compiled order workflow, killed and starved under load. The long run is `cargo run --release -p flow-tests --bin crash`.

use flow_tests::crash::{Load, Plan, Stage, Start, faketime, has_strace, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What a busy machine may need.
const LIMIT: Duration = Duration::from_secs(120);

fn plan(kills: usize) -> Plan {
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    Plan { kills, clients: 4, unfinished: 24, seed, strace: has_strace(), faketime: None, say_every: 0 }
}

#[test]
fn fifty_kills_lose_nothing_and_repeat_nothing_that_is_known() {
    let report = run(&plan(50)).unwrap();
    println!("{report}");
    assert_eq!(report.kills.values().sum::<usize>(), 50);
    assert!(report.orders > 0);
}

#[test]
fn a_clock_that_jumps_changes_nothing() {
    let Some(library) = faketime() else { return println!("skipped: libfaketime is not installed") };
    let report = run(&Plan { faketime: Some(library), ..plan(12) }).unwrap();
    assert!(report.orders > 0);
}

/// The journal cannot be written for a while: new orders are refused, those under way wait, and all of it goes on by itself.
#[test]
fn failed_writes_and_syncs() {
    if !has_strace() {
        return println!("skipped: strace is not installed or may not trace");
    }
    for (call, error, when) in [("pwrite64", "ENOSPC", "120..124"), ("fdatasync", "EIO", "12..14")] {
        let inject = format!("inject={call}:error={error}:when={when}");
        let arguments = ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject];
        let mut stage = Stage::new().unwrap();
        stage.start(&Start::Traced(arguments.map(str::to_owned).to_vec())).unwrap();
        let load = Load::start(&stage, 4, 24, 7);
        let deadline = Instant::now() + LIMIT;
        while load.refused() == 0 || load.accepted() < 60 {
            assert!(Instant::now() < deadline, "{call}: {} refused, {} accepted", load.refused(), load.accepted());
            std::thread::sleep(Duration::from_millis(20));
            load.check().unwrap();
        }
        finish(&mut stage, load);
    }
}

/// A file system that is really full, and then is not.
#[test]
fn a_full_disk_is_an_answer_and_no_end() {
    let Some(small) = SmallDisk::mount() else { return println!("skipped: nothing may be mounted here") };
    let mut stage = Stage::new().unwrap();
    stage.keep_in(small.folder.path().join("data"));
    stage.start(&Start::Plainly).unwrap();
    let load = Load::start(&stage, 4, 24, 7);
    let wait_for = |what: &str, done: &dyn Fn() -> bool| {
        let deadline = Instant::now() + LIMIT;
        while !done() {
            assert!(Instant::now() < deadline, "no {what}: {} refused, {} accepted", load.refused(), load.accepted());
            std::thread::sleep(Duration::from_millis(20));
            load.check().unwrap();
        }
    };
    wait_for("orders", &|| load.accepted() > 10);
    let filler = small.fill();
    wait_for("refusals", &|| load.refused() > 20);
    fs::remove_file(filler).unwrap();
    let before = load.accepted();
    wait_for("orders afterwards", &|| load.accepted() > before + 20);
    finish(&mut stage, load);
}

/// Everything that was accepted comes to its end, and the journal says so.
fn finish(stage: &mut Stage, load: Load) {
    let sent = load.stop(LIMIT).unwrap();
    stage.ledger.finished(&sent.accepted, LIMIT).unwrap();
    stage.all_completed(&sent.executions).unwrap();
    stage.kill().unwrap();
}

/// Sixteen megabytes of memory as a file system.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path());
        command.output().is_ok_and(|output| output.status.success()).then_some(SmallDisk { folder })
    }

    /// Takes all the room there is.
    fn fill(&self) -> PathBuf {
        let file = self.folder.path().join("filler");
        let mut bytes = 0;
        // Until not even a page is left, whatever the journal takes or gives back meanwhile.
        while append(&file, &[1; 4096]) {
            bytes += 4096;
            assert!(bytes < 64 << 20, "it is never full");
        }
        file
    }
}

fn append(file: &Path, bytes: &[u8]) -> bool {
    use std::io::Write as _;
    let opened = fs::OpenOptions::new().append(true).create(true).open(file);
    opened.and_then(|mut file| file.write_all(bytes)).is_ok()
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
