//! The diff tier: two versions of a workflow, and what becomes of executions under way, as text and as JSON.

use crate::{compile, expect, folder};
use flow_compiler::diff::Diff;
use flow_compiler::model::Workflow;
use std::fs;
use std::path::Path;

/// # Panics
/// When a version is refused, or the verdict is another.
pub fn test(case: &str) {
    let folder = folder("diff", case);
    let (old, new) = (version(&folder, "old"), version(&folder, "new"));
    let diff = Diff::new(&old, &new);
    expect(&folder.join("expected.txt"), &diff.text());
    expect(&folder.join("expected.json"), &format!("{:#}\n", diff.json()));
    // Whatever may happen between two versions, nothing happens between one and itself.
    for same in [&old, &new] {
        assert!(!Diff::new(same, same).text().contains("drain"), "{case}: a version against itself");
    }
}

/// In whichever dialect it is written.
fn version(folder: &Path, name: &str) -> Workflow {
    let files = ["flow", "json"].map(|dialect| folder.join(name).with_extension(dialect));
    let file = files.iter().find(|file| file.exists()).unwrap_or_else(|| panic!("no {name} in {}", folder.display()));
    let text = fs::read(file).expect("a workflow can be read");
    let found = compile::check(&text, file);
    let Some(accepted) = found.accepted else { panic!("{}:\n{}", file.display(), found.text) };
    accepted.checked.workflow
}
