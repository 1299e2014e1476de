// A mistake of syntax is the one thing that is said, wherever the workflow is used from.
mod flows {
    flow_macros::flow! {
        pub mod orders;
        workflow orders {}

        type Order = { id: string, currency: "EUR" | "USD" }
        type Item = { sku: string; }

        flow { start -> charge }

        manual start(Order)
        http charge -> { paid: bool } { POST "https://pay.example/charge" }
    }
}

mod user {
    use crate::flows::orders::{Input, Item, Order, OrderCurrency, Workflow};

    pub async fn pay(workflow: &Workflow, item: Item) -> Option<bool> {
        let order = Order { id: item.sku, currency: OrderCurrency::Eur };
        let output = workflow.run(order).await.ok()?;
        output.charge.result.map(|answer| answer.paid)
    }

    pub fn id(order: Input) -> String {
        order.id
    }
}

fn main() {
    let workflow = flows::orders::Workflow::builder().build().unwrap();
    let _ = user::pay(&workflow, flows::orders::Item { sku: String::new() });
    let _ = user::id(flows::orders::Order { id: String::new(), currency: flows::orders::OrderCurrency::Usd });
}
