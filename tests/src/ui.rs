//! The ui tier: what is wrong, in exactly these words.

use crate::{compile, expect, folder, written};
use std::fs;

/// # Panics
/// When `flowc check` says something else, or nothing.
pub fn test(case: &str) {
    let folder = folder("ui", case);
    let file = written(&folder);
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let found = compile::check(&bytes, &file);
    assert!(!found.codes.is_empty(), "{case}: nothing was found");
    expect(&folder.join("expected.txt"), &found.text);
}
