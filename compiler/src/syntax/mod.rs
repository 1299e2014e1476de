//! Text → AST. Knows spelling only, and never panics on any text.

pub mod ast;
