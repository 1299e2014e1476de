// Input in Rust that does not fit the workflow's types.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number, note?: string, paid: "card" | "invoice" }

    flow { start -> charge }

    manual start(Order)
    http charge { POST "https://pay.example/charge", body: { amount: total } }
}

fn main() {
    let _without_a_field = orders::Order { order_id: String::new(), total: 1.0, paid: orders::OrderPaid::Card };
    let _other_types = orders::Order { order_id: 4711, total: 1, note: "fast", paid: orders::OrderPaid::Card };
    let _no_alternative = orders::OrderPaid::Cash;
}
