//! What `flowc` says to machines and shows to people: the forms of messages, the schema, the picture, inferred schemas.
#![expect(clippy::disallowed_methods, reason = "tests write workflows and start programs")]

mod graph;
mod infer;
mod messages;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a command gave: exit code, standard output, standard error.
type Outcome = (i32, String, String);

/// `flowc` in this folder, in an environment that says nothing about colours or where we are.
fn flowc(folder: &Path, environment: &[(&str, &str)], arguments: &[&str], stdin: &str) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowc"));
    for variable in ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "GITHUB_ACTIONS", "GITHUB_WORKSPACE"] {
        command.env_remove(variable);
    }
    command.args(arguments).current_dir(folder).envs(environment.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A folder of these tests.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/speak").join(name)
}

/// Compares with the file, or writes it when `BLESS=1`.
fn expect(file: &Path, actual: &str) {
    if std::env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        fs::write(file, actual).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    assert!(expected == actual, "{} differs (BLESS=1 rewrites it); it is now:\n{actual}", file.display());
}
