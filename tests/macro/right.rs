// Nothing is said about what is right.
flow_macros::flow! {
    pub mod orders;

    /// Orders
    workflow order-workflow {}

    type Order = { order_id: string, total: number }

    flow { start -> check { result == true -> charge } }

    manual start(Order)
    rust check = crate::check(total) -> bool
    http charge -> { payment_id: string } { POST "https://pay.example/charge", body: { amount: total } }
}

flow_macros::flow!(file = "right.flow");
flow_macros::flow!(pub(crate) mod the_same, file = "right.flow",);

async fn check(total: f64) -> Result<bool, std::io::Error> {
    Ok(total > 100.0)
}

fn main() {
    let order = orders::Order { order_id: String::from("4711"), total: 19.5 };
    let workflow = orders::Workflow::builder().build().unwrap();
    drop(workflow.run(order));
    drop(right::Workflow::builder());
    drop(the_same::Workflow::builder());
}
