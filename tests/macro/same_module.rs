// Two workflows of one name in one place.
flow_macros::flow! {
    workflow orders {}
    flow { start -> charge }
    manual start
    http charge { POST "https://pay.example/charge" }
}

flow_macros::flow! {
    workflow orders {}
    flow { start -> ship }
    manual start
    http ship { POST "https://ship.example/ship" }
}

fn main() {}
