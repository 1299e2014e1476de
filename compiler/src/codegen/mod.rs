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
mod shape;
mod text;

use crate::plan::Plan;
use files::{Flavour, GeneratedCrate};

pub fn generate(plan: &Plan) -> GeneratedCrate {
    let mut generated = GeneratedCrate::new(plan.workflow.slug.clone(), Flavour { mail: plan.mail });
    generated.add_rust("src/main.rs", main_rs::gen_main_rs(plan));
    generated
}
