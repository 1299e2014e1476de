//! The command line of every compiled binary: serve, run, env.

use crate::flow::Workflow;
use std::process::ExitCode;

/// Runs the command line of a compiled workflow.
pub fn main(workflow: &'static Workflow) -> ExitCode {
    let _ = workflow;
    todo!()
}
