//! Compares the expression language and the JSON reader with Node.js, on generated cases.
//! `FLOW_ORACLE_CASES=100` tries a hundred times as many as usual. Needs `node` on the PATH, version 20 or later.

mod documents;
mod expressions;
mod node;
mod process;
mod random;
mod split_mix;
mod ugly;
