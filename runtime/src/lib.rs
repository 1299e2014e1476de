//! What a compiled workflow links.
//!
//! Comes in: the constant tables and pure functions that `flowc` generates for one workflow (see [`flow`]).
//! Goes out: a native executable that serves webhooks, runs executions and answers for what it did.
//! Always true: this crate's API towards generated code is concrete. No generic parameter, no `async`, no derive
//! crosses the seam, so nothing of tokio, hyper, reqwest or lettre is compiled again for a workflow.
//!
//! Without features only the pure part is built: values, the expression language and the engine's state machine.
//! The compiler links that part to fold constants with the very functions that run later.

pub mod engine;
pub mod expr;
pub mod flow;
pub mod node;
pub mod render;
pub mod scope;
pub mod upgrade;
pub mod value;

#[cfg(feature = "service")]
mod app;
#[cfg(feature = "service")]
pub mod audit;
#[cfg(feature = "service")]
pub mod embed;
#[cfg(feature = "env")]
pub mod env;
#[cfg(feature = "service")]
mod file;
#[cfg(feature = "service")]
pub mod journal;
#[cfg(feature = "service")]
pub mod log;
#[cfg(feature = "service")]
pub mod metrics;
#[cfg(feature = "service")]
pub mod observe;
#[cfg(feature = "otel")]
mod otel;
#[cfg(feature = "env")]
pub mod out;
#[cfg(feature = "service")]
pub mod scenario;
#[cfg(feature = "service")]
pub mod secret;
#[cfg(feature = "service")]
pub mod server;
#[cfg(feature = "service")]
pub mod trace;
#[cfg(feature = "service")]
pub mod trigger;

#[cfg(feature = "service")]
pub use app::main;
pub use node::transform;

/// An execution makes hundreds of allocations, many of them made by one thread and freed by another.
#[cfg(feature = "program")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
