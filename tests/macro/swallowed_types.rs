// A type that nothing declares is the one thing that is said, wherever the workflow is used from.
mod flows {
    flow_macros::flow! {
        pub mod orders;
        workflow orders {}

        type Order = { id: strng, lines: [Lin], inner: { a: int } }

        flow { start -> charge -> tell }

        manual start(Order)
        http charge -> { paid: bol } { POST "https://pay.example/charge" }
        lambda tell -> { told: bool } { POST "https://pay.example/tell" }
    }
}

mod user {
    use crate::flows::orders::{Order, OrderInner, Workflow};

    pub async fn pay(workflow: &Workflow) -> Option<bool> {
        let order = Order { id: String::new(), lines: vec![1], inner: OrderInner { a: 1 } };
        let output = workflow.run(order).await.ok()?;
        output.tell.result?;
        output.charge.result.map(|answer| answer.paid)
    }
}

fn main() {
    let workflow = flows::orders::Workflow::builder().build().unwrap();
    let _ = user::pay(&workflow);
    let take = |order: flows::orders::Order| -> i64 { order.id.parse().unwrap() };
    let _ = take;
}
