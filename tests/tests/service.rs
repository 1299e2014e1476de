//! The service of a hand-written workflow: over real sockets in this process, and as a process of its own.
//!
//! Neither flowc nor rustc stands between these tests and the runtime: what fails here is the runtime's fault.

#[path = "../src/bin/minimal/workflow.rs"]
mod workflow;

mod service {
    mod api;
    mod bounded;
    mod client;
    mod dedupe;
    mod doors;
    mod hostile;
    mod in_process;
    mod openapi;
    mod process;
    #[cfg(unix)]
    mod read_only;
}
