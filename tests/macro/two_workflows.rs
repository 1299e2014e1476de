// Each of two workflows with a mistake: both are said, and what uses them is not complained about as well.
flow_macros::flow! {
    workflow orders {}
    type Order = { order_id: string }
    flow { start -> charge }
    manual start(Order)
    http charge { POST "https://pay.example/${ordr_id}" }
}

flow_macros::flow! {
    workflow returns {}
    flow { start -> refund }
    manual start
    http refund { PSOT "https://pay.example/refund" }
}

fn main() {
    let order = orders::Order { order_id: String::from("4711") };
    let workflow = orders::Workflow::builder().build().unwrap();
    drop(workflow.run(order));
    drop(returns::Workflow::builder().env("A", "b").build());
}
