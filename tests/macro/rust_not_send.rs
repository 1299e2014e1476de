// A function whose future cannot move between threads.
use std::rc::Rc;

flow_macros::flow! {
    workflow screening {}

    type Order = { order_id: string, total: number }

    flow { start -> check }

    manual start(Order)
    rust check = crate::check(total) -> bool
}

async fn check(total: f64) -> Result<bool, String> {
    let limit = Rc::new(100.0);
    std::future::ready(()).await;
    Ok(total > *limit)
}

fn main() {}
