// Rust nodes that are not written as calls.
flow_macros::flow! {
    workflow screening {}

    flow { start -> judge -> note }

    manual start
    rust judge = crate::judge -> bool
    rust note = |total| total > 100
}

fn main() {}
