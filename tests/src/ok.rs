//! The ok tier: if `flowc check` says yes, rustc says yes, and has nothing to remark.

use crate::{compile, folder, workflow};

/// # Panics
/// When the workflow is refused, or rustc refuses what was generated or warns of it.
pub fn test(case: &str) {
    let (text, file) = workflow(&folder("ok", case));
    let remarks = compile::remarks(&text, &file);
    assert!(remarks.is_empty(), "rustc remarks on {case}:\n{remarks}");
    compile::compiles(&text, &file);
}
