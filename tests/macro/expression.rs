// Expressions outside of quotes: what JavaScript has and flowc does not.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number }

    flow { start -> large -> charge }

    manual start(Order)
    filter large { require: total ** 2 > 100 && typeof order_id == "string" }
    http charge { POST "https://pay.example/charge", body: { amount: Math.rond(total), at: Date.now() } }
}

fn main() {}
