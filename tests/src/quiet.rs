//! The quiet tier: nothing is wrong, and nothing is said. Near misses of what the checker looks for.

use crate::{compile, folder, written};
use std::fs;

/// # Panics
/// When `flowc check` finds anything.
pub fn test(case: &str) {
    let file = written(&folder("quiet", case));
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let found = compile::check(&bytes, &file);
    assert!(found.codes.is_empty(), "{case}: a false alarm\n{}", found.text);
}
