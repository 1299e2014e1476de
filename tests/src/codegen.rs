//! The codegen tier: generated code, character by character.

use crate::{compile, expect, folder, workflow};

/// # Panics
/// When other code is generated, or the same workflow gives other code the second time.
pub fn test(case: &str) {
    let folder = folder("codegen", case);
    let (text, file) = workflow(&folder);
    let generated = compile::generate(&text, &file);
    assert_eq!(generated.files, compile::generate(&text, &file).files, "the same input gives the same bytes");
    expect(&folder.join("expected/main.rs"), generated.main_rs());
}
