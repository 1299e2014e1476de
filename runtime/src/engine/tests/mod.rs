//! The state machine against a small world.
//!
//! [`truth_table`] plays the cases every user knows; [`properties`] plays random workflows and compares each step with
//! [`model`], which knows no state and computes everything anew from the whole history.

mod model;
mod properties;
mod rules;
mod simulation;
mod truth_table;
mod upgrades;
