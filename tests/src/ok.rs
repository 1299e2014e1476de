//! The ok tier: if `flowc check` says yes, rustc says yes.

use crate::{compile, folder, workflow};

/// # Panics
/// When the workflow is refused, or rustc refuses what was generated.
pub fn test(case: &str) {
    let (text, file) = workflow(&folder("ok", case));
    let binary = compile::binary(&text, &file);
    assert!(binary.exists());
}
