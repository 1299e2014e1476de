// Two nodes of one name, and a second graph.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge }
    flow { charge -> ship }

    manual start
    http charge { POST "https://pay.example/charge" }
    http ship { POST "https://ship.example/ship" }
    http charge { POST "https://pay.example/charge-again" }
}

fn main() {}
