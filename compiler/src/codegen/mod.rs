//! Plan → generated crate.
//!
//! Comes in: a plan. Goes out: a crate in memory.
//! Always true: pure; the same plan gives the same bytes. Codegen decides nothing, reads no file and cannot fail: a panic
//! here is a bug in flowc.

mod expr;
pub mod files;
mod main_rs;
pub mod manifest;
mod module_rs;
mod nodes;
mod openapi;
mod rust;
mod shape;
mod text;
mod types;

use crate::check::Types;
use crate::model::Workflow;
use crate::model::ty::Type;
use crate::plan::Plan;
use crate::plan::rust_types::{RESERVED, RustType, RustTypes, pascal, rust_types};
use crate::source::Span;
use files::{Flavour, GeneratedCrate};
use proc_macro2::{Ident, TokenStream};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// Writing and formatting Rust recurses as deep as the workflow nests, with large frames: the deepest that syntax lets
/// through needs some 4 MiB, and not every thread has that.
const STACK: usize = 64 << 20;

/// What the generated program is for: which `main` of the runtime it calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// `run`, `serve` and the operator's commands.
    Service,
    /// `flowc test`.
    Scenarios,
}

/// On a thread of its own, with a stack that is large enough for every workflow. (Tokens of rustc cannot leave the
/// thread of a macro: whoever expands one calls [`module`].)
pub fn generate(plan: &Plan, entry: Entry) -> GeneratedCrate {
    scope(|scope| {
        let written = Builder::new().stack_size(STACK).spawn_scoped(scope, || write(plan, entry));
        match written {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // No thread to be had: most workflows need none.
            Err(_) => write(plan, entry),
        }
    })
}

/// A module in somebody's crate: what `flow!` expands to.
#[derive(Clone)]
pub struct Module<'a> {
    pub name: Ident,
    /// What stands in front of it: comments, `#[…]`.
    pub attributes: TokenStream,
    /// `pub`, `pub(crate)`, or nothing.
    pub visibility: TokenStream,
    /// What else stands in it.
    pub within: TokenStream,
    /// What rustc shall point at for code that stands for a place of the workflow.
    pub span: &'a dyn Fn(Span) -> proc_macro2::Span,
}

/// The module form, on this thread: tokens of rustc cannot leave it.
pub fn module(plan: &Plan, module: &Module) -> TokenStream {
    module_rs::gen_module(plan, module)
}

/// A module with the same types that can do nothing, for a workflow that was refused: so that rustc has nothing to say about
/// who uses it. What is not known of the workflow is of a type that rustc takes for wrong already, and is silent about.
pub struct StandIn<'a> {
    workflow: &'a Workflow,
    types: RustTypes,
    /// Whether all of its text could be read.
    whole: bool,
    /// Names of types of which nothing is known.
    unknown: Vec<String>,
}

impl<'a> StandIn<'a> {
    /// `wrong`: where something is wrong with it.
    pub fn of(workflow: &'a Workflow, wrong: &[Span]) -> StandIn<'a> {
        let outputs = vec![Type::Json; workflow.nodes.len()];
        let types = Types { input: Type::Json, outputs, arguments: BTreeMap::new() };
        let types = rust_types(workflow, &types, wrong);
        let is_declared = |name: &String| types.declared.iter().any(|declared| declared.name == *name);
        let mut unknown = free(workflow.types.iter().map(|name| pascal(&name.value)));
        unknown.retain(|name| !is_declared(name));
        StandIn { workflow, types, whole: true, unknown }
    }

    /// Of what could be read of a text: nobody knows what else there is. `names` are those of its types.
    pub fn of_part(workflow: &'a Workflow, names: &[String]) -> StandIn<'a> {
        let known = StandIn::of(workflow, &[]);
        let declared = known.types.declared.iter().map(|declared| declared.name.clone());
        let unknown = free(declared.chain(known.unknown).chain(names.iter().map(|name| pascal(name))));
        let types =
            RustTypes { declared: Vec::new(), input: RustType::Unknown, outputs: Vec::new(), calls: BTreeMap::new() };
        StandIn { workflow, types, whole: false, unknown }
    }

    /// Whether [`StandIn::module`] needs to know an error: something is not known.
    pub fn needs_error(&self) -> bool {
        !self.whole || !self.unknown.is_empty() || self.types.knows_not_all()
    }

    /// `error`: a call of `compile_error!`, which is said nowhere else.
    pub fn module(&self, module: &Module, error: &TokenStream) -> TokenStream {
        module_rs::gen_stand_in(self, module, error)
    }
}

/// Each once, without those that the module has anyway.
fn free(names: impl Iterator<Item = String>) -> Vec<String> {
    let names: BTreeSet<String> = names.filter(|name| !RESERVED.contains(&name.as_str()) && name != "Input").collect();
    names.into_iter().collect()
}

/// Where code will stand.
#[derive(Clone, Copy)]
struct Setting<'a> {
    /// How many modules up from that of a node the paths of the author begin.
    depth: usize,
    span: &'a dyn Fn(Span) -> proc_macro2::Span,
}

/// As [`generate`], on this thread.
fn write(plan: &Plan, entry: Entry) -> GeneratedCrate {
    let flavour = Flavour { mail: plan.mail, store: plan.store, otel: false };
    let mut generated = GeneratedCrate::new(plan.workflow.slug.clone(), flavour);
    generated.add_rust("src/main.rs", main_rs::gen_main_rs(plan, entry));
    generated
}
