//! A whole service in one table, as flowc would generate it: what the tests of the command line start.

mod workflow;

fn main() -> std::process::ExitCode {
    flow_runtime::main(&workflow::WORKFLOW)
}
