//! `flow!`: a workflow inside Rust code.
//!
//! ```text
//! tokens ─ call ─► what is asked for ─ text ─► source ─ flow_compiler's own line, up to codegen ─► tokens
//!                                        │                                      │
//!                                        └── which token stands where ──────────┴─ report ─► errors at those tokens
//! ```
//!
//! Comes in: the text of a workflow as tokens, or the name of a file. Goes out: a module (see [`flow!`]).
//! Always true: there is no second compiler here. Files are read by this crate alone: the one the macro stands in, the
//! workflow's, and those beside it; each that was read is a dependency of the crate, so a change of it compiles anew.

mod call;
mod expand;
mod files;
mod report;
mod span;

/// A workflow as a module of this crate.
///
/// ```text
/// flow_macros::flow! {
///     pub mod orders;                           // optional: the module's name and who may use it
///
///     workflow order-fulfillment { retries: 3 }
///     type Order = { order_id: string, total: number }
///     flow { start -> charge }
///     manual start(Order)
///     http charge { POST "${PAYMENT_API_URL}/charge", body: { amount: total } }
/// }
///
/// flow_macros::flow!(file = "order.flow");      // also .json; beside the file that this stands in, or in the crate
/// flow_macros::flow!(pub mod orders, file = "flows/order.flow");
/// ```
///
/// The module is called like the workflow (`order_fulfillment`) and is private, unless `mod` says otherwise; comments and
/// attributes in front of `mod` are its own. It holds
///
/// - `Input` and `Output`, and the structs and enums of the workflow's types;
/// - `Workflow`: `orders::Workflow::builder().build()?.run(input).await?`. What it can do is documented at
///   `flow_runtime::embed::Workflow`.
///
/// The crate has to depend on `flow-runtime` with the feature `service` (and `mail`, where the workflow sends mail).
///
/// What is wrong with the workflow is an error at the tokens it concerns; what `flowc check` warns of is a warning there (a
/// use of something deprecated, which is the one kind of warning that a macro can give): `allow` in the workflow accepts it,
/// `#[allow(deprecated)]` in front of `mod` all of them.
#[proc_macro]
pub fn flow(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::expand(input.into()).into()
}
