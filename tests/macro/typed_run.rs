// A workflow that is started with something else than its input, and whose output is read in a wrong way.
flow_macros::flow! {
    workflow orders {}

    type Order = { order_id: string, total: number }

    flow { start -> charge }

    manual start(Order)
    http charge -> { payment_id: string } { POST "https://pay.example/charge", body: { amount: total } }
}

async fn _run(workflow: orders::Workflow) {
    let _ = workflow.run("4711").await;
}

fn _read(output: orders::Output) {
    let _: String = output.ship.result;
    let _: String = output.charge.result.payment_id;
}

fn main() {}
