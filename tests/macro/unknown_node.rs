// An edge to a node that does not exist.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number }

    flow { start -> chrage }

    manual start(Order)
    http charge { POST "https://pay.example/charge", body: { amount: total } }
}

fn main() {}
