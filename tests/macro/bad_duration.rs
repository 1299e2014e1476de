// Durations in a unit that there is none of, and as text.
flow_macros::flow! {
    workflow orders { timeout: 10min }

    flow { start -> charge -> ship }

    manual start
    http charge { POST "https://pay.example/charge", timeout: 45sec }
    http ship { POST "https://ship.example/ship", timeout: "30s" }
}

fn main() {}
