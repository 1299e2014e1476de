// A function that is not async.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total) -> bool
}

fn check(total: f64) -> Result<bool, String> {
    Ok(total > 100.0)
}

fn main() {}
