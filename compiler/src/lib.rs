//! flowc: from the text of a workflow to a native executable.

pub mod codegen;
pub mod diagnostic;
pub mod source;
pub mod syntax;
