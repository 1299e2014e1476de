// A function that gives its value without a `Result`.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total) -> bool
}

async fn check(total: f64) -> bool {
    total > 100.0
}

fn main() {}
