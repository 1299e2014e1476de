//! The harness of the cases: find, run, compare, bless.
//!
//! A test is a folder, of the macro tier a file; adding one never needs new Rust (`build.rs` makes a named `#[test]` of each):
//! - `ui/<case>`: a workflow that is wrong, and the exact text of `flowc check`;
//! - `quiet/<case>`: a workflow about which `flowc check` says nothing at all;
//! - `same/<case>`: a workflow in JSON and as .flow: one model, one generated code;
//! - `audit/<case>`: a workflow, and the map of its data as a table and as JSON;
//! - `diff/<case>`: two versions of a workflow, and what becomes of executions under way;
//! - `ok/<case>`: a workflow without errors, whose generated code rustc accepts;
//! - `codegen/<case>`: a workflow and the exact generated code;
//! - `macro/<case>.rs`: a crate with a `flow!` in it, and the exact words of rustc;
//! - `run/<case>`: a workflow, a world for it to act on ([`case`]), and the exact account of what happened ([`account`]).
//!
//! `BLESS=1 cargo test` rewrites what is expected. A blessed change is read line by line, like code.

pub mod account;
pub mod audit;
pub mod case;
pub mod codegen;
pub mod compile;
pub mod crash;
pub mod diff;
pub mod generate;
pub mod macro_ui;
pub mod ok;
pub mod promise;
pub mod quiet;
pub mod run;
pub mod same;
pub mod ui;

use std::path::{Path, PathBuf};
use std::{env, fs};

/// The folder of a case, such as `run/valid-order`.
pub fn folder(tier: &str, case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(tier).join(case)
}

/// The workflow of the examples, the seed's file.
pub fn order_workflow() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment/workflow.json")
}

/// The workflow of a case and where it stands: `workflow.flow` or `workflow.json` in its folder, or what `of.txt` names.
///
/// # Panics
/// When there is none.
pub fn workflow(folder: &Path) -> (String, PathBuf) {
    let file = match fs::read_to_string(folder.join("of.txt")) {
        Ok(path) => folder.join(path.trim()),
        Err(_) => written(folder),
    };
    let file = file.canonicalize().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    (fs::read_to_string(&file).expect("a workflow is text"), file)
}

/// The workflow of a folder, in whichever dialect it is written.
pub fn written(folder: &Path) -> PathBuf {
    let flow = folder.join("workflow.flow");
    if flow.exists() { flow } else { folder.join("workflow.json") }
}

/// Compares with the file, or writes it when `BLESS=1`.
///
/// # Panics
/// When they differ.
pub fn expect(file: &Path, actual: &str) {
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        fs::create_dir_all(file.parent().expect("a file stands in a folder")).expect("a folder that can be made");
        fs::write(file, actual).expect("a file that can be written");
        return;
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return;
    }
    let same = expected.lines().zip(actual.lines()).take_while(|(expected, actual)| expected == actual).count();
    let line = |text: &str| text.lines().nth(same).map_or_else(|| "(the end)".to_owned(), str::to_owned);
    panic!(
        "{} differs at line {} (BLESS=1 rewrites it):\n  expected: {}\n  actual:   {}\n\nThe whole:\n{actual}",
        file.display(),
        same + 1,
        line(&expected),
        line(actual),
    );
}

#[cfg(test)]
mod cases {
    include!(concat!(env!("OUT_DIR"), "/cases.rs"));
}
