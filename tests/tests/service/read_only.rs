//! A journal for somebody who may read it and write nothing: of another user, in a folder that takes no files.

use super::client::send;
use super::process::{SECRET, Serving, program};
use flow_world::process::install;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Everybody may write into a folder: others own the files in it.
const OPEN: u32 = 0o777;
const SEALED: u32 = 0o555;
/// For root permissions do not count: then the reader is somebody else.
const NOBODY: u32 = 65_534;

/// With everything that means something in a URI.
const NAME: &str = "a folder?#%41&é";

/// A folder, and a program in it that whoever reads may start.
struct Folder {
    folder: TempDir,
    program: PathBuf,
}

impl Folder {
    fn new() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let program = folder.path().join("minimal");
        install(Path::new(env!("CARGO_BIN_EXE_minimal")), &program).unwrap();
        Folder { folder, program }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join(NAME)
    }

    /// From now on others may read what is in it.
    fn shown(&self, mode: u32) {
        for entry in fs::read_dir(self.data()).unwrap() {
            fs::set_permissions(entry.unwrap().path(), Permissions::from_mode(0o444)).unwrap();
        }
        fs::set_permissions(self.data(), Permissions::from_mode(mode)).unwrap();
    }

    fn read(&self, arguments: &[&str]) -> Output {
        self.read_at(arguments, &self.data())
    }

    fn read_at(&self, arguments: &[&str], data: &Path) -> Output {
        let mut command = Command::new(&self.program);
        command.env_clear().args(arguments).arg("--data").arg(data).current_dir(self.folder.path());
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }

    fn files(&self) -> usize {
        fs::read_dir(self.data()).unwrap().count()
    }
}

/// A folder that takes no files cannot be removed either.
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::set_permissions(self.data(), Permissions::from_mode(OPEN));
    }
}

/// One execution, and a process that has ended in order.
fn run(data: &Path) {
    let input = data.parent().unwrap().join("order.json");
    fs::write(&input, r#"{"order_id": "A-1"}"#).unwrap();
    let output = program().arg("run").arg("--data").arg(data).arg("--input").arg(&input).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn reads(folder: &Folder) {
    let files = folder.files();
    for (command, data) in [("executions", folder.data()), ("export", PathBuf::from(NAME))] {
        let output = folder.read_at(&[command], &data);
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{command}: {stderr}");
        assert!(stdout.contains("exec-") && stdout.contains("completed"), "{command}: {stdout}");
        let id = &stdout[stdout.find("exec-").unwrap()..][..37];
        let cancelled = folder.read(&["cancel", id]);
        assert_eq!(cancelled.status.code(), Some(1), "it has ended");
    }
    assert_eq!(folder.files(), files, "nothing is left beside it");
}

#[test]
fn a_journal_that_was_closed_is_read_where_nothing_can_be_written() {
    for mode in [SEALED, OPEN] {
        let folder = Folder::new();
        run(&folder.data());
        folder.shown(mode);
        reads(&folder);
    }
}

#[test]
fn so_is_a_copy_of_one_that_a_service_has_open() {
    let folder = Folder::new();
    let source = tempfile::tempdir().unwrap();
    let serving = Serving::of(program().env("FLOW_API_KEYS", "key"), &["--data", source.path().to_str().unwrap()]);
    let post = |body| send(serving.address, "POST", "/api/v1/flows/execute", &[("Authorization", "Bearer key")], body);
    let answer = post(br#"{"input_variables": {"order_id": "A-1"}, "wait": true}"#);
    assert_eq!(answer.body["status"], "completed", "{}", answer.body);
    let journal = rusqlite::Connection::open(source.path().join("journal.db")).unwrap();
    let copy = folder.data().join("journal.db");
    fs::create_dir(folder.data()).unwrap();
    // As SQLite's own backup makes it, and as `VACUUM INTO` does: that one has no log.
    journal.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    fs::copy(source.path().join("journal.db"), &copy).unwrap();
    folder.shown(OPEN);
    reads(&folder);
    fs::remove_file(&copy).unwrap();
    journal.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    folder.shown(OPEN);
    reads(&folder);
}

#[test]
fn one_that_was_not_closed_needs_a_folder_that_can_be_written() {
    let folder = Folder::new();
    let source = tempfile::tempdir().unwrap();
    let serving = Serving::of(&mut program(), &["--data", source.path().to_str().unwrap(), "--allow-ip", "any"]);
    assert_eq!(send(serving.address, "POST", "/webhooks/open-webhook", &[], br#"{"order_id": "A-1"}"#).status, 200);
    drop(serving); // SIGKILL
    fs::create_dir(folder.data()).unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        fs::copy(source.path().join(name), folder.data().join(name)).unwrap();
    }
    folder.shown(SEALED);
    let output = folder.read(&["executions"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("was not closed") && stderr.contains("folder that can be written"), "{stderr}");
    assert!(!stderr.contains(SECRET), "{stderr}");
}
