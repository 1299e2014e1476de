//! Plan → generated crate.
//!
//! Comes in: a plan. Goes out: a crate in memory.
//! Always true: pure; the same plan gives the same bytes. Codegen decides nothing, reads no file and cannot fail: a panic
//! here is a bug in flowc.

mod expr;
pub mod files;
mod main_rs;
pub mod manifest;
mod nodes;
mod openapi;
mod shape;
mod text;

use crate::plan::Plan;
use files::{Flavour, GeneratedCrate};
use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// Writing and formatting Rust recurses as deep as the workflow nests, with large frames: the deepest that syntax lets
/// through needs some 4 MiB, and not every thread has that.
const STACK: usize = 64 << 20;

/// On a thread of its own, with a stack that is large enough for every workflow. (Tokens of rustc cannot leave the
/// thread of a macro: whoever expands one calls [`write`].)
pub fn generate(plan: &Plan) -> GeneratedCrate {
    scope(|scope| {
        let written = Builder::new().stack_size(STACK).spawn_scoped(scope, || write(plan));
        match written {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No thread to be had: most workflows need none.
            Err(_) => write(plan),
        }
    })
}

/// As [`generate`], on this thread.
pub fn write(plan: &Plan) -> GeneratedCrate {
    let mut generated = GeneratedCrate::new(plan.workflow.slug.clone(), Flavour { mail: plan.mail, store: plan.store });
    generated.add_rust("src/main.rs", main_rs::gen_main_rs(plan));
    generated
}
