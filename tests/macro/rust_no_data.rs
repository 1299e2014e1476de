// A function that gives a type of its own, which is no data of a workflow.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total)
}

struct Verdict {
    _risky: bool,
}

async fn check(total: f64) -> Result<Verdict, String> {
    Ok(Verdict { _risky: total > 100.0 })
}

fn main() {}
