// A function that gives another type than the node declares.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }
    type Verdict = { risky: bool }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(input_data) -> Verdict
}

async fn check(order: screening::Order) -> Result<bool, String> {
    Ok(order.total > 100.0)
}

fn main() {}
