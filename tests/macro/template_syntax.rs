// A template that cannot be read, and one that is never closed.
flow_macros::flow! {
    workflow orders {}

    flow { start -> charge -> ship }

    manual start
    http charge { POST "https://pay.example/charge", body: { text: "Order ${order_id ||}" } }
    http ship { POST "https://ship.example/ship", body: { text: "Order ${order_id" } }
}

fn main() {}
