// A function that takes more than the node gives.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total) -> bool
}

async fn check(total: f64, limit: f64) -> Result<bool, String> {
    Ok(total > limit)
}

fn main() {}
