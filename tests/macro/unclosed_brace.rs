// A brace too few: rustc finds it before any macro runs, and shows where it was opened.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge

    manual start
    http charge { POST "https://pay.example/charge" }
}

fn main() {}
