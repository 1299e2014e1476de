// A function that takes other types than the node gives.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number, note?: string }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(order_id, total, note) -> bool
}

async fn check(_order_id: u64, _total: f64, _note: String) -> Result<bool, String> {
    Ok(true)
}

fn main() {}
