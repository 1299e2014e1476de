// A function whose error cannot be shown.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total) -> bool
}

struct Problem;

async fn check(total: f64) -> Result<bool, Problem> {
    if total > 100.0 { Err(Problem) } else { Ok(true) }
}

fn main() {}
