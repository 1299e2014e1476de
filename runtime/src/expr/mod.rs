//! JavaScript's operators, methods and globals on values: the one place that knows the semantics.
//!
//! Comes in: [`crate::value::Value`]s. Goes out: a value, or a [`crate::value::Fault`] where JavaScript would throw.
//! Always true: pure; the same arguments give the same value, in the compiler (constant folding) and in a binary.
