// Of a file that is not there nothing is known, and nothing else is said.
mod flows {
    flow_macros::flow!(pub mod orders, file = "nowhere.flow");
    flow_macros::flow!(file = "broken.json");
}

mod user {
    use crate::flows::orders::{Input, Output, Workflow};

    pub async fn id(workflow: &Workflow, input: Input) -> Option<String> {
        let output: Output = workflow.run(input).await.ok()?;
        output.charge.result.map(|answer| answer.id)
    }
}

fn main() {
    let workflow = flows::orders::Workflow::builder().build().unwrap();
    let _ = user::id(&workflow, flows::orders::Input { a: 1 });
}
