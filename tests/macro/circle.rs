// A node that waits for itself.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge -> ship -> charge }

    manual start
    http charge { POST "https://pay.example/charge" }
    http ship { POST "https://ship.example/ship" }
}

fn main() {}
