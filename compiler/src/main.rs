//! The program `flowc`.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// A check makes many small things and forgets them: with the system's allocator a quarter more instructions.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    flow_compiler::cli::run()
}
