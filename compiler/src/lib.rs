//! flowc: from the text of a workflow to a native executable.

#[cfg(feature = "cli")]
pub mod build;
pub mod codegen;
pub mod diagnostic;
pub mod source;
pub mod syntax;
