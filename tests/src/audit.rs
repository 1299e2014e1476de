//! The audit tier: where a workflow's data goes, as a table and as JSON.

use crate::{compile, expect, folder, workflow};
use flow_compiler::audit::Map;

/// # Panics
/// When the workflow is refused, or the map is another.
pub fn test(case: &str) {
    let folder = folder("audit", case);
    let (text, file) = workflow(&folder);
    let found = compile::check(text.as_bytes(), &file);
    let Some(accepted) = found.accepted else { panic!("{case}:\n{}", found.text) };
    let map = Map::new(&accepted.checked.workflow);
    expect(&folder.join("expected.txt"), &map.table(&accepted.sources));
    expect(&folder.join("expected.json"), &format!("{:#}\n", map.json(&accepted.sources)));
}
