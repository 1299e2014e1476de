// A path that is written without `crate::`, and a function that is private.
flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check -> judge }

    manual start(Order)
    rust check = frauds::check(total) -> bool
    rust judge = fraud::judge(total) -> bool
}

mod fraud {
    async fn judge(total: f64) -> Result<bool, String> {
        Ok(total > 100.0)
    }
}

fn main() {}
