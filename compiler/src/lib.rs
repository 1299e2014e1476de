//! flowc: from the text of a workflow to a native executable.
//!
//! ```text
//!  workflow.json ─┐
//!  workflow.flow ─┴ syntax ─► ast ─ lower ─► model ─ check ─► Checked ─ plan ─► Plan
//!                                                                           │
//!                              native binary ◄─ build ─ files ◄─ codegen ───┘
//! ```
//!
//! [`pipeline`] is that line in code, one struct per stage. Everything up to codegen is pure: it opens no file and starts
//! no process. [`catalog`] is the one place that knows the node kinds, `flow_runtime::expr` the one that knows the
//! operators, [`diagnostic::codes`] the one that lists what can be wrong.
#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "tests read cases and write into temporary folders"))]

pub mod pipeline;

pub mod audit;
#[cfg(feature = "cli")]
pub mod build;
pub mod catalog;
pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod codegen;
pub mod diagnostic;
#[cfg(feature = "cli")]
pub mod diff;
pub mod files;
pub mod graph;
#[cfg(feature = "cli")]
pub mod infer;
pub mod model;
pub mod plan;
pub mod source;
pub mod syntax;
