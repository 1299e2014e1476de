// A field that the input's type does not have.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number }

    flow { start -> charge }

    manual start(Order)
    http charge { POST "https://pay.example/charge", body: { amount: totl, reference: order_id } }
}

fn main() {}
