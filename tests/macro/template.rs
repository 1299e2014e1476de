// A mistake inside a text: rustc marks the whole text, the message the place in it.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number }

    flow { start -> charge }

    manual start(Order)
    http charge { POST "https://pay.example/orders/${ordr_id}/charge?total=${total.toFixd(2)}" }
}

fn main() {}
