// The module is private unless it is called `pub mod`.
mod flows {
    flow_macros::flow! {
        workflow orders {}
        flow { start -> charge }
        manual start
        http charge { POST "https://pay.example/charge" }
    }
}

fn main() {
    let _ = flows::orders::Workflow::builder();
}
